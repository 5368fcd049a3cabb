"""What supervisors do about a rating: let somebody follow it up, and keep a comment from agents."""

from datetime import timedelta

import pytest

from conversations.actors import Actor
from conversations.models import Conversation, Event, Message, Survey
from conversations.services import lifecycle
from conversations.states import Status
from tests.console import sign_in
from tests.factories import (
    make_agent,
    make_api_key,
    make_channel,
    make_conversation,
    make_supervisor,
    make_team,
)
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = pytest.mark.django_db
LIST = "/admin/conversations/survey/"
SYSTEM = Actor.system()


@pytest.fixture
def alice():
    return make_agent()


@pytest.fixture
def sachi():
    return make_supervisor()


@pytest.fixture
def team(alice, sachi):
    return make_team(members=(alice, sachi))


def make_rating(*, team, rating=2, comment="Too slow.", status=Status.CLOSED, **fields):
    conversation = make_conversation(
        channel=make_channel(), status=status, team=team, resolution_count=1, **fields
    )
    return Survey.objects.create(
        conversation=conversation,
        resolution=1,
        status="answered",
        rating=rating,
        comment=comment,
        team=team,
        created_at=MORNING,
    )


def follow_up(client, survey, *, person, note="Call her."):
    body = {"person": person.pk, "note": note}
    return client.post(f"{LIST}{survey.pk}/follow-up/", body, follow=True)


class TestFollowingUp:
    def test_opens_the_conversation_again_for_the_person_with_the_note(self, alice, sachi, team):
        survey = make_rating(team=team)

        page = follow_up(sign_in(sachi), survey, person=alice)

        conversation = Conversation.objects.get()
        assert (conversation.status, conversation.assignee) == (Status.NEW, alice)
        note = Message.objects.get(direction="note")
        assert (note.body, note.author) == ("Call her.", sachi)
        event = Event.objects.get(type="survey.followed_up")
        assert (event.actor_id, event.data["rating"]) == (sachi.pk, 2)
        assert event.data["user_id"] == alice.pk
        assert page.request["PATH_INFO"].endswith(f"/{conversation.pk}/change/")
        assert "Alice has the conversation with Dora now." in page.content.decode()
        assert "Follow-up on the rating 2 of 5, by Alice." in page.content.decode()

    def test_takes_what_the_customer_has_open_by_now(self, alice, sachi, team):
        survey = make_rating(team=team)
        rated = survey.conversation
        newer = make_conversation(
            channel=rated.channel, contact=rated.contact, team=team, placing_due_at=MORNING
        )

        follow_up(sign_in(sachi), survey, person=alice)

        rated.refresh_from_db()
        newer.refresh_from_db()
        assert (rated.status, newer.assignee) == (Status.CLOSED, alice)

    def test_wakes_what_is_set_aside(self, alice, sachi, team):
        survey = make_rating(team=team, status=Status.SNOOZED)
        follow_up(sign_in(sachi), survey, person=alice)
        assert Conversation.objects.get().assignee == alice

    def test_is_refused_where_another_team_has_the_customer_by_now(self, alice, sachi, team):
        survey = make_rating(team=team)
        rated, carol = survey.conversation, make_agent(name="Carol")
        newer = make_conversation(
            channel=rated.channel,
            contact=rated.contact,
            team=make_team(name="Sales", members=(carol,)),
            assignee=carol,
        )

        page = follow_up(sign_in(sachi), survey, person=alice)

        newer.refresh_from_db()
        assert newer.assignee == carol
        assert "the customer writes with another team now" in page.content.decode()
        assert not Event.objects.filter(type="survey.followed_up").exists()

    @pytest.mark.parametrize("body", [{}, {"note": "Call her."}, {"person": "0", "note": "x"}])
    def test_needs_a_person_and_a_note(self, sachi, team, body):
        survey = make_rating(team=team)
        page = sign_in(sachi).post(f"{LIST}{survey.pk}/follow-up/", body)
        assert page.status_code == 200
        assert Conversation.objects.get().status == Status.CLOSED

    def test_of_another_team_is_not_to_be_seen(self, alice, sachi, team):
        carol = make_agent(name="Carol")
        survey = make_rating(team=make_team(name="Sales", members=(carol,)), assignee=carol)
        client = sign_in(sachi)
        page = follow_up(client, survey, person=alice)
        assert Conversation.objects.get().status == Status.CLOSED
        assert "Too slow." not in page.content.decode()
        assert client.post(f"{LIST}{survey.pk}/comment/", {"reason": "x"}).status_code == 302
        assert Survey.objects.get().comment_hidden_at is None

    def test_leaves_the_credit_where_it_was(self, alice, sachi, team):
        survey = make_rating(team=team)
        follow_up(sign_in(sachi), survey, person=alice)
        survey.refresh_from_db()
        assert (survey.agent, survey.team, survey.rating) == (None, team, 2)

    def test_of_a_survey_that_still_waits_is_not_offered(self, sachi, team):
        survey = make_rating(team=team, rating=None, comment="")
        assert "Follow up…" not in sign_in(sachi).get(LIST).content.decode()
        assert survey.rating is None


class TestAHiddenComment:
    def hide(self, client, survey, reason="Names a third person."):
        return client.post(f"{LIST}{survey.pk}/comment/", {"reason": reason}, follow=True)

    def test_is_kept_from_agents_and_shown_to_supervisors_with_who_and_why(
        self, alice, sachi, team, client
    ):
        survey = make_rating(team=team, assignee=alice)

        page = self.hide(sign_in(sachi), survey).content.decode()

        assert "Too slow." in page
        assert "Hidden from agents by Sachi" in page
        assert "Names a third person." in page
        event = Event.objects.get(type="survey.comment_hidden")
        assert (event.actor_id, event.data["reason"]) == (sachi.pk, "Names a third person.")
        assert self.seen_by(client, alice) == {None}
        assert self.seen_by(client, sachi) == {None, "Too slow."}

    def test_is_shown_again(self, alice, sachi, team, client):
        survey = make_rating(team=team, assignee=alice)
        self.hide(sign_in(sachi), survey)

        page = sign_in(sachi).post(f"{LIST}{survey.pk}/comment/", {}, follow=True)

        assert "Hidden from agents" not in page.content.decode()
        survey.refresh_from_db()
        assert (survey.comment_hidden_by, survey.comment_hidden_reason) == (None, "")
        assert Event.objects.filter(type="survey.comment_shown").count() == 1
        assert self.seen_by(client, alice) == {"Too slow."}

    def test_needs_a_reason(self, sachi, team):
        survey = make_rating(team=team)
        assert self.hide(sign_in(sachi), survey, reason="").status_code == 200
        survey.refresh_from_db()
        assert survey.comment_hidden_at is None

    def test_counts_as_before(self, sachi, team):
        survey = make_rating(team=team, rating=5)
        self.hide(sign_in(sachi), survey)
        page = sign_in(sachi).get(LIST)
        assert page.context["summary"]["share"] == 100

    def seen_by(self, client, person):
        """Return what somebody reads of the comment over the API, in both places."""
        headers = {"Authorization": f"Bearer {make_api_key(user=person)}"}
        survey = Survey.objects.select_related("conversation").get()
        listed = client.get("/api/v1/surveys/", headers=headers).json()["data"][0]
        address = f"/api/v1/conversations/{survey.conversation.public_id}/"
        shown = client.get(address, headers=headers).json()
        return {listed["comment"], shown["survey"]["comment"]}


def test_following_up_asks_again_when_it_is_resolved(alice, sachi, team):
    survey = make_rating(team=team)
    survey.conversation.channel.has_survey = True
    survey.conversation.channel.save()
    follow_up(sign_in(sachi), survey, person=alice)
    reopened = Conversation.objects.get()
    lifecycle.resolve(reopened, actor=SYSTEM, now=MORNING + timedelta(hours=1))
    assert [row.resolution for row in Survey.objects.order_by("pk")] == [1, 2]
