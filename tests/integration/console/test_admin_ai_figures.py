"""What AI agents do, where supervisors look: the overview, the list, the conversation, the page."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.utils import timezone

from conversations.actors import Actor
from conversations.models import Conversation
from conversations.services import lifecycle
from conversations.states import Status
from routing.ai_figures import load_figures
from routing.models import AiAgent, AiRun, AiTurn
from routing.services import ai_holds
from tests.console import sign_in
from tests.factories import (
    make_agent,
    make_ai_agent,
    make_channel,
    make_conversation,
    make_event,
    make_message,
    make_supervisor,
)

pytestmark = pytest.mark.django_db
LIST = "/admin/conversations/conversation/"


@pytest.fixture
def client(language_en):
    return sign_in(make_supervisor())


@pytest.fixture
def channel():
    return make_channel()


@pytest.fixture
def fay(channel):
    return make_ai_agent(channels=(channel,))


def stretch(agent, channel, *, reason="", answers=1, days=0.1):
    """Make a conversation that an AI agent had until so many days ago, or has."""
    ended = timezone.now() - timedelta(days=days)
    began = ended - timedelta(hours=1)
    conversation = make_conversation(channel=channel, now=began, waiting_since=None)
    with transaction.atomic():
        run = ai_holds.begin(conversation, agent=agent, now=began)
    changes = {"ended_at": ended, "end_reason": reason} if reason else {}
    AiRun.objects.filter(pk=run.pk).update(turns=answers, **changes)
    run.refresh_from_db()
    if reason:
        status = Status.RESOLVED if reason == "resolved" else Status.NEW
        Conversation.objects.filter(pk=conversation.pk).update(status=status)
    return run


def failed(run, *, error="timeout", hours=1):
    return AiTurn.objects.create(
        run=run,
        ai_agent=run.ai_agent,
        attempt=1,
        started_at=timezone.now() - timedelta(hours=hours),
        outcome="failed",
        error=error,
    )


class TestSolved:
    def share(self):
        return load_figures(at=timezone.now()).solved_share

    def test_is_what_its_answers_alone_resolved(self, fay, channel):
        stretch(fay, channel, reason="resolved")
        assert self.share() == 100
        stretch(fay, channel, reason="no_answer")
        stretch(fay, channel, reason="taken")
        assert self.share() == 33

    def test_is_nothing_that_it_never_answered(self, fay, channel):
        stretch(fay, channel, reason="resolved", answers=0)
        assert self.share() == 0

    @pytest.mark.parametrize(("hours", "share"), [(71, 0), (73, 100)])
    def test_is_nothing_that_came_back_within_three_days(self, fay, channel, hours, share):
        run = stretch(fay, channel, reason="resolved", days=4)
        at = run.ended_at + timedelta(hours=hours)
        make_event(conversation=run.conversation, type="conversation.reopened", now=at)
        assert self.share() == share

    def test_is_still_what_had_been_reopened_before_it_began(self, fay, channel):
        run = stretch(fay, channel, reason="resolved")
        at = run.started_at
        make_event(conversation=run.conversation, type="conversation.reopened", now=at)
        assert self.share() == 100

    def test_is_nothing_that_a_person_answered(self, fay, channel):
        run = stretch(fay, channel, reason="resolved")
        at = run.ended_at - timedelta(minutes=1)
        alice = make_agent()
        make_message(conversation=run.conversation, direction="outbound", author=alice, now=at)
        assert self.share() == 0

    def test_counts_neither_what_goes_on_nor_what_is_long_over(self, fay, channel):
        stretch(fay, channel)
        stretch(fay, channel, reason="snoozed")
        stretch(fay, channel, reason="resolved", days=8)
        assert self.share() is None


class TestTheOverview:
    def card(self, client):
        cards = client.get("/admin/").context["cards"]
        return next((card for card in cards if "AI" in str(card.label)), None)

    def test_says_nothing_where_there_is_no_ai_agent(self, client):
        assert self.card(client) is None

    def test_says_what_was_solved_and_handed_over(self, client, fay, channel):
        stretch(fay, channel, reason="resolved")
        stretch(fay, channel, reason="words")
        card = self.card(client)
        assert (card.value, card.tone) == ("50 %", "")
        assert card.note == "Handed to people: 1."
        assert client.get(card.url).status_code == 200

    def test_says_what_failed_and_shows_where(self, client, fay, channel):
        run = stretch(fay, channel, reason="timeout")
        failed(run, hours=25, error="server")
        stretch(fay, channel)
        AiTurn.objects.all().delete()
        failed(run)
        card = self.card(client)
        assert card.tone == "bad"
        assert card.note.endswith("Failures in 24 hours: 1. The last: It did not answer in time.")
        listed = client.get(card.url).context["cl"].result_list
        assert [row.pk for row in listed] == [run.conversation_id]

    def test_says_it_only_to_those_who_may_see_ai_agents(self, fay):
        client = sign_in(make_agent(role=2, name="Chen"))
        page = client.get("/admin/")
        assert page.status_code == 302 or self.card(client) is None


class TestTheList:
    def test_shows_who_has_it(self, client, fay, channel):
        stretch(fay, channel)
        page = client.get(LIST, {"view": "ai"})
        text = page.content.decode()
        assert '<span class="pill info">Held by AI</span><span class="sub">Fay</span>' in text
        tab = next(tab for tab in page.context["tabs"] if tab.key == "ai")
        assert (tab.count, tab.is_current) == ("1", True)

    @pytest.mark.parametrize(
        ("which", "expected"),
        [("held", 0), ("solved", 1), ("handed", 2), ("failed", 2)],
    )
    def test_narrows_to_what_ai_agents_did(self, client, fay, channel, which, expected):
        runs = [
            stretch(fay, channel),
            stretch(fay, channel, reason="resolved"),
            stretch(fay, channel, reason="timeout"),
        ]
        failed(runs[2])
        gus = make_ai_agent(name="Gus")
        for agent in ("", f"-{fay.pk}"):
            page = client.get(LIST, {"view": "all", "ai": which + agent})
            listed = page.context["cl"].result_list
            assert [row.pk for row in listed] == [runs[expected].conversation_id]
        page = client.get(LIST, {"view": "all", "ai": f"{which}-{gus.pk}"})
        assert page.context["cl"].result_list == []

    @pytest.mark.parametrize("value", ["x", "held-x", "held-٣", "held-" + "9" * 40, "-1", "\x00"])
    def test_is_not_broken_by_a_broken_filter(self, client, fay, value):
        page = client.get(LIST, {"view": "all", "ai": value}, follow=True)
        assert page.status_code == 200


class TestAConversation:
    def test_says_which_ai_agent_has_it(self, client, fay, channel):
        run = stretch(fay, channel)
        page = client.get(f"{LIST}{run.conversation_id}/change/").content.decode()
        assert '<span class="pill info">Held by AI</span> <b>Fay</b>' in page

    def test_says_nothing_of_it_afterwards(self, client, fay, channel):
        run = stretch(fay, channel)
        lifecycle.reopen(run.conversation, actor=Actor.system(), now=timezone.now())
        page = client.get(f"{LIST}{run.conversation_id}/change/").content.decode()
        assert "<b>Fay</b>" not in page


class TestThePageOfAnAiAgent:
    def test_has_its_figures_and_its_money(self, client, fay, channel, settings):
        run = stretch(fay, channel, reason="resolved")
        AiAgent.objects.update(
            kind="openai", price_in=Decimal(1), price_out=Decimal(1), budget_per_day=Decimal("5.5")
        )
        turn = failed(run, error="")
        AiTurn.objects.filter(pk=turn.pk).update(
            cost=Decimal("1.25"), currency="USD", started_at=timezone.now()
        )
        page = client.get(f"/admin/routing/aiagent/{fay.pk}/change/")
        text = page.content.decode()
        assert "Spent today: 1.2500 of 5.50 USD." in text
        assert "Spent this month: 1.2500 USD." in text
        assert page.context["solved"] == "100 % of 1"
        for url in page.context["lists"].values():
            assert client.get(url).status_code == 200

    def test_is_read_in_words_by_those_who_may_not_change_it(self, client, channel):
        make_ai_agent(
            channels=(channel,),
            entries=(("Open?", "9 to 18.", "hours"),),
            languages=["ja", "en"],
            handover_words=["担当者", "human"],
        )
        text = client.get(
            f"/admin/routing/aiagent/{AiAgent.objects.get().pk}/change/"
        ).content.decode()
        assert "担当者, human" in text
        assert "[&quot;" not in text
        assert "/try/" not in text
