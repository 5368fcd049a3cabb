"""Saved tests and replays in the console, and what a conversation says of today's rules."""

import re
from html import unescape
from urllib.parse import urlsplit

import pytest
from django.urls import reverse

from channels.models import Provider
from conversations.models import Conversation
from routing import loaders
from routing.models import RuleReplay, RuleSet, SavedTest
from routing.services import rule_replays
from teams.models import Team
from tests.console import sign_in
from tests.doors import customer_writes
from tests.factories import make_agent, make_channel, make_rule, make_supervisor, make_team
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = pytest.mark.django_db
TESTER = "/admin/routing/rule/test/"
TESTS = "/admin/routing/savedtest/"
REPLAYS = "/admin/routing/rulereplay/"


@pytest.fixture
def desk():
    alice = make_agent(name="Alice")
    return make_team(name="Desk", members=(alice,))


@pytest.fixture
def rule(desk):
    return make_rule(name="Refunds", team=desk, conditions=(("message.text", "contains", "返金"),))


@pytest.fixture
def channel(rule):
    return make_channel(provider=Provider.SIMULATOR, agents=(make_agent(name="Chen"),))


@pytest.fixture
def sachi(desk):
    sachi = make_supervisor(name="Sachi", presence="offline")
    for team in Team.objects.all():
        team.memberships.create(user=sachi, position=99)
    return sign_in(sachi)


def text_of(answer):
    assert answer.status_code == 200, answer
    plain = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return re.sub(r"\s+", " ", unescape(plain))


class TestTheTester:
    def test_asks_the_draft_where_that_is_chosen(self, sachi, channel, rule):
        rule.conditions.update(value="hello")
        case = {"channel": channel.pk, "text": "hello"}
        assert "Chen would get it." in text_of(sachi.get(TESTER, case))
        assert "Alice would get it." in text_of(sachi.get(TESTER, {**case, "rules": "draft"}))

    def test_leads_to_a_test_that_expects_what_came_out(self, sachi, channel, rule, desk):
        page = sachi.get(TESTER, {"channel": channel.pk, "text": "返金", "tags": "vip, gold"})
        (address,) = re.findall(r'href="([^"]*savedtest/add/[^"]*)"', page.content.decode())
        form = sachi.get(unescape(address)).context["adminform"].form
        assert form["text"].value() == "返金"
        assert form["tags"].value() == "vip, gold"
        expected = [form[f"expected_{name}"].value() for name in ("rule", "team", "person")]
        assert expected == [rule.pk, desk.pk, None]


class TestASavedTest:
    def keep(self, sachi, channel, **said):
        fields = {"name": "Refund", "channel": channel.pk, "text": "返金", "type": "text"}
        return sachi.post(f"{TESTS}add/", {**fields, "is_new_contact": "on", **said})

    def test_is_kept_edited_and_deleted(self, sachi, channel, rule):
        answer = self.keep(
            sachi, channel, expected_rule=rule.pk, attributes="plan=gold", tags="vip"
        )
        assert answer.status_code == 302
        test = SavedTest.objects.get()
        assert (test.attributes, test.tags) == ({"plan": "gold"}, ["vip"])
        assert test.created_by.name == "Sachi"

        page = f"{TESTS}{test.pk}/change/"
        form = sachi.get(page).context["adminform"].form
        assert form["attributes"].value() == "plan=gold"
        told = {"name": "Money back", "channel": channel.pk, "text": "x", "type": "text"}
        sachi.post(
            page,
            {**told, "expects_nobody": "on", "online": [rule.team.members.get(name="Alice").pk]},
        )
        test.refresh_from_db()
        assert (test.name, test.expects_nobody, len(test.online_ids)) == ("Money back", True, 1)

        sachi.post(f"{TESTS}{test.pk}/delete/", {"post": "yes"})
        assert not SavedTest.objects.exists()

    def test_needs_an_expectation(self, sachi, channel):
        assert "Say where it must go." in text_of(self.keep(sachi, channel))

    def test_is_green_or_red_by_what_is_published_and_by_the_draft(self, sachi, channel, rule):
        self.keep(sachi, channel, expected_rule=rule.pk)
        rule.conditions.update(value="exchange")
        text = text_of(sachi.get(TESTS))
        assert "Rule “Refunds” As expected Not as expected By no rule: Chen" in text

    def test_outlives_its_rule(self, sachi, channel, rule):
        self.keep(sachi, channel, expected_rule=rule.pk)
        rule.delete()
        assert "Rule “(deleted)”" in text_of(sachi.get(TESTS))

    def test_is_not_for_agents(self, channel):
        assert sign_in(make_agent(name="Ada")).get(TESTS).status_code in {302, 403}


class TestAConversation:
    def test_can_be_asked_about_again(self, sachi, channel, rule):
        customer_writes(channel, "返金して")
        conversation = Conversation.objects.get()
        other = make_team(name="Orders", members=(make_agent(name="Bob"),))
        rule.team = other
        rule.save()
        page = sachi.get(reverse("admin:conversations_conversation_change", args=[conversation.pk]))
        (address,) = re.findall(r'href="([^"]*rule/test/[^"]*)"', page.content.decode())
        address = unescape(address)
        text = text_of(sachi.get(address))
        assert "Compared with then The same" in text
        assert "Then Desk · Alice Refunds" in text
        assert "the customer is new" in text
        text = text_of(sachi.get(address.replace("rules=published", "rules=draft")))
        assert "Compared with then Goes elsewhere" in text
        assert "Orders · Bob Refunds" in text
        assert "as it is set up now" in text

    def test_of_others_is_not_compared(self, channel, rule):
        customer_writes(channel, "hello")
        decision = Conversation.objects.get().decisions.get()
        stranger = sign_in(make_supervisor(name="Stranger"))
        case = {"channel": channel.pk, "text": "x", "then": decision.public_id}
        assert "Compared with then" not in text_of(stranger.get(TESTER, case))


class TestAReplay:
    def test_is_begun_looked_at_and_says_what_moved(self, sachi, channel, rule):
        for number in range(7):
            customer_writes(channel, "返金", address=f"+8190000000{number:02}")
        rule.is_active = False
        rule.save()
        answer = sachi.post(f"{REPLAYS}add/", {"rules": "draft", "span": "100"})
        assert answer.status_code == 302
        page = urlsplit(answer.headers["Location"]).path
        assert "0 of 7 conversations" in text_of(sachi.get(page))

        replay = RuleReplay.objects.get()
        while rule_replays.work_next(now=replay.due_at):
            replay.refresh_from_db()
            if replay.status == "done":
                break
        text = text_of(sachi.get(page))
        assert "The draft over 7 conversations Done" in text
        assert "Desk → Agents of WhatsApp Tokyo 7" in text
        assert "Alice 7 0 -7" in text
        assert "Refunds 7 0 -7" in text
        assert "Done 7 of 7 7 Sachi" in text_of(sachi.get(REPLAYS))

    def test_may_be_of_an_earlier_version(self, sachi, channel, rule):
        first = RuleSet.objects.exclude(number=None).order_by("number").first()
        form = {"rules": "version", "span": "100"}
        assert "Say which version." in text_of(sachi.post(f"{REPLAYS}add/", form))
        sachi.post(f"{REPLAYS}add/", {**form, "version": str(first.version)})
        replay = RuleReplay.objects.get()
        assert (replay.basis, replay.version) == ("version", first.version)
        # Whoever chooses other rules need not empty the list beside it.
        sachi.post(f"{REPLAYS}add/", {**form, "rules": "draft", "version": str(first.version)})
        assert RuleReplay.objects.latest("pk").basis == "draft"

    def test_is_stopped(self, sachi, channel):
        customer_writes(channel, "hello")
        replay = rule_replays.start(basis="draft", wanted=10, started_by=None, now=MORNING)
        sachi.post(f"{REPLAYS}{replay.pk}/cancel/")
        assert "Canceled" in text_of(sachi.get(f"{REPLAYS}{replay.pk}/change/"))

    def test_names_nobody_else_s_customers(self, channel, rule):
        customer_writes(channel, "返金", name="Kestrel")
        rule.delete()
        replay = rule_replays.start(basis="draft", wanted=10, started_by=None, now=MORNING)
        rule_replays.work_next(now=MORNING)
        stranger = sign_in(make_supervisor(name="Stranger"))
        text = text_of(stranger.get(f"{REPLAYS}{replay.pk}/change/"))
        assert "Desk → Agents of WhatsApp Tokyo 1 1 as of now –" in text
        assert "Kestrel" not in text
        assert loaders.load_draft() == ()


class TestARule:
    def test_bears_its_warnings_in_the_list_and_on_its_page(self, sachi, rule, desk):
        same = make_rule(name="Same", team=desk, conditions=(("message.text", "contains", "返金"),))
        assert "Same Same as another" in text_of(sachi.get("/admin/routing/rule/"))
        page = text_of(sachi.get(f"/admin/routing/rule/{same.pk}/change/"))
        assert "Same as another. It asks for exactly what rule 1, “Refunds”, asks for" in page
        assert "asks for exactly" not in text_of(
            sachi.get(f"/admin/routing/rule/{rule.pk}/change/")
        )

    def test_says_what_it_would_have_matched_and_where_that_went(self, sachi, channel, desk, rule):
        vip = make_rule(name="Hello", team=desk, conditions=(("message.text", "contains", "h"),))
        vip.conditions.update(value="返金, hello")
        for number, text in enumerate(("返金", "hello", "hello", "bye")):
            customer_writes(channel, text, address=f"+8190000000{number:02}")
        orders = make_team(name="Orders", members=(make_agent(name="Bob"),))
        vip.team = orders
        vip.save()
        page = text_of(sachi.get(f"/admin/routing/rule/{vip.pk}/change/"))
        assert "Would have matched 3 of the last 4 conversations. 3 of them went elsewhere." in page
        assert "Decided by: Refunds (1)" in page
        page = text_of(sachi.get(f"/admin/routing/rule/{rule.pk}/change/"))
        assert "Would have matched 1 of the last 4 conversations." in page
        assert "went elsewhere" not in page
