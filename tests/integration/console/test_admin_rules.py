"""Rules in the console: sentences in order, checked by the engine that will evaluate them."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from channels.models import Channel
from conversations.models import Contact, Conversation
from routing.models import Rule
from teams.models import Team
from tests.console import sign_in
from tests.doors import customer_writes
from tests.factories import (
    make_administrator,
    make_agent,
    make_channel,
    make_rule,
    make_supervisor,
    make_team,
    publish_all,
)

pytestmark = pytest.mark.django_db
LIST = "/admin/routing/rule/"
ADD = f"{LIST}add/"
Row = tuple[str, str, str]


def conditions(*rows: Row, rule: Rule | None = None) -> dict[str, Any]:
    kept = list(rule.conditions.all()) if rule else []
    form: dict[str, Any] = {
        "conditions-TOTAL_FORMS": len(rows),
        "conditions-INITIAL_FORMS": len(kept),
    }
    for index, (field, operator, value) in enumerate(rows):
        form[f"conditions-{index}-field"] = field
        form[f"conditions-{index}-operator"] = operator
        form[f"conditions-{index}-value"] = value
        form[f"conditions-{index}-id"] = kept[index].pk if index < len(kept) else ""
    return form


def form_of(team: Team | None, *rows: Row, rule: Rule | None = None, **changes: Any) -> Any:
    form = {
        "name": "Refunds",
        "is_active": "on",
        "match": "all",
        "team": team.pk if team else "",
        "person": "",
        "add_tags": "",
        "set_priority": "",
        "note": "",
        "order": "",
    }
    return {**form, **conditions(*rows, rule=rule), **changes}


def page(rule: Rule, name: str = "change") -> str:
    return reverse(f"admin:routing_rule_{name}", args=[rule.pk])


@pytest.fixture
def client() -> Client:
    return sign_in(make_administrator())


@pytest.fixture
def support() -> Team:
    return make_team(members=(make_agent(),))


class TestARule:
    @pytest.mark.parametrize("priority", ["101", "-101", "99999"])
    def test_names_the_range_of_its_priority(
        self, client: Client, support: Team, priority: str
    ) -> None:
        rows = (("message.text", "contains", "refund"),)
        answer = client.post(ADD, form_of(support, *rows, set_priority=priority))
        assert "The priority goes from −100 to 100." in answer.content.decode()
        assert not Rule.objects.exists()

    def test_keeps_a_customer_for_a_person_only(self, client: Client, support: Team) -> None:
        rows = (("message.text", "contains", "vip"),)
        person = support.members.get()

        refused = client.post(ADD, form_of(support, *rows, pins_contact="on"))
        client.post(ADD, form_of(None, *rows, pins_contact="on", person=person.pk))

        assert "Only a person can keep a customer for good." in refused.content.decode()
        assert Rule.objects.get().pins_contact
        publish_all()
        customer_writes(make_channel(), "I am a vip")
        assert Contact.objects.get().permanent_agent == person

    def test_is_saved_as_a_draft_and_used_once_it_is_published(
        self, client: Client, support: Team
    ) -> None:
        rows = (("message.text", "contains", "refund, 返金"),)
        form = form_of(support, *rows, add_tags="refund、money", set_priority="10")
        assert client.post(ADD, form).status_code == 302
        rule = Rule.objects.get()
        assert (rule.add_tags, rule.set_priority) == (["refund", "money"], 10)
        channel = make_channel()
        customer_writes(channel, "返金できますか?")
        assert Conversation.objects.get().team is None
        publish_all()
        customer_writes(channel, "返金できますか?", address="+819000000002")
        assert Conversation.objects.latest("pk").team == support

    def test_applies_to_the_chosen_channels(self, client: Client, support: Team) -> None:
        channel: Channel = make_channel()
        client.post(ADD, form_of(support, ("weekday", "in", "monday"), channels=[channel.pk]))
        form = form_of(support, ("time.weekday", "in", "monday"), channels=[channel.pk])
        client.post(ADD, form)
        assert list(Rule.objects.get().channels.all()) == [channel]

    def test_is_changed_with_its_conditions(self, client: Client, support: Team) -> None:
        rule = make_rule(team=support, conditions=(("message.text", "contains", "refund"),))
        rows = (("message.text", "contains", "money"), ("contact.is_new", "equals", "yes"))
        client.post(page(rule), form_of(support, *rows, rule=rule, name="Money"))
        rule.refresh_from_db()
        assert rule.name == "Money"
        assert [c.value for c in rule.conditions.all()] == ["money", "yes"]

    def test_loses_a_condition_by_the_box_in_its_row(self, client: Client, support: Team) -> None:
        rule = make_rule(team=support, conditions=(("message.text", "contains", "refund"),))
        form = form_of(support, ("message.text", "contains", "refund"), rule=rule)
        client.post(page(rule), {**form, "conditions-0-DELETE": "on"})
        assert not rule.conditions.exists()

    def test_is_deleted_after_asking(self, client: Client, support: Team) -> None:
        rule = make_rule(team=support)
        assert client.get(page(rule, "delete")).status_code == 200
        assert Rule.objects.exists()
        client.post(page(rule, "delete"), {"post": "yes"})
        assert not Rule.objects.exists()

    def test_is_read_by_supervisors_and_not_changed(self, support: Team) -> None:
        rule = make_rule(team=support, conditions=(("message.text", "contains", "refund"),))
        client = sign_in(make_supervisor())
        assert "the message contains refund" in client.get(LIST).content.decode()
        assert client.get(page(rule)).status_code == 200
        assert client.post(page(rule), form_of(support)).status_code == 403
        for name in ("up", "down", "switch"):
            assert client.post(page(rule, name)).status_code == 403


class TestTheTarget:
    def test_is_asked_for(self, client: Client) -> None:
        errors = client.post(ADD, form_of(None)).context["adminform"].form.errors
        assert "team" in errors

    def test_is_one(self, client: Client, support: Team) -> None:
        form = form_of(support, person=make_agent().pk)
        assert "person" in client.post(ADD, form).context["adminform"].form.errors

    def test_is_not_a_team_that_is_off(self, client: Client) -> None:
        form = form_of(make_team(is_active=False))
        assert "team" in client.post(ADD, form).context["adminform"].form.errors

    def test_may_be_a_team_without_members_with_a_warning(self, client: Client) -> None:
        answer = client.post(ADD, form_of(make_team()), follow=True)
        assert "has no members: what this rule sends there will wait" in answer.content.decode()

    def test_may_be_a_person(self, client: Client) -> None:
        client.post(ADD, form_of(None, person=make_agent().pk))
        assert Rule.objects.get().person is not None


class TestACondition:
    @pytest.mark.parametrize(
        ("row", "part"),
        [
            (("nonsense", "contains", "a"), "field"),
            (("message.text", "matches", "(a+)+$\\1"), "value"),
            (("contact.attribute", "equals", "gold"), "name"),
            (("time.date", "lt", "tomorrow"), "value"),
            (("message.text", "gte", "a"), "operator"),
            (("contact.is_new", "contains", "yes"), "operator"),
            (("message.text", "contains", ""), None),
            (("message.text", "equals", ""), "value"),
            (("message.text", "equals", " , 、"), "value"),
            (("message.text", "contains", "a\x00b"), "value"),
            (("message.text", "contains", "a\x07b"), "value"),
            (("message.text", "contains", "x" * 501), "value"),
            (("contact.is_new", "equals", "perhaps"), "value"),
            (("time.of_day", "gte", "25:00"), "value"),
            (("time.of_day", "gte", "9"), "value"),
            (("time.weekday", "in", "someday"), "value"),
        ],
    )
    def test_is_refused_at_the_right_field(
        self, client: Client, support: Team, row: Row, part: str | None
    ) -> None:
        answer = client.post(ADD, form_of(support, row))
        if part is None:  # an untouched row of the form is no condition
            assert answer.status_code == 302
            return
        assert answer.status_code == 200
        formset = answer.context["inline_admin_formsets"][0].formset
        assert part in formset.errors[0]
        assert not Rule.objects.exists()

    def test_of_a_property_has_its_name(self, client: Client, support: Team) -> None:
        row = ("contact.attribute", "equals", "gold")
        client.post(ADD, form_of(support, row, **{"conditions-0-name": "Plan"}))

        rule = Rule.objects.get()
        assert [c.field for c in rule.conditions.all()] == ["contact.attribute.Plan"]
        shown = client.get(page(rule)).content.decode()
        assert 'value="Plan"' in shown
        assert "“Plan” is gold" in shown

    def test_of_something_else_has_no_name(self, client: Client, support: Team) -> None:
        row = ("message.text", "contains", "a")
        answer = client.post(ADD, form_of(support, row, **{"conditions-0-name": "plan"}))
        assert "Only a property of the customer has a name here." in answer.content.decode()

    def test_in_a_group_is_kept_there(self, client: Client, support: Team) -> None:
        rows = [("message.text", "contains", value) for value in ("a", "b", "c")]
        letters = {"conditions-0-group": "A", "conditions-1-group": "A"}
        client.post(ADD, form_of(support, *rows, **letters))

        rule = Rule.objects.get()
        assert [c.group for c in rule.conditions.all()] == ["A", "A", ""]
        assert (
            "If (the message contains a or the message contains b) and the message contains c"
        ) in client.get(page(rule)).content.decode()

    def test_says_what_in_a_pattern_is_not_understood(self, client: Client, support: Team) -> None:
        answer = client.post(ADD, form_of(support, ("message.text", "matches", "(abc")))
        assert "missing ): (abc" in answer.content.decode()

    def test_is_text_and_never_code(self, client: Client, support: Team) -> None:
        hostile = '__import__("os").system("id")'
        client.post(ADD, form_of(support, ("message.text", "contains", hostile)))
        assert client.get(LIST).status_code == 200

    def test_needs_no_value_where_something_is_there_or_missing(
        self, client: Client, support: Team
    ) -> None:
        client.post(ADD, form_of(support, ("contact.tag", "is_set", "")))
        assert Rule.objects.get().conditions.get().operator == "is_set"


class TestTheOrder:
    @pytest.fixture
    def three(self, support: Team) -> list[Rule]:
        return [make_rule(name=name, team=support) for name in ("One", "Two", "Three")]

    def order(self) -> list[str]:
        return list(Rule.objects.order_by("position").values_list("name", flat=True))

    def test_is_changed_by_buttons(self, client: Client, three: list[Rule]) -> None:
        answer = client.post(page(three[2], "up"))
        assert self.order() == ["One", "Three", "Two"]
        assert answer.headers["location"] == f"{LIST}#move-up-{three[2].pk}"
        client.post(page(three[0], "down"))
        assert self.order() == ["Three", "One", "Two"]

    def test_is_told_after_moving(self, client: Client, three: list[Rule]) -> None:
        answer = client.post(page(three[2], "up"), follow=True)
        text = answer.content.decode()
        assert "“Three” is number 2 now." in text
        assert f'formaction="{page(three[2], "move")}?to=3"' in text

    def test_is_taken_back(self, client: Client, three: list[Rule]) -> None:
        client.post(page(three[2], "up"))
        client.post(f"{page(three[2], 'move')}?to=3")
        assert self.order() == ["One", "Two", "Three"]

    @pytest.mark.parametrize("number", ["", "0", "-1", "x", "１", "1" * 30])
    def test_is_not_changed_to_what_is_no_number(
        self, client: Client, three: list[Rule], number: str
    ) -> None:
        client.post(f"{page(three[2], 'move')}?to={number}")
        client.post(f"{LIST}renumber/", {f"number-{three[2].pk}-3": number})
        assert self.order() == ["One", "Two", "Three"]

    def test_is_changed_by_typing_into_the_list(self, client: Client, three: list[Rule]) -> None:
        one, two, last = three
        shown = {f"number-{one.pk}-1": "1", f"number-{two.pk}-2": "2", f"number-{last.pk}-3": "1"}
        client.post(f"{LIST}renumber/", shown)
        assert self.order() == ["Three", "One", "Two"]

    def test_moves_what_was_typed_and_not_what_somebody_else_moved(
        self, client: Client, three: list[Rule]
    ) -> None:
        one, two, last = three
        shown = {f"number-{one.pk}-1": "1", f"number-{two.pk}-2": "3", f"number-{last.pk}-3": "3"}
        client.post(page(last, "up"))
        client.post(f"{LIST}renumber/", shown)
        assert self.order() == ["One", "Three", "Two"]

    def test_is_refused_with_a_reason_while_a_filter_is_set(
        self, client: Client, three: list[Rule]
    ) -> None:
        shown = client.get(LIST, {"q": "Three"}).content.decode()
        assert 'name="filtered" value="q=Three"' in shown
        for url in (page(three[2], "up"), f"{page(three[2], 'move')}?to=1", f"{LIST}renumber/"):
            form = {"filtered": "q=Three", f"number-{three[2].pk}-3": "1"}
            answer = client.post(url, form, follow=True)
            assert "the list shows only some of the rules" in answer.content.decode()
        assert self.order() == ["One", "Two", "Three"]

    def test_is_changed_by_typing_a_number(
        self, client: Client, three: list[Rule], support: Team
    ) -> None:
        form = form_of(support, rule=three[2], name="Three", order="1")
        client.post(page(three[2]), form)
        assert self.order() == ["Three", "One", "Two"]

    def test_stays_where_the_number_stays(
        self, client: Client, three: list[Rule], support: Team
    ) -> None:
        form = form_of(support, rule=three[1], name="Two!", order="2")
        client.post(page(three[1]), form)
        assert self.order() == ["One", "Two!", "Three"]

    @pytest.mark.parametrize("number", ["-1", "0", "abc", "9" * 30])
    def test_refuses_what_is_no_place(self, client: Client, support: Team, number: str) -> None:
        answer = client.post(ADD, form_of(support, order=number))
        assert "order" in answer.context["adminform"].form.errors

    def test_does_not_change_by_a_link(self, client: Client, three: list[Rule]) -> None:
        for name in ("up", "down"):
            assert client.get(page(three[1], name)).status_code == 302
        assert client.get(f"{page(three[1], 'move')}?to=1").status_code == 302
        assert client.get(f"{LIST}renumber/", {f"number-{three[1].pk}-2": "1"}).status_code == 302
        assert self.order() == ["One", "Two", "Three"]

    def test_stays_at_both_ends(self, client: Client, three: list[Rule]) -> None:
        client.post(page(three[0], "up"))
        client.post(page(three[2], "down"))
        assert self.order() == ["One", "Two", "Three"]


class TestTheSwitch:
    def test_turns_a_rule_off_and_on(self, client: Client, support: Team) -> None:
        rule = make_rule(team=support)
        client.post(page(rule, "switch"))
        assert not Rule.objects.get().is_active
        client.post(page(rule, "switch"))
        assert Rule.objects.get().is_active

    def test_is_not_turned_by_a_link(self, client: Client, support: Team) -> None:
        client.get(page(make_rule(team=support), "switch"))
        assert Rule.objects.get().is_active
