"""The list of conversations: whose they are, who waits, and what a broken address does."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conversations.actors import Actor
from conversations.models import Conversation
from conversations.states import Status
from routing.services import assignment
from teams.models import Presence, Team, User
from tests.console import sign_in
from tests.doors import customer_writes
from tests.factories import (
    make_administrator,
    make_agent,
    make_channel,
    make_contact,
    make_conversation,
    make_message,
    make_rule,
    make_supervisor,
    make_team,
)

pytestmark = pytest.mark.django_db
LIST = "/admin/conversations/conversation/"


def shown(client: Client, **query: Any) -> list[Conversation]:
    return list(client.get(LIST, query).context["cl"].result_list)


@pytest.fixture
def sachi() -> User:
    return make_supervisor()


@pytest.fixture
def client(sachi: User) -> Client:
    return sign_in(sachi)


class TestTheViews:
    def test_open_on_those_who_wait_the_longest_first(self, client: Client) -> None:
        now = timezone.now()
        late = make_conversation(waiting_since=now - timedelta(minutes=9))
        later = make_conversation(waiting_since=now - timedelta(minutes=5))
        urgent = make_conversation(waiting_since=now, priority=10)
        make_conversation(assignee=make_agent())
        assert shown(client) == [urgent, late, later]

    def test_narrow_to_what_they_say(self, client: Client, sachi: User) -> None:
        now = timezone.now()
        new = make_conversation()
        mine = make_conversation(assignee=sachi, status=Status.IN_PROGRESS)
        done = make_conversation(assignee=sachi, status=Status.RESOLVED, resolved_at=now)
        make_conversation(status=Status.CLOSED, resolved_at=now - timedelta(days=3))
        assert shown(client, view="waiting") == [new]
        assert shown(client, view="unanswered") == [new]
        assert shown(client, view="mine") == [mine]
        assert set(shown(client, view="open")) == {new, mine}
        assert shown(client, view="resolved_today") == [done]
        assert len(shown(client, view="all")) == 4

    def test_let_an_answered_conversation_wait_that_nobody_has_any_more(
        self, client: Client
    ) -> None:
        left = make_conversation(status=Status.IN_PROGRESS, waiting_since=None)
        assert shown(client, view="waiting") == [left]

    def test_are_counted_in_their_tabs(self, client: Client) -> None:
        make_conversation()
        make_conversation()
        tabs = client.get(LIST).context["tabs"]
        assert {tab.key: tab.count for tab in tabs if tab.count} == {
            "waiting": "2",
            "unanswered": "2",
            "open": "2",
        }

    def test_keep_the_view_when_filtering(self, client: Client) -> None:
        text = client.get(LIST, {"view": "open"}).content.decode()
        assert "?status__exact=new&amp;view=open" in text

    def test_fall_back_to_the_first_for_an_unknown_name(self, client: Client) -> None:
        assert client.get(LIST, {"view": "nonsense"}).status_code == 200

    def test_say_what_follows_when_they_are_empty(self, client: Client) -> None:
        assert "Nobody is waiting." in client.get(LIST).content.decode()
        everything = client.get(LIST, {"view": "all"}).content.decode()
        assert "No conversation yet." in everything
        assert "simulator" in everything


class TestTheSearch:
    @pytest.mark.parametrize("text", ["²", "#①", "٣"])
    def test_takes_digits_of_every_kind(self, client: Client, text: str) -> None:
        assert client.get(LIST, {"q": text}).status_code == 200


class TestTheNumber:
    def test_of_somebody_without_a_name_is_masked_on_every_page(self, client: Client) -> None:
        contact = make_contact(name="", address="+819011112222")
        conversation = make_conversation(contact=contact)
        for name in ("change", "history", "assign", "resolve"):
            text = client.get(f"{LIST}{conversation.pk}/{name}/").content.decode()
            assert "+81 •••• 2222" in text
            assert "+819011112222" not in text


class TestTheScope:
    def test_is_ones_own_teams_and_what_nobody_owns(self, client: Client, sachi: User) -> None:
        ours = make_conversation(team=make_team(members=(sachi,)))
        nobodys = make_conversation()
        make_conversation(team=make_team(name="Sales"))
        assert set(shown(client, view="all")) == {ours, nobodys}

    def test_is_everything_for_administrators(self) -> None:
        make_conversation(team=make_team(name="Sales"))
        assert len(shown(sign_in(make_administrator()), view="all")) == 1

    def test_makes_a_filter_on_a_foreign_team_empty(self, client: Client) -> None:
        sales = make_team(name="Sales")
        make_conversation(team=sales)
        assert shown(client, view="all", team__id__exact=sales.pk) == []

    def test_sends_those_away_who_open_a_foreign_conversation(self, client: Client) -> None:
        foreign = make_conversation(team=make_team(name="Sales"))
        for name in ("change", "history", "assign", "resolve", "reply"):
            answer = client.get(f"{LIST}{foreign.pk}/{name}/")
            assert answer.status_code == 302
            assert answer.headers["location"] == "/admin/"

    def test_holds_for_bulk_actions(self, client: Client) -> None:
        foreign = make_conversation(team=make_team(name="Sales"), channel=make_channel())
        chosen = {"action": "resolve_selected", "_selected_action": [foreign.pk], "confirmed": "1"}
        client.post(f"{LIST}?view=all", chosen)
        foreign.refresh_from_db()
        assert foreign.status == Status.NEW


class TestARow:
    def test_masks_the_number(self, client: Client) -> None:
        make_conversation(contact=make_contact(name="Dora", address="+81900001234"))
        text = client.get(LIST).content.decode()
        assert "+81 •••• 1234" in text
        assert "+81900001234" not in text

    def test_shows_who_wrote_last_and_the_beginning(self, client: Client) -> None:
        conversation = make_conversation()
        make_message(conversation=conversation, body="The first")
        make_message(conversation=conversation, body="x" * 100)
        text = client.get(LIST).content.decode()
        assert "The first" not in text
        assert "x" * 59 + "…" in text
        assert "Customer:" in text

    def test_marks_an_answer_that_is_overdue(self, client: Client, sachi: User) -> None:
        past = timezone.now() - timedelta(minutes=1)
        make_conversation(assignee=sachi, waiting_since=past, reply_due_at=past)
        assert "overdue" in client.get(LIST, {"view": "mine"}).content.decode()

    @pytest.mark.parametrize(
        "hostile",
        ['"><svg/onload=alert(1)>', "</script><script>alert(1)</script>", "{{constructor}}"],
    )
    def test_prints_what_strangers_wrote_and_runs_nothing(
        self, client: Client, hostile: str
    ) -> None:
        conversation = make_conversation(contact=make_contact(name=hostile), tags=[hostile])
        make_message(conversation=conversation, body=hostile)
        for address in (LIST, f"{LIST}{conversation.pk}/change/"):
            text = client.get(address).content.decode()
            assert "<svg/onload" not in text
            assert "<script>alert" not in text


class TestSearching:
    @pytest.fixture
    def dora(self) -> Conversation:
        contact = make_contact(name="Dora Díaz", address="+81900001234")
        conversation = make_conversation(contact=contact)
        make_message(conversation=conversation, body="昨日届いた商品が壊れていました")
        make_conversation(contact=make_contact(name="Emil", address="+447700900123"))
        return conversation

    @pytest.mark.parametrize(
        "text", ["dora", "+81 9000-01234", "090-0001234", "壊れ", "  Díaz ", "81900001"]
    )
    def test_finds_by_name_number_and_text(
        self, client: Client, dora: Conversation, text: str
    ) -> None:
        assert shown(client, view="all", q=text) == [dora]

    def test_finds_by_the_number_of_the_conversation(
        self, client: Client, dora: Conversation
    ) -> None:
        assert shown(client, view="all", q=f"#{dora.pk}") == [dora]

    @pytest.mark.parametrize("text", ["\x00", "9" * 400, "%", "#", "' OR 1=1 --", "\ud7ff"])
    def test_bears_anything(self, client: Client, text: str) -> None:
        assert client.get(LIST, {"q": text}).status_code == 200

    def test_says_that_nothing_matches(self, client: Client, dora: Conversation) -> None:
        text = client.get(LIST, {"q": "nobody at all"}).content.decode()
        assert "Nothing matches." in text

    def test_offers_to_look_in_all_with_the_same_words(
        self, client: Client, dora: Conversation
    ) -> None:
        Conversation.objects.update(status=Status.CLOSED)
        text = client.get(LIST, {"q": "Díaz"}).content.decode()
        assert "Nothing in “Waiting” fits “Díaz”." in text
        assert "Search in all: 1 found" in text
        assert 'href="?view=all&amp;q=D%C3%ADaz"' in text
        assert shown(client, view="all", q="Díaz") == [dora]

    def test_offers_nothing_where_all_have_nothing_either(
        self, client: Client, dora: Conversation
    ) -> None:
        text = client.get(LIST, {"q": "nobody at all"}).content.decode()
        assert "neither in “Waiting” nor in all conversations" in text
        assert "Search in all" not in text

    def test_counts_within_what_one_may_see(self, client: Client, dora: Conversation) -> None:
        Conversation.objects.update(team=make_team(name="Sales"), status=Status.CLOSED)
        assert "Search in all" not in client.get(LIST, {"q": "Díaz"}).content.decode()


class TestWhyItWaits:
    @pytest.fixture(autouse=True)
    def sachi_is_offline(self, sachi: User) -> None:
        User.objects.filter(pk=sachi.pk).update(presence=Presence.OFFLINE)

    def test_is_what_its_team_answered(self, client: Client, sachi: User) -> None:
        self.send_to(make_team(name="Returns", members=(sachi,)))
        assert "Nobody is online" in client.get(LIST).content.decode()

    def test_is_that_people_take_it_themselves(self, client: Client, sachi: User) -> None:
        self.send_to(make_team(members=(sachi,), strategy="manual"))
        assert "Works by hand" in client.get(LIST).content.decode()

    def test_is_that_everybody_is_full(self, client: Client, sachi: User) -> None:
        bob = make_agent(name="Bob", capacity=0)
        self.send_to(make_team(members=(sachi, bob), strategy="least_busy"))
        assert "Everybody is full" in client.get(LIST).content.decode()

    def test_names_the_channel_where_there_is_no_team(self, client: Client) -> None:
        customer_writes(make_channel(name="WhatsApp Berlin"), "Hello")
        assert "WhatsApp Berlin has no people." in client.get(LIST).content.decode()

    def test_is_told_in_the_readers_language(self, client: Client, sachi: User) -> None:
        self.send_to(make_team(members=(sachi,), strategy="manual"))
        answer = client.get(LIST, headers={"accept-language": "fr"})
        assert "Works by hand" not in answer.content.decode()

    def test_is_said_where_somebody_took_it_away(self, client: Client, sachi: User) -> None:
        bob = make_agent(name="Bob")
        self.send_to(make_team(members=(sachi, bob), strategy="least_busy"))
        conversation = Conversation.objects.get()
        assert conversation.assignee == bob
        assignment.unassign(
            conversation, actor=Actor.person(sachi.pk, sachi.name), now=timezone.now()
        )
        assert "Taken from its assignee" in client.get(LIST).content.decode()

    def test_costs_one_query_for_all_rows(self, client: Client, sachi: User) -> None:
        team = make_team(members=(sachi,), strategy="manual")
        make_rule(team=team, conditions=(("message.text", "contains", "Hello"),))
        channel = make_channel()

        def count() -> int:
            with CaptureQueriesContext(connection) as queries:
                assert "Works by hand" in client.get(LIST).content.decode()
            return sum("routing_decision" in query["sql"] for query in queries)

        customer_writes(channel, "Hello", address="+819000000001")
        assert count() == 1
        customer_writes(channel, "Hello", address="+819000000002")
        assert count() == 1

    def send_to(self, team: Team) -> None:
        make_rule(team=team, conditions=(("message.text", "contains", "Hello"),))
        customer_writes(make_channel(), "Hello")


class TestResolvingSeveral:
    def test_asks_first_with_the_numbers(self, client: Client) -> None:
        channel = make_channel(has_survey=True)
        chosen = [make_conversation(channel=channel).pk for _ in range(2)]
        chosen.append(make_conversation(channel=channel, status=Status.CLOSED).pk)
        form = {"action": "resolve_selected", "_selected_action": chosen, "index": "0"}
        text = client.post(f"{LIST}?view=all", form).content.decode()
        assert "Resolve 2 conversations?" in text
        assert "2 customers are asked for a rating." in text
        assert "1 of those chosen stays as it is." in text
        assert Conversation.objects.filter(status=Status.NEW).count() == 2

    def test_does_it_on_the_second_post(self, client: Client) -> None:
        chosen = [make_conversation(channel=make_channel()).pk for _ in range(2)]
        form = {"action": "resolve_selected", "_selected_action": chosen, "confirmed": "1"}
        client.post(f"{LIST}?view=all", form)
        assert Conversation.objects.filter(status=Status.CLOSED).count() == 2


class TestMovingSeveral:
    def test_gives_the_open_ones_to_a_colleague(self, client: Client, sachi: User) -> None:
        bob = make_agent(name="Bob")
        team = make_team(members=(sachi, bob))
        rows = [make_conversation(team=team) for _ in range(2)]
        rows.append(make_conversation(team=team, status=Status.CLOSED))
        form = {
            "action": "assign_selected",
            "_selected_action": [row.pk for row in rows],
            "index": "0",
        }
        asked = client.post(f"{LIST}?view=all", form).content.decode()
        assert "Reassign 2 conversations" in asked
        client.post(f"{LIST}?view=all", {**form, "confirmed": "1", "person": bob.pk})
        assert Conversation.objects.filter(assignee=bob).count() == 2

    def test_says_who_has_more_than_the_capacity_now(self, client: Client, sachi: User) -> None:
        bob = make_agent(name="Bob", capacity=1)
        team = make_team(members=(sachi, bob))
        rows = [make_conversation(team=team) for _ in range(2)]
        form = {
            "action": "assign_selected",
            "_selected_action": [row.pk for row in rows],
            "confirmed": "1",
            "person": bob.pk,
        }
        text = client.post(f"{LIST}?view=all", form, follow=True).content.decode()
        assert "2 conversations were moved. Bob now has 2 of 1, more than the capacity." in text

    def test_offers_supervisors_their_own_teams_only(self, client: Client, sachi: User) -> None:
        stranger = make_agent(name="Stranger")
        sales = make_team(name="Sales", members=(stranger,))
        conversation = make_conversation()
        form = {
            "action": "assign_selected",
            "_selected_action": [conversation.pk],
            "confirmed": "1",
            "team": sales.pk,
            "person": stranger.pk,
        }
        answer = client.post(f"{LIST}?view=all", form)
        assert answer.status_code == 200
        conversation.refresh_from_db()
        assert conversation.assignee is None
