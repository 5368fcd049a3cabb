"""Ratings over the API: listed, narrowed, and in numbers."""

from datetime import timedelta

import pytest

from conversations.models import Survey
from tests.factories import (
    make_agent,
    make_channel,
    make_contact,
    make_conversation,
    make_message,
    make_team,
)
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = pytest.mark.django_db


def make_survey(*, rating=None, conversation=None, now=MORNING, **fields):
    conversation = conversation or make_conversation(channel=make_channel(has_survey=True))
    question = make_message(
        conversation=conversation, direction="outbound", delivery_status="sent", body="How?"
    )
    fields.setdefault("status", "answered" if rating else "expired")
    return Survey.objects.create(
        conversation=conversation,
        resolution=fields.pop("resolution", 1),
        rating=rating,
        question=fields.pop("question", question),
        created_at=now,
        **fields,
    )


class TestAList:
    def test_shows_who_said_what_about_whom(self, api):
        alice, team = make_agent(code="E-1"), make_team(code="cs")
        survey = make_survey(rating=2, comment="Too slow.", agent=alice, team=team)

        row = api.get("surveys/").json()["data"][0]

        assert (row["rating"], row["comment"], row["status"]) == (2, "Too slow.", "answered")
        assert (row["agent"]["code"], row["team"]["code"]) == ("E-1", "cs")
        assert row["conversation_id"] == str(survey.conversation.public_id)
        assert row["question_status"] == "sent"
        assert row["skip_reason"] is None

    def test_says_why_somebody_was_not_asked(self, api):
        make_survey(status="skipped", skip_reason="window_closed", question=None)
        row = api.get("surveys/?status=skipped").json()["data"][0]
        assert (row["skip_reason"], row["question_status"]) == ("window_closed", None)

    def test_is_narrowed_by_each_of_its_parameters(self, api):
        alice, team, dora = make_agent(), make_team(code="cs"), make_contact()
        channel = make_channel()
        chat = make_conversation(channel=channel, contact=dora)
        make_survey(
            rating=5, comment="Great", agent=alice, team=team, conversation=chat, now=MORNING
        )
        make_survey(rating=1, now=MORNING - timedelta(days=2))

        for query in (
            "rating=5",
            "has_comment=true",
            f"agent={alice.public_id}",
            "team=cs",
            f"channel={channel.public_id}",
            f"contact={dora.public_id}",
            f"conversation={chat.public_id}",
            "since=2026-11-18T00:00:00Z",
        ):
            ratings = [row["rating"] for row in api.get(f"surveys/?{query}").json()["data"]]
            assert ratings == [5], query
        for query in ("rating=1", "has_comment=false", "until=2026-11-18T00:00:00Z"):
            ratings = [row["rating"] for row in api.get(f"surveys/?{query}").json()["data"]]
            assert ratings == [1], query

    @pytest.mark.parametrize(
        "query", ["rating=6", "rating=five", "status=great", "agent=x", "since=soon", "score=5"]
    )
    def test_refuses_what_it_does_not_know(self, api, query):
        assert api.get(f"surveys/?{query}").status_code == 400

    def test_holds_what_the_caller_may_see_alone(self, call):
        alice = make_agent()
        foreign = make_conversation(team=make_team(name="Sales"), assignee=make_agent(name="Bob"))
        make_survey(rating=1, conversation=foreign)
        make_survey(rating=5, conversation=make_conversation(assignee=alice))

        rows = call(alice).get("surveys/").json()["data"]

        assert [row["rating"] for row in rows] == [5]
        assert call(alice).get("surveys/summary/").json()["answered"] == 1


class TestTheNumbers:
    def test_are_of_what_is_narrowed(self, api):
        for rating in (5, 4, 4, 1):
            make_survey(rating=rating)
        make_survey()
        make_survey(status="skipped", question=None)

        numbers = api.get("surveys/summary/").json()

        assert numbers == {
            "asked": 5,
            "answered": 4,
            "share_good": 0.75,
            "mean": 3.5,
            "counts": {"1": 1, "2": 0, "3": 0, "4": 2, "5": 1},
        }
        assert api.get("surveys/summary/?rating=1").json()["share_good"] == 0

    def test_are_none_without_an_answer(self, api):
        numbers = api.get("surveys/summary/").json()
        assert (numbers["mean"], numbers["share_good"], numbers["asked"]) == (None, None, 0)
