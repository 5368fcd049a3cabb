"""Asking how it went: once per resolution, when and whom the channel wants, and what comes back."""

from datetime import timedelta

import pytest

from conversations.actors import Actor
from conversations.invariants import INVARIANTS
from conversations.models import Conversation, Event, Message, Survey
from conversations.models.survey import COMMENT_LENGTH, SkipReason
from conversations.services import inbox, lifecycle, merging
from conversations.services.inbox import Arrived
from conversations.states import Status
from routing.services import assignment
from tests.factories import (
    make_agent,
    make_channel,
    make_contact,
    make_conversation,
    make_incoming,
    make_team,
)
from tests.moments import WEDNESDAY_MORNING as MORNING
from tests.settle import settle

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system()
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def asking_channel(**fields):
    return make_channel(has_survey=True, **fields)


def resolved(channel, *, now=MORNING, **fields):
    conversation = make_conversation(channel=channel, **fields)
    lifecycle.resolve(conversation, actor=SYSTEM, now=now)
    conversation.refresh_from_db()
    return conversation


def write(conversation, text, *, now):
    """Let the customer write; return what the message turned out to be."""
    incoming = make_incoming(
        conversation.channel,
        sid=f"SM{Message.objects.count()}",
        text=text,
        address=conversation.identity.address,
        now=now,
    )
    return inbox.record_inbound(incoming).arrived


def said():
    return list(
        Message.objects.filter(direction="outbound").order_by("pk").values_list("body", flat=True)
    )


def nothing_is_broken():
    return not any(invariant().exists() for invariant in INVARIANTS)


class TestAsking:
    def test_credits_whoever_had_it_when_it_was_resolved(self):
        alice, bob = make_agent(), make_agent(name="Bob")
        team = make_team(members=(alice,))
        conversation = make_conversation(channel=asking_channel())
        assignment.assign_to(conversation, team=team, person=alice, actor=SYSTEM, now=MORNING)
        lifecycle.resolve(conversation, actor=SYSTEM, now=MORNING)
        conversation.refresh_from_db()

        write(conversation, "4", now=MORNING + MINUTE)
        Conversation.objects.update(assignee=bob)

        survey = Survey.objects.get()
        assert (survey.agent, survey.team, survey.rating) == (alice, team, 4)

    def test_happens_once_for_each_resolution(self):
        conversation = resolved(asking_channel())
        lifecycle.reopen(conversation, actor=SYSTEM, now=MORNING)
        lifecycle.resolve(conversation, actor=SYSTEM, now=MORNING + MINUTE)
        rows = Survey.objects.order_by("pk").values_list("resolution", "status")
        assert list(rows) == [(1, "expired"), (2, "sent")]
        assert nothing_is_broken()

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"last_inbound_at": MORNING - DAY}, SkipReason.WINDOW_CLOSED),
            ({"last_inbound_at": None}, SkipReason.WINDOW_CLOSED),
        ],
    )
    def test_outside_the_window_says_so_and_closes(self, change, reason):
        conversation = resolved(asking_channel(), **change)
        survey = Survey.objects.get()
        assert (survey.status, survey.skip_reason) == ("skipped", reason)
        assert conversation.status == Status.CLOSED
        assert Event.objects.get(type="survey.skipped").data["skip_reason"] == reason

    def test_by_sms_has_no_window(self):
        resolved(asking_channel(medium="sms"), last_inbound_at=MORNING - DAY)
        assert Survey.objects.get().status == "sent"

    def test_is_left_out_where_the_address_opted_out(self):
        dora = make_contact()
        dora.identities.update(opted_out_at=MORNING)
        resolved(asking_channel(), contact=dora)
        assert Survey.objects.get().skip_reason == SkipReason.OPTED_OUT

    def test_is_left_out_where_the_channel_is_off(self):
        resolved(asking_channel(is_active=False))
        assert Survey.objects.get().skip_reason == SkipReason.CHANNEL_INACTIVE


class TestAnAnswerOfAMergedCustomer:
    """Two contacts that became one may both have been asked, or have ended something since."""

    def test_is_about_the_conversation_of_the_number_that_answers(self):
        channel = asking_channel()
        dora, emil = make_contact(), make_contact()
        first, second = (resolved(channel, contact=contact) for contact in (dora, emil))
        merging.merge(emil, into=dora, actor=SYSTEM, now=MORNING)

        write(first, "2", now=MORNING + MINUTE)
        write(second, "5", now=MORNING + MINUTE)

        ratings = Survey.objects.order_by("pk").values_list("conversation", "rating")
        assert list(ratings) == [(first.pk, 2), (second.pk, 5)]

    def test_is_not_taken_for_something_new_because_of_what_ended_later(self):
        channel = asking_channel()
        asked = resolved(channel)
        ended = make_conversation(channel=channel, status=Status.CLOSED)
        merging.merge(asked.contact, into=ended.contact, actor=SYSTEM, now=MORNING)

        assert write(asked, "3", now=MORNING + MINUTE) == Arrived.RATED


class TestThePause:
    def test_keeps_a_customer_from_being_asked_again_on_any_channel(self):
        dora = make_contact()
        resolved(asking_channel(), contact=dora)
        resolved(asking_channel(survey_pause_days=7), contact=dora, now=MORNING + DAY / 2)
        first, second = Survey.objects.order_by("pk")
        assert (first.status, second.status) == ("sent", "skipped")
        assert second.skip_reason == SkipReason.ASKED_RECENTLY

    def test_is_over_after_its_days(self):
        dora, channel = make_contact(), asking_channel(survey_pause_days=7)
        resolved(channel, contact=dora)
        settle(now=MORNING + DAY)
        later = MORNING + 7 * DAY
        resolved(channel, contact=dora, now=later, last_inbound_at=later)
        assert [s.status for s in Survey.objects.order_by("pk")] == ["expired", "sent"]

    def test_counts_only_questions_that_were_asked(self):
        dora, channel = make_contact(), asking_channel(survey_pause_days=7)
        resolved(channel, contact=dora, last_inbound_at=MORNING - DAY)
        resolved(channel, contact=dora)
        assert [s.status for s in Survey.objects.order_by("pk")] == ["skipped", "sent"]


class TestTheDelay:
    def test_lets_time_pass_before_the_question(self):
        conversation = resolved(asking_channel(survey_delay_s=600))
        assert (Survey.objects.get().status, said()) == ("planned", [])
        assert conversation.status == Status.RESOLVED
        assert nothing_is_broken()

        settle(now=MORNING + 10 * MINUTE - timedelta(seconds=1))
        assert said() == []
        settle(now=MORNING + 10 * MINUTE)

        survey = Survey.objects.get()
        conversation.refresh_from_db()
        assert (survey.status, len(said())) == ("sent", 1)
        assert conversation.close_due_at == MORNING + 10 * MINUTE + DAY
        assert nothing_is_broken()

    def test_ends_without_a_question_for_whoever_comes_back(self):
        conversation = resolved(asking_channel(survey_delay_s=600))

        assert write(conversation, "5", now=MORNING + MINUTE) == Arrived.REOPENED

        survey = Survey.objects.get()
        assert (survey.status, survey.skip_reason) == ("skipped", SkipReason.REOPENED)
        settle(now=MORNING + 10 * MINUTE)
        assert said() == []
        assert nothing_is_broken()

    def test_ends_without_a_question_where_it_is_closed_by_hand(self):
        conversation = resolved(asking_channel(survey_delay_s=600))
        lifecycle.close(conversation, actor=SYSTEM, now=MORNING + MINUTE)
        settle(now=MORNING + 10 * MINUTE)
        assert Survey.objects.get().skip_reason == SkipReason.CLOSED
        assert said() == []

    def test_looks_at_the_window_when_it_is_over(self):
        late = MORNING - DAY + 5 * MINUTE
        conversation = resolved(asking_channel(survey_delay_s=600), last_inbound_at=late)
        settle(now=MORNING + 10 * MINUTE)
        conversation.refresh_from_db()
        assert Survey.objects.get().skip_reason == SkipReason.WINDOW_CLOSED
        assert conversation.status == Status.CLOSED


class TestARating:
    @pytest.mark.parametrize("text", ["5", " 5 ", "５", "　５　", "5\n"])
    def test_is_a_digit_in_any_width_with_blanks_around_it(self, text):
        conversation = resolved(asking_channel())
        assert write(conversation, text, now=MORNING + MINUTE) == Arrived.RATED
        assert Survey.objects.get().rating == 5

    @pytest.mark.parametrize(
        "text", ["5!", "5 stars", "0", "6", "4.5", "55", "five", "-5", "⑤!", ""]
    )
    def test_is_nothing_else(self, text):
        conversation = resolved(asking_channel())
        assert write(conversation, text, now=MORNING + MINUTE) == Arrived.REOPENED
        survey = Survey.objects.get()
        assert (survey.status, survey.rating) == ("expired", None)

    def test_after_the_wait_is_an_ordinary_message(self):
        conversation = resolved(asking_channel(survey_wait_s=600))
        late = MORNING + 10 * MINUTE  # the sweep has not come by yet
        assert write(conversation, "5", now=late) == Arrived.REOPENED
        assert Survey.objects.get().rating is None

    def test_is_thanked_for_and_closes(self):
        conversation = resolved(asking_channel(texts={"survey_thanks": "Thank you!"}))
        write(conversation, "5", now=MORNING + MINUTE)
        conversation.refresh_from_db()
        assert (conversation.status, said()[1:]) == (Status.CLOSED, ["Thank you!"])


class TestAComment:
    def channel(self, **fields):
        return asking_channel(
            texts={"survey_comment": "Why?", "survey_thanks": "Thank you!"}, **fields
        )

    def rated(self, **fields):
        conversation = resolved(self.channel(**fields))
        write(conversation, "2", now=MORNING + MINUTE)
        conversation.refresh_from_db()
        return conversation

    def test_is_asked_for_after_the_rating_and_kept(self):
        conversation = self.rated()
        assert (conversation.status, said()[1:]) == (Status.RESOLVED, ["Why?"])

        assert write(conversation, " Too slow. ", now=MORNING + 2 * MINUTE) == Arrived.COMMENTED

        conversation.refresh_from_db()
        survey = Survey.objects.get()
        assert (survey.rating, survey.comment) == (2, "Too slow.")
        assert conversation.status == Status.CLOSED
        assert said()[2:] == ["Thank you!"]
        event = Event.objects.get(type="survey.commented")
        assert (event.data["rating"], event.data["comment"]) == (2, "Too slow.")
        assert nothing_is_broken()

    def test_that_is_long_is_cut_in_the_survey_alone(self):
        conversation = self.rated()
        write(conversation, "x" * 1500, now=MORNING + 2 * MINUTE)
        assert len(Survey.objects.get().comment) == COMMENT_LENGTH
        assert len(Message.objects.filter(direction="inbound").latest("pk").body) == 1500

    def test_after_an_hour_is_an_ordinary_message(self):
        conversation = self.rated()
        late = MORNING + MINUTE + timedelta(hours=1)
        assert write(conversation, "My order is lost!", now=late) == Arrived.REOPENED
        assert Survey.objects.get().comment == ""

    def test_is_not_waited_for_longer_than_the_rating(self):
        conversation = self.rated(survey_wait_s=600)
        assert conversation.close_due_at == MORNING + 10 * MINUTE

    def test_that_never_comes_leaves_the_rating_and_closes(self):
        conversation = self.rated()
        settle(now=MORNING + MINUTE + timedelta(hours=1))
        conversation.refresh_from_db()
        assert conversation.status == Status.CLOSED
        assert Survey.objects.get().status == "answered"

    def test_is_the_first_message_alone(self):
        conversation = self.rated()
        write(conversation, "Too slow.", now=MORNING + 2 * MINUTE)
        assert write(conversation, "And rude.", now=MORNING + 3 * MINUTE) == Arrived.STARTED
        assert Survey.objects.get().comment == "Too slow."

    def test_without_words_is_an_ordinary_message(self):
        conversation = self.rated()
        assert write(conversation, "", now=MORNING + 2 * MINUTE) == Arrived.REOPENED

    def test_belongs_to_this_resolution_alone(self):
        conversation = self.rated()
        lifecycle.reopen(conversation, actor=SYSTEM, now=MORNING + 2 * MINUTE)
        lifecycle.resolve(conversation, actor=SYSTEM, now=MORNING + 3 * MINUTE)
        conversation.refresh_from_db()
        assert write(conversation, "Hello?", now=MORNING + 4 * MINUTE) == Arrived.REOPENED
        assert not Survey.objects.exclude(comment="").exists()


class TestTheWords:
    @pytest.mark.parametrize(
        ("language", "words"),
        [
            ("ja", "いかがでしたか。"),
            ("fr-CA", "Alors, Dora ?"),
            ("de", "How was it?"),
            ("", "How was it?"),
        ],
    )
    def test_are_in_the_customers_language_else_in_the_channels(self, language, words):
        channel = asking_channel(texts={"survey_question": "How was it?"})
        for code, text in (("ja", "いかがでしたか。"), ("fr", "Alors, {contact_name} ?")):
            channel.texts.create(kind="survey_question", language=code, text=text)
        resolved(channel, contact=make_contact(name="Dora", language=language))
        assert said() == [words]

    def test_are_ours_where_the_channel_has_none(self):
        resolved(asking_channel(), contact=make_contact(language="fr"))
        assert said()[0].startswith("Comment")
