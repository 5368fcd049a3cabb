"""The list of ratings: what was said, why not, and the numbers above."""

import re

import pytest

from conversations.models import Survey
from tests.console import sign_in
from tests.factories import (
    make_administrator,
    make_agent,
    make_channel,
    make_contact,
    make_conversation,
    make_message,
)
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = pytest.mark.django_db
LIST = "/admin/conversations/survey/"


@pytest.fixture
def client():
    return sign_in(make_administrator())


def make_survey(*, rating=None, name="Dora", delivery="delivered", channel=None, **fields):
    conversation = make_conversation(
        channel=channel or make_channel(has_survey=True), contact=make_contact(name=name)
    )
    question = make_message(
        conversation=conversation, direction="outbound", delivery_status=delivery, body="How?"
    )
    fields.setdefault("status", "answered" if rating else "sent")
    fields.setdefault("question", question)
    return Survey.objects.create(
        conversation=conversation, resolution=1, rating=rating, created_at=MORNING, **fields
    )


def text_of(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.content.decode()))


class TestTheList:
    def test_shows_rating_comment_and_whose_it_is(self, client):
        make_survey(rating=2, comment="Too slow.", agent=make_agent(name="Alice"))
        text = text_of(client.get(LIST))
        assert "2 poor" in text
        assert "Too slow." in text
        assert "Alice" in text

    def test_says_why_somebody_was_not_asked(self, client):
        make_survey(status="skipped", skip_reason="window_closed", question=None)
        assert "Not sent the 24-hour window was closed" in text_of(client.get(LIST))

    def test_says_that_the_question_did_not_arrive(self, client):
        make_survey(delivery="failed")
        assert "the question did not arrive" in text_of(client.get(LIST))

    @pytest.mark.parametrize(
        ("query", "shown"),
        [("rating=5", "Emil"), ("comment=yes", "Dora"), ("status__exact=answered", "Emil")],
    )
    def test_is_narrowed_and_its_numbers_with_it(self, client, query, shown):
        make_survey(rating=1, comment="No.", name="Dora")
        make_survey(rating=5, name="Emil")
        page = client.get(f"{LIST}?{query}")
        assert shown in text_of(page)
        answered = page.context["summary"]["answered"]
        assert answered == len(page.context["cl"].result_list)


class TestTheNumbers:
    def test_give_the_share_of_good_ones_and_the_mean(self, client):
        for rating in (5, 4, 4, 1):
            make_survey(rating=rating)
        make_survey()
        page = client.get(LIST)
        numbers = page.context["summary"]
        assert (numbers["share"], numbers["mean"], numbers["asked"]) == (75, "3.5", 5)
        assert [bar.width for bar in numbers["bars"]] == [50, 100, 0, 0, 50]
        assert "Good (4 or 5) 75 %" in text_of(page)

    def test_are_left_out_where_nobody_was_asked(self, client):
        make_survey(status="skipped", skip_reason="opted_out", question=None)
        assert "In numbers" not in text_of(client.get(LIST))
