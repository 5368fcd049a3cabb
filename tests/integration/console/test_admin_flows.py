"""Flows are drawn as plain forms, without scripts: nothing that was typed is lost."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone

from conversations.actors import Actor
from conversations.models import Contact, Conversation, Event, Message
from routing.models import Flow, FlowRun
from routing.services import flow_runs, flows
from routing.services.flows import Head
from teams.models import Role
from tests.console import sign_in
from tests.doors import customer_writes
from tests.factories import (
    make_administrator,
    make_agent,
    make_channel,
    make_flow,
    make_supervisor,
    make_team,
)
from tests.integration.console.flow_forms import fields_of
from tests.moments import WEDNESDAY_MORNING as MORNING
from tests.settle import settle

pytestmark = pytest.mark.django_db

ASK = {"name": "ask", "kind": "question", "text": {"": "Which order?"}, "answer_as": "order"}
BYE = {"name": "bye", "kind": "message", "text": {"": "Bye!"}}
JUMP = {"name": "back", "kind": "go_to", "next": "ask"}


@pytest.fixture
def sara():
    return make_supervisor(name="Sara")


@pytest.fixture
def desk(sara):
    return sign_in(sara)


def draw(*steps, name="Refunds", **head):
    given = Head(name, head.pop("trigger", "any_message"), **head)
    return flows.create(given, document={"steps": list(steps)}, author=None, now=MORNING)


def page_of(flow):
    return reverse("admin:routing_flow_change", args=[flow.pk])


def send(desk, flow, act="save", **changes):
    """Open the page, change some fields, and press a button."""
    sent = {**fields_of(desk.get(page_of(flow)).content), "act": act}
    for name, value in changes.items():
        sent[name.replace("__", "-")] = value
    return desk.post(page_of(flow), sent)


def conversation_page(run):
    return reverse("admin:conversations_conversation_change", args=[run.conversation_id])


def draft(flow):
    flow.refresh_from_db()
    return flow.draft["steps"]


def names(flow):
    return [step["name"] for step in draft(flow)]


class TestANewFlow:
    def test_begins_with_its_head_and_leads_to_its_steps(self, desk):
        add = reverse("admin:routing_flow_add")
        assert desk.get(add).status_code == 200
        answer = desk.post(add, {"name": "Hours", "trigger": "contains", "words": "open, 営業"})
        flow = Flow.objects.get()
        assert answer.url == page_of(flow)
        assert (flow.words, flow.draft) == (["open", "営業"], {"steps": []})

    def test_comes_back_as_it_was_typed_if_something_is_missing(self, desk):
        add = reverse("admin:routing_flow_add")
        page = desk.post(
            add, {"name": "Hours", "trigger": "contains", "words": ""}
        ).content.decode()
        assert "Say which words start it." in page
        assert 'value="Hours"' in page
        assert not Flow.objects.exists()


class TestThePage:
    def test_changes_nothing_when_it_is_saved_as_it_is(self, desk):
        team = str(make_team(name="Support").public_id)
        steps = [
            {
                "name": "refund?",
                "kind": "condition",
                "paths": [
                    {
                        "name": "yes",
                        "conditions": [
                            {"field": "message.text", "operator": "contains", "value": "refund"},
                            {"field": "contact.attribute.plan", "operator": "is_set", "value": ""},
                        ],
                        "next": "bye",
                    }
                ],
                "otherwise": "to Support",
            },
            {**ASK, "accepts": "choice", "choices": ["one", "two"], "on_failed": "bye"},
            {"name": "note", "kind": "update_contact", "attributes": {"plan": "gold"}},
            {**BYE, "text": {"": "Bye!", "ja": "では"}, "wait": True, "buttons": ["yes", "no"]},
            {"name": "later", "kind": "delay", "seconds": 5400},
            JUMP,
            {"name": "to Support", "kind": "team", "team": team, "contact_tags": ["a", "b"]},
            {"name": "over", "kind": "end"},
        ]
        flow = draw(*steps)
        before = draft(flow)
        assert send(desk, flow).status_code == 302
        assert draft(flow) == before

    def test_names_every_problem_with_a_link_to_its_step(self, desk):
        flow = draw({"name": "jump", "kind": "go_to", "next": "nowhere"}, BYE)
        page = desk.get(page_of(flow)).content.decode()
        assert "2 problems keep it from being published" in page
        assert "It goes on to “nowhere”, and there is no such step." in page
        assert 'href="#step-1"' in page
        assert re.search(r'id="step-2"\s+open', page)

    def test_leaves_steps_that_are_right_closed(self, desk):
        page = desk.get(page_of(draw(BYE))).content.decode()
        assert not re.search(r'id="step-1"\s+open', page)
        assert "keeps it from" not in page

    def test_is_not_for_agents(self):
        alice = sign_in(make_agent(name="Alice", role=Role.AGENT))
        assert alice.get(page_of(draw(BYE))).status_code in (302, 403)


class TestTheButtons:
    @pytest.mark.parametrize(
        ("act", "after"),
        [
            ("up-1", ["bye", "ask", "back"]),
            ("down-1", ["ask", "back", "bye"]),
            ("up-0", ["ask", "bye", "back"]),
            ("insert-0", ["ask", "Step 2", "bye", "back"]),
            ("duplicate-0", ["ask", "ask 2", "bye", "back"]),
            ("delete-1", ["ask", "back"]),
            ("delete-99", ["ask", "bye", "back"]),
            ("dance-1", ["ask", "bye", "back"]),
        ],
    )
    def test_rearrange_the_steps_and_save_what_was_typed(self, desk, act, after):
        flow = draw(ASK, BYE, JUMP)
        send(desk, flow, act, steps__2__name="back")
        assert names(flow) == after

    def test_lead_back_to_the_step(self, desk):
        flow = draw(ASK, BYE)
        assert send(desk, flow, "insert-0").url == f"{page_of(flow)}?step=2#step-2"
        page = desk.get(f"{page_of(flow)}?step=2").content.decode()
        assert re.search(r'id="step-2"\s+open', page)

    def test_add_a_path(self, desk):
        flow = draw({"name": "c", "kind": "condition"})
        changes = {"steps-0-paths-0-name": "yes", "steps-0-paths-0-conditions-0-value": "refund"}
        send(desk, flow, "path-0", **changes)
        (step,) = draft(flow)
        assert [path["name"] for path in step["paths"]] == ["yes", ""]
        assert step["paths"][0]["conditions"][0]["value"] == "refund"


class TestAStep:
    def test_that_is_renamed_stays_where_others_go(self, desk):
        flow = draw(ASK, JUMP)
        send(desk, flow, steps__0__name="ask for it")
        assert draft(flow)[1]["next"] == "ask for it"

    def test_that_is_deleted_leaves_a_problem_where_others_went(self, desk):
        flow = draw(ASK, BYE, JUMP)
        send(desk, flow, "delete-0")
        page = desk.get(page_of(flow)).content.decode()
        assert "It goes on to “ask”, and there is no such step." in page
        assert draft(flow)[1]["next"] == "ask"

    def test_of_another_kind_says_what_was_left_out(self, desk):
        flow = draw(BYE)
        answer = send(desk, flow, steps__0__kind="delay")
        page = desk.get(answer.url).content.decode()
        assert "Step 1 is of the kind “Delay” now. Left out: Text." in page
        assert draft(flow)[0]["kind"] == "delay"

    def test_keeps_what_both_kinds_have(self, desk):
        flow = draw(BYE)
        send(desk, flow, steps__0__kind="question")
        assert draft(flow)[0]["text"] == {"": "Bye!"}

    def test_speaks_another_language(self, desk):
        flow = draw(BYE)
        send(desk, flow, **{"steps-0-text-1-language": "ja", "steps-0-text-1-text": "では"})
        assert draft(flow)[0]["text"] == {"": "Bye!", "ja": "では"}

    def test_adds_tags_unless_somebody_says_replace(self, desk):
        team = str(make_team(name="Support").public_id)
        flow = draw({"name": "t", "kind": "team", "team": team})
        send(desk, flow, steps__0__contact_tags="vip, 常連")
        assert (draft(flow)[0]["contact_tags"], draft(flow)[0]["tags_mode"]) == (
            ["vip", "常連"],
            "add",
        )
        send(desk, flow, steps__0__tags_mode="replace")
        assert draft(flow)[0]["tags_mode"] == "replace"


class TestWhatCannotBeKept:
    def test_comes_back_as_it_was_typed(self, desk):
        flow = draw(ASK)
        answer = send(
            desk,
            flow,
            steps__0__attempts="many",
            steps__0__timeout_s_0="a while",
            steps__0__answer_as="my order!",
        )
        page = answer.content.decode()
        assert answer.status_code == 200
        assert "Not saved yet" in page
        for typed in ("many", "a while", "my order!"):
            assert f'value="{typed}"' in page
        assert "This is not a whole number." in page
        assert draft(flow) == draw(ASK, name="other").draft["steps"]

    def test_comes_back_with_the_button_done(self, desk):
        flow = draw(ASK, BYE)
        page = send(desk, flow, "up-1", steps__0__attempts="many").content
        sent = fields_of(page)
        assert (sent["steps-0-name"], sent["steps-1-attempts"]) == ("bye", "many")

    def test_is_a_condition_that_nobody_understands(self, desk):
        flow = draw({"name": "c", "kind": "condition"})
        page = send(
            desk,
            flow,
            **{
                "steps-0-paths-0-name": "late",
                "steps-0-paths-0-conditions-0-field": "time.of_day",
                "steps-0-paths-0-conditions-0-operator": "gt",
                "steps-0-paths-0-conditions-0-value": "noon",
            },
        ).content.decode()
        assert "A time is written like 09:00" in page
        assert 'value="noon"' in page

    def test_is_a_head_without_a_name(self, desk):
        flow = draw(BYE)
        page = send(desk, flow, name="", steps__0__name="good bye").content
        assert fields_of(page)["steps-0-name"] == "good bye"
        assert names(flow) == ["bye"]

    def test_is_what_somebody_else_changed_meanwhile(self, desk):
        flow = draw(BYE)
        seen = fields_of(desk.get(page_of(flow)).content)
        flows.save_draft(flow, document={"steps": [ASK]}, author=None, now=MORNING)
        answer = desk.post(page_of(flow), {**seen, "steps-0-name": "mine", "act": "save"})
        assert "Somebody else changed “Refunds” while you did." in answer.content.decode()
        assert names(flow) == ["ask"]
        again = {**fields_of(answer.content), "act": "save"}
        assert desk.post(page_of(flow), again).status_code == 302
        assert names(flow) == ["mine"]


class TestPublishing:
    def test_shows_what_is_different_and_puts_it_in_force(self, desk, sara):
        flow = draw(BYE)
        publish = reverse("admin:routing_flow_publish", args=[flow.pk])
        assert send(desk, flow, "publish").url == publish
        desk.post(publish, fields_of(desk.get(publish).content, "") | {"seen": 2, "note": "First"})
        flow.refresh_from_db()
        assert (flow.published.number, flow.is_active, flow.published.published_by) == (
            1,
            True,
            sara,
        )
        send(desk, flow, **{"steps-0-text-0-text": "Good bye!"})
        page = desk.get(publish).content.decode()
        assert "<del>Bye!</del>" in page
        assert "<ins>Good bye!</ins>" in page

    def test_is_refused_with_every_problem(self, desk):
        flow = draw(JUMP, {"name": "t", "kind": "team"})
        publish = reverse("admin:routing_flow_publish", args=[flow.pk])
        page = desk.get(publish).content.decode()
        for problem in ("there is no such step", "it is never reached", "Choose a team."):
            assert problem in page
        assert "What is new, for your colleagues" not in page
        desk.post(publish, {"seen": flow.draft_number})
        flow.refresh_from_db()
        assert flow.published is None

    def test_is_refused_if_the_draft_is_another_by_now(self, desk):
        flow = draw(BYE)
        publish = reverse("admin:routing_flow_publish", args=[flow.pk])
        flows.save_draft(flow, document={"steps": [ASK]}, author=None, now=MORNING)
        desk.post(publish, {"seen": 1})
        flow.refresh_from_db()
        assert flow.published is None

    def test_can_be_gone_back_from(self, desk):
        flow = draw(BYE)
        flows.publish(flow, author=None, now=MORNING)
        flows.save_draft(flow, document={"steps": [ASK]}, author=None, now=MORNING)
        flows.publish(flow, author=None, now=MORNING)
        versions = desk.get(reverse("admin:routing_flow_versions", args=[flow.pk]))
        assert "Version 2" in versions.content.decode()
        desk.post(reverse("admin:routing_flow_restore", args=[flow.pk, 1]))
        assert names(flow) == ["bye"]
        assert flow.published.number == 2


class TestTheList:
    def test_says_what_state_a_flow_is_in(self, desk):
        _drawn, live, newer = (draw(BYE, name=name) for name in ("Drawn", "Live", "Newer"))
        for flow in (live, newer):
            flows.publish(flow, author=None, now=MORNING)
        flows.save_draft(newer, document={"steps": [ASK]}, author=None, now=MORNING)
        page = desk.get(reverse("admin:routing_flow_changelist")).content.decode()
        for state in ("Draft", "Published v1", "Published v1, draft newer"):
            assert f">{state}</span>" in page

    def test_moves_flows_and_switches_them(self, desk):
        first, second = draw(BYE, name="First"), draw(BYE, name="Second")
        desk.post(reverse("admin:routing_flow_up", args=[second.pk]))
        assert list(Flow.objects.values_list("name", flat=True)) == ["Second", "First"]
        flows.publish(first, author=None, now=MORNING)
        desk.post(reverse("admin:routing_flow_switch", args=[first.pk]))
        first.refresh_from_db()
        assert not first.is_active

    def test_asks_as_often_for_many_as_for_few(self, desk, django_assert_max_num_queries):
        for number in range(12):
            flows.publish(draw(BYE, name=f"Flow {number}"), author=None, now=MORNING)
        with django_assert_max_num_queries(24):
            desk.get(reverse("admin:routing_flow_changelist"))


@pytest.fixture
def channel():
    return make_channel(name="WhatsApp Tokyo")


class TestTrying:
    @pytest.fixture
    def flow(self, channel):
        team = str(make_team(name="Support").public_id)
        yes = {"field": "message.text", "operator": "contains", "value": "refund"}
        return draw(
            {
                "name": "refund?",
                "kind": "condition",
                "paths": [{"name": "yes", "conditions": [yes]}],
                "otherwise": "to Support",
            },
            {**ASK, "accepts": "number", "timeout_s": 3600, "on_timeout": "to Support"},
            {"name": "thanks", "kind": "message", "text": {"": "Thanks for {{order}}."}},
            {"name": "to Support", "kind": "team", "team": team, "contact_tags": ["refund"]},
        )

    def try_it(self, desk, flow, **posted):
        address = reverse("admin:routing_flow_try", args=[flow.pk])
        if posted:
            assert desk.post(address, posted).status_code == 302
        return desk.get(address).content.decode()

    def test_talks_step_by_step_and_marks_where_it_stands(self, desk, flow):
        page = self.try_it(desk, flow, text="I want a refund")
        assert "Which order?" in page
        assert re.search(r'href="[^"]*#step-2" aria-current="step"', page)
        page = self.try_it(desk, flow, text="many")
        assert "“many” is not an answer to this." in page
        page = self.try_it(desk, flow, text="4711")
        assert "Thanks for 4711." in page
        assert "Support gets the conversation." in page
        assert '<dt class="mono">order</dt><dd>4711</dd>' in page
        assert '<span class="tag">refund</span>' in page

    def test_lets_the_time_pass(self, desk, flow):
        page = self.try_it(desk, flow, text="refund")
        assert "Let 1 h pass without an answer" in page
        page = self.try_it(desk, flow, wait="1")
        assert "did not answer in time" in page
        assert "Support gets the conversation." in page

    def test_begins_again_as_another_customer(self, desk, flow, channel):
        self.try_it(desk, flow, text="refund")
        who = {"again": "1", "channel": channel.pk, "language": "ja", "properties": "plan=gold"}
        page = self.try_it(desk, flow, **who)
        assert '<dt class="mono">plan</dt><dd>gold</dd>' in page
        assert "Write what a customer would write first." in page

    def test_writes_no_row(self, desk, flow):
        self.try_it(desk, flow, text="refund")
        self.try_it(desk, flow, text="4711")
        for model in (Conversation, Contact, Message, FlowRun, Event):
            assert not model.objects.exists(), model

    def test_begins_anew_where_the_draft_changed(self, desk, flow):
        self.try_it(desk, flow, text="refund")
        flows.save_draft(flow, document={"steps": [BYE]}, author=None, now=MORNING)
        assert "Which order?" not in self.try_it(desk, flow)


class TestARun:
    @pytest.fixture
    def run(self, channel):
        flow = make_flow(steps=[ASK], channels=(channel,))
        customer_writes(channel, "hello")
        settle(now=timezone.now())
        return FlowRun.objects.get(flow=flow)

    @pytest.fixture
    def ada(self):
        return sign_in(make_administrator())

    def test_shows_what_it_did(self, ada, run):
        page = ada.get(reverse("admin:routing_flowrun_change", args=[run.pk])).content.decode()
        assert "“ask”: the customer was asked." in page
        listed = ada.get(reverse("admin:routing_flowrun_changelist")).content.decode()
        assert "Waiting" in listed

    def test_stands_on_the_page_of_its_conversation(self, ada, run):
        held = ada.get(conversation_page(run)).content.decode()
        link = f'href="{reverse("admin:routing_flowrun_change", args=[run.pk])}"'
        assert f"In a flow</span> <b><a {link}>Welcome</a>" in held
        assert f"<a {link}>Welcome v1</a>" in held

        flow_runs.stop(run, actor=Actor.system(), now=timezone.now())
        after = ada.get(conversation_page(run)).content.decode()
        assert "In a flow</span>" not in after
        assert f"<a {link}>Welcome v1</a>" in after
        assert "Somebody stopped it" in after

    def test_ends_where_somebody_lets_people_go_on(self, ada, run):
        page = ada.get(conversation_page(run)).content.decode()
        assert "Let people go on" in page
        assert "Reopen" not in page
        args = [run.conversation_id]
        address = reverse("admin:conversations_conversation_to-people", args=args)
        answer = ada.post(address, follow=True).content.decode()
        assert "The bot is silent." in answer
        assert "Let people go on" not in answer
        settle(now=timezone.now())
        run.refresh_from_db()
        assert (run.status, run.problem) == ("canceled", "taken")
        again = ada.post(address, follow=True).content.decode()
        assert "Nothing was changed" in again

    def test_is_listed_by_its_conversation_and_its_customer(self, ada, run):
        for key, value in (
            ("conversation", run.conversation_id),
            ("conversation__contact", run.conversation.contact_id),
        ):
            address = f"{reverse('admin:routing_flowrun_changelist')}?{key}__id__exact={value}"
            assert "1 row" in ada.get(address).content.decode()

    def test_is_stopped_and_people_go_on(self, ada, run):
        ada.post(reverse("admin:routing_flowrun_stop", args=[run.pk]))
        run.refresh_from_db()
        assert (run.status, run.problem) == ("canceled", "stopped")
        assert run.conversation.status != "bot"

    def test_counts(self, ada, run):
        page = ada.get(page_of(run.flow)).content.decode()
        assert re.search(r"live=1\">1</a>", page)
        assert "1 conversation is in version 1." in page
