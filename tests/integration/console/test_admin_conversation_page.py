"""The page of one conversation: reading, answering once, giving and taking, and why."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from django.utils.html import strip_tags

from channels.greetings import TextKind
from channels.models import Channel
from channels.services import texts
from conversations.actors import Actor
from conversations.delivery_states import DeliveryStatus
from conversations.models import AutomaticText, Conversation, Message
from conversations.models.automatic_text import LONG_AGO
from conversations.models.message import Direction
from conversations.phones import mask_phone
from conversations.services import lifecycle, merging
from conversations.states import Status
from routing.models import Decision
from teams.hours import Interval
from teams.identifiers import new_public_id
from teams.models import Strategy, User
from teams.services import hours
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


def at(conversation: Conversation, name: str = "change") -> str:
    return f"{LIST}{conversation.pk}/{name}/"


def words(body: str, **more: Any) -> dict[str, Any]:
    """Return what the box posts."""
    return {"body": body, "key": str(new_public_id()), "seen": "", **more}


@pytest.fixture
def sachi() -> User:
    return make_supervisor()


@pytest.fixture
def client(sachi: User) -> Client:
    return sign_in(sachi)


@pytest.fixture
def channel() -> Channel:
    return make_channel(has_survey=True)


@pytest.fixture
def conversation(channel: Channel) -> Conversation:
    row = make_conversation(channel=channel, last_inbound_at=timezone.now())
    make_message(conversation=row, body="Where is my order?", now=timezone.now())
    return row


class TestTheTranscript:
    def test_shows_what_was_said_and_what_became_of_it(
        self, client: Client, conversation: Conversation, sachi: User
    ) -> None:
        make_message(
            conversation=conversation,
            body="On its way.",
            author=sachi,
            direction=Direction.OUTBOUND,
            delivery_status=DeliveryStatus.FAILED,
            error_code="63016",
            error_detail="Only a template can be sent.",
            now=timezone.now(),
        )
        text = client.get(at(conversation)).content.decode()
        assert "Where is my order?" in text
        assert "not delivered" in text
        assert "63016" in text
        assert "Only a template can be sent." in text

    def test_offers_a_template_where_sending_again_cannot_help(
        self, client: Client, conversation: Conversation, sachi: User
    ) -> None:
        now = timezone.now()
        make_message(
            conversation=conversation,
            author=sachi,
            direction=Direction.OUTBOUND,
            delivery_status=DeliveryStatus.FAILED,
            error_code="63016",
            now=now,
        )
        text = client.get(at(conversation)).content.decode()
        assert "Send as template…" in text
        assert "Send again" not in text

        written = now + timedelta(seconds=1)
        Conversation.objects.filter(pk=conversation.pk).update(last_inbound_at=written)
        text = client.get(at(conversation)).content.decode()
        assert "Send again" in text
        assert "Send as template…" not in text

    def test_says_where_answers_go_if_that_is_not_the_customers_number(
        self, client: Client, conversation: Conversation
    ) -> None:
        assert "Answers go to" not in client.get(at(conversation)).content.decode()
        other = make_contact(name="Dora", address="+819011112222")
        merging.merge(conversation.contact, into=other, actor=Actor.system(), now=timezone.now())
        text = strip_tags(client.get(at(conversation)).content.decode())
        masked = mask_phone(conversation.identity.address)
        assert f"Answers go to{masked}From there this conversation was begun." in text

    def test_links_to_web_addresses_and_nothing_else(
        self, client: Client, conversation: Conversation
    ) -> None:
        make_message(
            conversation=conversation,
            body="see https://example.com/a?b=1&c=2 or javascript:alert(1)",
            now=timezone.now(),
        )
        text = client.get(at(conversation)).content.decode()
        assert 'href="https://example.com/a?b=1&amp;c=2"' in text
        assert 'href="javascript:' not in text

    def test_comes_in_pages_with_the_newest_first(
        self, client: Client, conversation: Conversation
    ) -> None:
        for number in range(120):
            make_message(conversation=conversation, body=f"text {number};", now=timezone.now())
        text = client.get(at(conversation)).content.decode()
        assert "text 119;" in text
        assert "text 5;" not in text
        earlier = client.get(at(conversation), {"before": 22}).content.decode()
        assert "text 5;" in earlier
        assert "text 119;" not in earlier

    @pytest.mark.parametrize("before", ["0", "-1", "abc", "9" * 40, "\x00"])
    def test_bears_any_page(self, client: Client, conversation: Conversation, before: str) -> None:
        assert client.get(at(conversation), {"before": before}).status_code == 200

    def test_hides_the_middle_of_the_number_from_supervisors(self, client: Client) -> None:
        contact = make_contact(name="Dora", address="+81900001234")
        conversation = make_conversation(contact=contact)
        assert "+81900001234" not in client.get(at(conversation)).content.decode()
        ada = sign_in(make_administrator())
        assert "+81900001234" in ada.get(at(conversation)).content.decode()

    def test_is_not_changed_by_posting_to_the_page(
        self, client: Client, conversation: Conversation
    ) -> None:
        assert client.post(at(conversation), {"status": "closed"}).status_code == 405

    def test_has_no_page_to_delete_from(self, client: Client, conversation: Conversation) -> None:
        assert client.post(at(conversation, "delete"), {"post": "yes"}).status_code == 403
        assert Conversation.objects.filter(pk=conversation.pk).exists()


class TestAnswering:
    def test_queues_the_answer_and_takes_what_nobody_has(
        self, client: Client, conversation: Conversation, sachi: User
    ) -> None:
        answer = client.post(at(conversation, "reply"), words("On its way."))
        assert answer.status_code == 302
        message = Message.objects.get(direction=Direction.OUTBOUND)
        assert (message.body, message.delivery_status) == ("On its way.", DeliveryStatus.QUEUED)
        conversation.refresh_from_db()
        assert conversation.assignee == sachi
        assert conversation.status == Status.IN_PROGRESS

    def test_happens_once_however_often_it_is_clicked(
        self, client: Client, conversation: Conversation
    ) -> None:
        form = words("On its way.")
        for _ in range(3):
            assert client.post(at(conversation, "reply"), form).status_code == 302
        assert Message.objects.filter(direction=Direction.OUTBOUND).count() == 1

    def test_waits_when_the_customer_wrote_meanwhile(
        self, client: Client, conversation: Conversation
    ) -> None:
        make_message(conversation=conversation, body="Hello?", now=timezone.now())
        form = words("On its way.", seen="1")
        text = client.post(at(conversation, "reply"), form).content.decode()
        assert "1 new message came while you were writing." in text
        assert "On its way." in text
        assert not Message.objects.filter(direction=Direction.OUTBOUND).exists()
        client.post(at(conversation, "reply"), {**form, "send_anyway": "1"})
        assert Message.objects.filter(direction=Direction.OUTBOUND).count() == 1

    @pytest.mark.parametrize("body", ["", "   ", "x" * 10_001, "a\x00b"])
    def test_is_refused_with_the_text_still_in_the_box(
        self, client: Client, conversation: Conversation, body: str
    ) -> None:
        answer = client.post(at(conversation, "reply"), words(body))
        assert answer.status_code == 200
        assert "body" in answer.context["form"].errors
        assert not Message.objects.filter(direction=Direction.OUTBOUND).exists()

    @pytest.mark.parametrize("key", ["", "nonsense", "9" * 99])
    def test_needs_the_hidden_key(
        self, client: Client, conversation: Conversation, key: str
    ) -> None:
        answer = client.post(at(conversation, "reply"), words("Hello", key=key))
        assert answer.status_code == 200
        assert not Message.objects.filter(direction=Direction.OUTBOUND).exists()

    def test_with_the_key_of_another_conversation_sends_nothing(
        self, client: Client, conversation: Conversation, channel: Channel
    ) -> None:
        other = make_conversation(channel=channel, last_inbound_at=timezone.now())
        form = words("For one only")
        client.post(at(other, "reply"), form)
        answer = client.post(at(conversation, "reply"), form)
        assert "out of date" in answer.content.decode()
        assert Message.objects.filter(direction=Direction.OUTBOUND).count() == 1

    def test_does_not_happen_by_a_link(self, client: Client, conversation: Conversation) -> None:
        assert client.get(at(conversation, "reply"), words("Hello")).status_code == 302
        assert not Message.objects.filter(direction=Direction.OUTBOUND).exists()


class TestTheBox:
    def test_says_until_when_free_text_may_be_sent(
        self, client: Client, conversation: Conversation
    ) -> None:
        assert "Free text until" in client.get(at(conversation)).content.decode()

    def test_says_that_the_window_is_closed(
        self, client: Client, conversation: Conversation
    ) -> None:
        Conversation.objects.update(last_inbound_at=timezone.now() - timedelta(hours=25))
        text = client.get(at(conversation)).content.decode()
        assert "63016" in text
        assert "send-reply" not in text
        refused = client.post(at(conversation, "reply"), words("Hello")).content.decode()
        assert "63016" in refused

    def test_says_whose_the_conversation_stays(
        self, client: Client, conversation: Conversation, sachi: User
    ) -> None:
        team = make_team(members=(sachi,))
        Conversation.objects.update(assignee=make_agent(name="Bruno"), team=team)
        assert "Bruno keeps the conversation." in client.get(at(conversation)).content.decode()

    def test_says_that_sending_reopens(self, client: Client, conversation: Conversation) -> None:
        Conversation.objects.update(status=Status.RESOLVED, resolved_at=timezone.now())
        text = client.get(at(conversation)).content.decode()
        assert "Sending reopens it." in text
        client.post(at(conversation, "reply"), words("One more thing"))
        conversation.refresh_from_db()
        assert conversation.status == Status.IN_PROGRESS

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            ({"status": Status.CLOSED}, "This conversation is closed."),
            ({"channel__is_active": False}, "The channel is switched off"),
            ({"identity__opted_out_at": timezone.now()}, "asked not to be written to"),
        ],
    )
    def test_says_why_nothing_can_be_sent(
        self, client: Client, conversation: Conversation, change: dict[str, Any], sentence: str
    ) -> None:
        ((name, value),) = change.items()
        owner, _, field = name.rpartition("__")
        row = getattr(conversation, owner) if owner else conversation
        setattr(row, field, value)
        row.save()
        assert sentence in client.get(at(conversation)).content.decode()


class TestANote:
    def test_stays_inside(self, client: Client, conversation: Conversation) -> None:
        client.post(at(conversation, "note"), words("Third order this year"))
        note = Message.objects.get(direction=Direction.NOTE)
        assert note.delivery_status == ""
        text = client.get(at(conversation)).content.decode()
        assert "internal note" in text

    def test_is_possible_where_an_answer_is_not(
        self, client: Client, conversation: Conversation
    ) -> None:
        Conversation.objects.update(status=Status.CLOSED)
        client.post(at(conversation, "note"), words("Closed too early"))
        assert Message.objects.filter(direction=Direction.NOTE).exists()


class TestTheVerbs:
    def test_resolve_asks_the_customer_and_goes_back_to_the_list(
        self, client: Client, conversation: Conversation
    ) -> None:
        kept = "?_changelist_filters=view%3Dopen"
        answer = client.post(at(conversation, "resolve") + kept)
        assert answer.headers["location"] == f"{LIST}?view=open"
        conversation.refresh_from_db()
        assert conversation.status == Status.RESOLVED
        assert conversation.surveys.exists()

    def test_reopen_brings_it_back(self, client: Client, conversation: Conversation) -> None:
        Conversation.objects.update(status=Status.CLOSED)
        client.post(at(conversation, "reopen"))
        conversation.refresh_from_db()
        assert conversation.status == Status.NEW

    def test_take_gives_it_to_oneself(
        self, client: Client, conversation: Conversation, sachi: User
    ) -> None:
        client.post(at(conversation, "take"))
        conversation.refresh_from_db()
        assert conversation.assignee == sachi

    def test_unassign_gives_it_back(
        self, client: Client, conversation: Conversation, sachi: User
    ) -> None:
        client.post(at(conversation, "take"))
        client.post(at(conversation, "unassign"))
        conversation.refresh_from_db()
        assert conversation.assignee is None
        sachi.refresh_from_db()
        assert sachi.load == 0

    @pytest.mark.parametrize("verb", ["resolve", "reopen", "take", "unassign", "assign"])
    def test_do_nothing_by_a_link(
        self, client: Client, conversation: Conversation, verb: str
    ) -> None:
        before = Conversation.objects.values().get()
        answer = client.get(at(conversation, verb))
        assert answer.status_code == 200
        assert b'method="post"' in answer.content
        assert Conversation.objects.values().get() == before

    def test_say_what_did_not_happen_on_an_old_page(
        self, client: Client, conversation: Conversation, sachi: User
    ) -> None:
        Conversation.objects.update(status=Status.CLOSED)
        text = client.post(at(conversation, "resolve"), follow=True).content.decode()
        assert "Nothing was changed" in text

    def test_are_offered_only_where_they_can_be_done(
        self, client: Client, conversation: Conversation
    ) -> None:
        def keys() -> list[str]:
            page = client.get(at(conversation)).context
            return [item["url"].rstrip("/").rsplit("/", 1)[1] for item in page["verbs"]]

        assert keys() == ["assign", "take", "resolve", "snooze", "labels", "callback"]
        Conversation.objects.update(status=Status.CLOSED)
        assert keys() == ["reopen", "callback"]


class TestAssigning:
    def test_shows_who_lost_it_before_who_got_it(
        self, client: Client, conversation: Conversation, sachi: User
    ) -> None:
        bob = make_agent(name="Bob")
        manual = make_team(name="Desk", strategy=Strategy.MANUAL, members=(sachi, bob))
        for person in ("", sachi.pk, bob.pk):
            client.post(at(conversation, "assign"), {"team": manual.pk, "person": person})
        text = client.get(at(conversation)).content.decode()
        assert "Taken from nobody" not in text
        assert text.index("In the queue of Desk") < text.index("Given to Sachi, Desk")
        assert text.index("Taken from Sachi") < text.index("Given to Bob, Desk")

    def test_to_a_team_lets_its_strategy_choose(
        self, client: Client, conversation: Conversation, sachi: User
    ) -> None:
        team = make_team(members=(sachi,))
        client.post(at(conversation, "assign"), {"team": team.pk})
        conversation.refresh_from_db()
        assert (conversation.team, conversation.assignee) == (team, sachi)

    def test_to_somebody_who_is_full_says_how_much_that_is(
        self, client: Client, conversation: Conversation, sachi: User
    ) -> None:
        bob = make_agent(name="Bob", capacity=0)
        make_team(members=(sachi, bob))
        answer = client.post(at(conversation, "assign"), {"person": bob.pk}, follow=True)
        assert "Bob now has 1 of 0, more than the capacity." in answer.content.decode()

    def test_to_oneself_says_so_too(
        self, client: Client, conversation: Conversation, sachi: User
    ) -> None:
        User.objects.filter(pk=sachi.pk).update(capacity=0)
        answer = client.post(at(conversation, "take"), follow=True)
        assert "Sachi now has 1 of 0, more than the capacity." in answer.content.decode()

    def test_to_nobody_is_refused(self, client: Client, conversation: Conversation) -> None:
        answer = client.post(at(conversation, "assign"), {})
        assert "Choose a team or a person." in answer.content.decode()

    def test_to_a_stranger_of_the_team_is_refused(self, conversation: Conversation) -> None:
        team, bob = make_team(members=(make_agent(),)), make_agent(name="Bob")
        client = sign_in(make_administrator())
        answer = client.post(at(conversation, "assign"), {"team": team.pk, "person": bob.pk})
        assert "Bob is not a member of Support." in answer.content.decode()

    def test_outside_ones_teams_is_not_offered(
        self, client: Client, conversation: Conversation
    ) -> None:
        stranger = make_agent(name="Stranger")
        make_team(name="Sales", members=(stranger,))
        answer = client.post(at(conversation, "assign"), {"person": stranger.pk})
        assert answer.status_code == 200
        conversation.refresh_from_db()
        assert conversation.assignee is None


class TestWhy:
    def test_is_told_step_by_step(self, client: Client, channel: Channel, sachi: User) -> None:
        bruno = make_agent(name="Bruno")
        support = make_team(members=(bruno, sachi))
        make_rule(name="VIP", conditions=(("contact.tag", "in", "vip"),), team=support, position=0)
        make_rule(
            name="Refunds",
            conditions=(("message.text", "contains", "refund"),),
            team=support,
            position=1,
        )
        customer_writes(channel, "I want a refund")
        conversation = Conversation.objects.get()
        text = client.get(at(conversation)).content.decode()
        assert "Why Bruno?" in text
        assert "Rule “Refunds” matched" in text
        assert "Rule “VIP” did not match" in text

    def test_says_why_nobody_has_it(self, client: Client, channel: Channel) -> None:
        customer_writes(channel, "Hello")
        text = client.get(at(Conversation.objects.get())).content.decode()
        assert "Why is nobody assigned?" in text

    def test_says_why_nobody_has_it_now(
        self, client: Client, channel: Channel, sachi: User
    ) -> None:
        team = make_team(name="Returns", members=(sachi,))
        User.objects.filter(pk=sachi.pk).update(presence="away")
        make_rule(team=team)
        customer_writes(channel, "Hello")
        User.objects.filter(teams=team).update(presence="online", capacity=0)
        text = client.get(at(Conversation.objects.get())).content.decode()
        assert "Everybody of Returns who is online is at capacity." in text
        assert "1 earlier decision" in text

    def test_says_who_took_it_from_whom_had_it(
        self, client: Client, channel: Channel, sachi: User
    ) -> None:
        customer_writes(channel, "Hello")
        conversation = Conversation.objects.get()
        client.post(at(conversation, "take"))
        client.post(at(conversation, "unassign"))
        text = client.get(at(conversation)).content.decode()
        assert "Why is nobody assigned?" in text
        assert "Unassigned by Sachi." in text
        assert "2 earlier decisions" in text

    def test_keeps_the_earlier_decisions(
        self, client: Client, channel: Channel, sachi: User
    ) -> None:
        customer_writes(channel, "Hello")
        conversation = Conversation.objects.get()
        client.post(at(conversation, "take"))
        assert Decision.objects.count() == 2
        text = client.get(at(conversation)).content.decode()
        assert "Why Sachi?" in text
        assert "1 earlier decision" in text


class TestTheHistory:
    def test_tells_every_event(self, client: Client, conversation: Conversation) -> None:
        client.post(at(conversation, "take"))
        lifecycle.resolve(conversation, actor=Actor.system(), now=timezone.now())
        text = client.get(at(conversation, "history")).content.decode()
        assert "Given to Sachi" in text
        assert "Resolved." in text
        assert "The customer was asked for a rating." in text


class TestThePermanentAgent:
    def test_is_set_with_a_reason_and_gets_the_conversation(
        self, client: Client, conversation: Conversation, sachi: User
    ) -> None:
        alice = make_agent(presence="offline")
        make_team(members=(sachi, alice))

        asked = client.get(at(conversation, "permanent-agent")).content.decode()
        answer = client.post(
            at(conversation, "permanent-agent"), {"person": alice.pk, "reason": "Her contract"}
        )

        assert "all later ones of this customer" in asked
        assert answer.status_code == 302
        conversation.refresh_from_db()
        assert (conversation.assignee, conversation.contact.permanent_agent) == (alice, alice)
        history = client.get(at(conversation, "history")).content.decode()
        assert "Alice is the customer&#x27;s permanent agent." in history
        event = conversation.events.get(type="contact.permanent_agent_set")
        assert (event.actor_label, event.data["reason"]) == ("Sachi", "Her contract")

    def test_is_lifted_and_nothing_moves(
        self, client: Client, conversation: Conversation, sachi: User
    ) -> None:
        alice = make_agent()
        make_team(members=(sachi, alice))
        client.post(at(conversation, "permanent-agent"), {"person": alice.pk})

        client.post(at(conversation, "permanent-agent"), {"person": ""})

        conversation.refresh_from_db()
        assert (conversation.assignee, conversation.contact.permanent_agent) == (alice, None)
        history = client.get(at(conversation, "history")).content.decode()
        assert "Alice is not the customer&#x27;s permanent agent any more." in history

    def test_is_somebody_whom_the_supervisor_may_give_to(
        self, client: Client, conversation: Conversation
    ) -> None:
        stranger = make_agent()

        answer = client.post(at(conversation, "permanent-agent"), {"person": stranger.pk})

        assert answer.status_code == 200
        conversation.contact.refresh_from_db()
        assert conversation.contact.permanent_agent is None

    def test_is_offered_to_be_changed(self, client: Client, conversation: Conversation) -> None:
        page = client.get(at(conversation)).content.decode()

        assert at(conversation, "permanent-agent") in page


class TestTheAutomaticTexts:
    """Why the channel wrote something by itself, or did not."""

    NIGHT = datetime(2026, 11, 18, 13, 0, tzinfo=UTC)  # 22:00 in Tokyo, closed since 18:00

    @pytest.fixture
    def night_shop(self) -> Channel:
        office = (Interval(time(9), time(18)),)
        tokyo = hours.create(
            code="tokyo", name="Tokyo", time_zone="Asia/Tokyo", week=[office] * 5 + [()] * 2
        )
        channel = make_channel(
            provider="simulator", hours=tokyo, has_greeting=True, has_unavailable_message=True
        )
        texts.replace(channel, kind=TextKind.GREETING, texts={"en": "Hello!"})
        texts.replace(channel, kind=TextKind.UNAVAILABLE, texts={"en": "We are closed."})
        return channel

    def read(self, sachi: User) -> str:
        page = sign_in(sachi).get(at(Conversation.objects.get())).content.decode()
        panel = page.split('id="automatic-title"')[1].split("</section>")[0]
        text = strip_tags(panel.split("</h2>")[1].replace("<br>", " "))
        return " ".join(text.split())

    def test_are_explained_with_their_closure(self, night_shop: Channel, sachi: User) -> None:
        User.objects.filter(pk=sachi.pk).update(time_zone="Asia/Tokyo")
        with time_machine.travel(self.NIGHT, tick=False) as clock:
            for _ in range(3):
                customer_writes(night_shop, "Hello?")
                clock.shift(timedelta(minutes=10))

            assert self.read(sachi) == (
                "Unavailable message Nov. 18, 2026, 10 p.m."
                " Sent, in this language: English."
                " Closed since Wed November 18 18:00, until Thu November 19 09:00."
                " Not sent again to 2 later messages: it had been sent once since closing."
                " Greeting Nov. 18, 2026, 10 p.m."
                " Not sent: the unavailable message went out instead."
            )

    def test_say_that_it_was_open(self, night_shop: Channel, sachi: User) -> None:
        Channel.objects.update(has_greeting=False)
        with time_machine.travel(self.NIGHT + timedelta(hours=12), tick=False):
            customer_writes(night_shop, "Hello?")

            text = self.read(sachi)

        assert "Not sent: the channel was open at that instant." in text
        assert "Not sent: it was switched off." in text

    @pytest.mark.parametrize(
        ("reason", "since", "until", "sentences"),
        [
            ("person_wrote", 0, 9, ["a person had written less than five minutes", "Closed since"]),
            ("no_text", 0, None, ["there is no text for it", "with no opening in sight."]),
            ("late", None, 9, ["taken in later than it was written", "Closed until"]),
            ("own_number", None, None, ["from our own number", "The channel never opens."]),
        ],
    )
    def test_are_explained_whatever_the_reason(
        self,
        conversation: Conversation,
        sachi: User,
        reason: str,
        since: int | None,
        until: int | None,
        sentences: list[str],
    ) -> None:
        AutomaticText.objects.create(
            conversation=conversation,
            kind="unavailable",
            reason=reason,
            closed_since=LONG_AGO if since is None else self.NIGHT,
            closed_until=None if until is None else self.NIGHT + timedelta(hours=until),
            created_at=self.NIGHT,
        )

        text = self.read(sachi)

        for sentence in sentences:
            assert sentence in text

    def test_say_so_where_nothing_is_noted(self, conversation: Conversation, sachi: User) -> None:
        assert self.read(sachi).startswith("Nothing is noted here")
