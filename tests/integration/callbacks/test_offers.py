"""Offers of a call: they end, go on to the next, and go along with their conversation."""

from datetime import timedelta

import pytest

from callbacks.services import calling
from callbacks.states import CallbackStatus
from conversations.actors import Actor
from conversations.models import Assignment
from conversations.models.assignment import EndReason
from conversations.services import lifecycle
from conversations.states import Status
from routing.models import Decision
from routing.services import assignment, replays
from teams.models import Presence, Strategy
from tests.calls import fire, make_callback, read, set_up, told
from tests.factories import make_agent, make_team
from tests.faults.promises import broken_promises
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system()
HALF_A_MINUTE = timedelta(seconds=30)


@pytest.fixture
def people():
    return make_agent(), make_agent(name="Bob"), make_agent(name="Chen")


@pytest.fixture
def offered(people):
    callback = make_callback(team=make_team(members=people))
    fire(MORNING)
    return read(callback)


class TestAnOffer:
    def test_goes_on_to_the_next_when_nobody_begins(self, offered, people):
        alice, bob, _ = people
        assert offered.offered_to == alice
        fire(MORNING + HALF_A_MINUTE - timedelta(seconds=1))
        assert read(offered).offered_to == alice
        fire(MORNING + HALF_A_MINUTE)
        assert read(offered).offered_to == read(offered).conversation.assignee == bob
        assert told(offered) == ["due", "offered", "lapsed", "offered"]
        first = Assignment.objects.order_by("pk").first()
        assert (first.user, first.end_reason) == (alice, EndReason.LAPSED)
        assert not broken_promises()

    def test_stays_with_the_last_when_all_have_had_it(self, offered, people):
        for number in range(1, 9):
            fire(MORNING + number * HALF_A_MINUTE)
        assert read(offered).offered_to == people[-1]
        assert told(offered).count("offered") == 3
        assert Assignment.objects.count() == 3
        assert Decision.objects.latest("pk").steps[-1]["code"] == "kept"
        assert replays.find_different(Decision.objects.order_by("pk"))[1] == []

    def test_finds_whoever_comes_later(self, offered, people):
        for number in range(1, 9):
            fire(MORNING + number * HALF_A_MINUTE)
        dora = make_agent(name="Dan")
        offered.team.memberships.create(user=dora, position=9)
        fire(MORNING + 9 * HALF_A_MINUTE)
        assert read(offered).offered_to == dora

    def test_stays_where_nobody_else_is_there(self, offered, people):
        for person in people[1:]:
            person.presence = Presence.OFFLINE
            person.save(update_fields=["presence"])
        fire(MORNING + HALF_A_MINUTE)
        assert read(offered).offered_to == people[0]
        assert read(offered).look_due_at == MORNING + 2 * HALF_A_MINUTE
        assert told(offered) == ["due", "offered"]

    def test_does_not_move_in_a_team_that_works_by_hand(self, people):
        team = make_team(members=people, strategy=Strategy.MANUAL)
        callback = make_callback(team=team)
        fire(MORNING)
        assignment.claim(callback.conversation, user=people[0], actor=SYSTEM, now=MORNING)
        fire(MORNING)
        fire(MORNING + HALF_A_MINUTE)
        assert read(callback).offered_to == people[0]

    def test_lasts_as_long_as_the_team_says(self, people):
        team = make_team(members=people)
        set_up(team, alerting_s=120)
        callback = make_callback(team=team)
        fire(MORNING)
        assert read(callback).look_due_at == MORNING + timedelta(seconds=120)

    def test_goes_to_nobody_once_it_was_begun(self, offered, people):
        alice, *_ = people
        calling.start(offered, user=alice, actor=SYSTEM, now=MORNING)
        fire(MORNING + timedelta(days=1))
        assert read(offered).status == CallbackStatus.CALLING


class TestAConversationThatIsMoved:
    def test_takes_the_call_along(self, offered, people):
        _, bob, _ = people
        later = MORNING + timedelta(seconds=5)
        assignment.assign_to(offered.conversation, person=bob, actor=SYSTEM, now=later)
        fire(later)
        assert read(offered).offered_to == bob
        assert read(offered).look_due_at == later + HALF_A_MINUTE

    def test_takes_it_into_the_queue(self, offered):
        later = MORNING + timedelta(seconds=5)
        assignment.unassign(offered.conversation, actor=SYSTEM, now=later)
        fire(later)
        assert (read(offered).status, read(offered).offered_to) == (CallbackStatus.DUE, None)
        assert told(offered) == ["due", "offered", "lapsed"]

    def test_leaves_the_end_of_an_offer_where_it_changes_otherwise(self, offered):
        ends_at = offered.look_due_at
        talk = offered.conversation
        lifecycle.start_progress(talk, author_id=talk.assignee_id, actor=SYSTEM, now=MORNING)
        assert fire(MORNING) == 1
        assert read(offered).look_due_at == ends_at


class TestAConversationThatIsEnded:
    def test_is_opened_for_the_next_one(self, offered, people):
        lifecycle.resolve(offered.conversation, actor=SYSTEM, now=MORNING)
        fire(MORNING)
        assert read(offered).conversation.status in {Status.RESOLVED, Status.CLOSED}
        fire(MORNING + HALF_A_MINUTE)
        callback = read(offered)
        assert callback.conversation.status == Status.NEW
        assert callback.offered_to == callback.conversation.assignee == people[1]
        assert not broken_promises()
