"""Rules over history: the same rules give what was; other rules say what would have moved."""

from datetime import timedelta

import pytest

from channels.models import Provider
from conversations.models import Conversation
from routing import loaders
from routing.engine.tally import NOBODY_KNOWN, tally_from_json
from routing.models import Decision, ReplayStatus, RuleReplay
from routing.services import rule_replays
from teams.models import Team, User
from tests.doors import customer_writes
from tests.factories import make_agent, make_channel, make_rule, make_team
from tests.integration.routing.test_saved_tests import everything
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = pytest.mark.django_db
TEXTS = ("返金", "hello", "refund", "where is it")


@pytest.fixture
def history():
    """Twelve conversations: refunds went to one team, the rest to the channel's people."""
    alice, bob, chen = (make_agent(name=name) for name in ("Alice", "Bob", "Chen"))
    desk = make_team(name="Desk", members=(alice, bob), strategy="round_robin")
    make_team(name="Orders", members=(chen,))
    channel = make_channel(provider=Provider.SIMULATOR, agents=(chen, bob))
    make_rule(name="Refunds", team=desk, conditions=(("message.text", "contains", "返金,refund"),))
    for number in range(12):
        customer_writes(channel, TEXTS[number % 4], address=f"+8190000000{number:02}")
    assert Conversation.objects.count() == 12
    return channel


def begin(basis="published", *, wanted=1000, **more):
    return rule_replays.start(basis=basis, wanted=wanted, started_by=None, now=MORNING, **more)


def finish(replay, *, now=MORNING):
    while replay.status == ReplayStatus.RUNNING:
        assert rule_replays.work_next(now=now)
        replay.refresh_from_db()
    return replay


def edit(**columns):
    """Change the draft, and nothing that is published."""
    rule = loaders.Rule.objects.get()
    for name, value in columns.items():
        setattr(rule, name, value)
    rule.save()
    return rule


class TestTheRulesThatDecided:
    def test_give_exactly_what_was(self, history):
        replay = finish(begin())
        assert (replay.total, replay.done) == (12, 12)
        assert (replay.moved, replay.changed_hands, replay.guessed, replay.unknown) == (0, 0, 0, 0)
        tally = tally_from_json(replay.tally)
        assert tally.moves == {}
        assert all(before == after for before, after in tally.people.values())
        assert list(tally.rules.values()) == [[6, 6]]

    def test_are_not_asked_about_what_came_later(self, history):
        """A second message, or a decision about waiting, is no first decision."""
        customer_writes(history, "hello again", address="+819000000000")
        Decision.objects.create(
            conversation=Conversation.objects.first(),
            trigger="inbound",
            outcome="waiting",
            facts={},
            steps=[],
            answer={},
            decided_at=MORNING,
        )
        assert finish(begin()).done == 12


class TestOtherRules:
    def test_say_what_would_have_moved_and_whose_it_would_have_been(self, history):
        edit(team=Team.objects.get(name="Orders"))
        replay = finish(begin("draft"))
        assert (replay.moved, replay.guessed) == (6, 6)
        ((origin, goal), move) = next(iter(tally_from_json(replay.tally).moves.items()))
        assert (origin.kind, goal.kind) == ("team", "team")
        assert goal.id == Team.objects.get(name="Orders").pk
        assert (move.count, len(move.examples)) == (6, 5)
        people = tally_from_json(replay.tally).people
        assert people[NOBODY_KNOWN] == [0, 6]
        alice = User.objects.get(name="Alice")
        assert people[alice.pk][1] == 0

    def test_do_not_depend_on_who_is_online_by_now(self, history):
        edit(team=Team.objects.get(name="Orders"))
        User.objects.update(presence="offline", load=99)
        goals = {goal for _, goal in tally_from_json(finish(begin("draft")).tally).moves}
        assert goals == {("team", Team.objects.get(name="Orders").pk)}

    def test_that_are_off_leave_all_to_the_channel(self, history):
        edit(is_active=False)
        replay = finish(begin("draft"))
        goals = {goal.kind for _, goal in tally_from_json(replay.tally).moves}
        assert (replay.moved, goals) == (6, {"channel"})

    def test_are_those_of_the_start(self, history):
        replay = begin("draft")
        edit(is_active=False)
        assert finish(replay).moved == 0

    def test_of_an_earlier_version_can_be_asked(self, history):
        old = loaders.current_version()
        edit(is_active=False)
        rule_replays_version = begin("version", version=old)
        assert finish(rule_replays_version).moved == 0

    def test_are_asked_about_the_latest_only(self, history):
        edit(is_active=False)
        replay = finish(begin("draft", wanted=5))
        assert (replay.total, replay.done) == (5, 5)
        assert begin(since=Decision.objects.latest("pk").decided_at + timedelta(days=1)).total == 0

    def test_change_nothing_but_the_replay(self, history):
        edit(team=Team.objects.get(name="Orders"))
        replay = begin("draft")
        before = everything()
        finish(replay)
        after = everything()
        assert {name for name in after if after[name] != before[name]} == {"routing_rulereplay"}


class TestTheJob:
    @pytest.fixture(autouse=True)
    def _small_slices(self, monkeypatch):
        monkeypatch.setattr(rule_replays, "SLICE", 5)

    def test_goes_on_where_it_was_killed(self, history, monkeypatch):
        """A slice that dies leaves nothing behind, and the next begins where the last ended."""
        edit(is_active=False)
        replay = begin("draft")
        assert rule_replays.work_next(now=MORNING)
        replay.refresh_from_db()
        assert (replay.done, replay.moved) == (5, replay.moved)

        seen = []

        def die(*args, **kwargs):
            seen.append(args)
            if len(seen) == 3:
                raise SystemExit
            return real(*args, **kwargs)

        real = rule_replays.decide_again
        monkeypatch.setattr(rule_replays, "decide_again", die)
        with pytest.raises(SystemExit):
            rule_replays.work_next(now=MORNING)
        monkeypatch.setattr(rule_replays, "decide_again", real)
        replay.refresh_from_db()
        assert replay.done == 5
        finish(replay)
        assert (replay.done, replay.moved) == (12, 6)
        moves = tally_from_json(replay.tally).moves.values()
        assert sum(move.count for move in moves) == 6

    def test_stops_where_it_is_canceled(self, history):
        replay = begin("draft")
        rule_replays.work_next(now=MORNING)
        canceled = rule_replays.cancel(replay, now=MORNING)
        assert (canceled.status, canceled.done) == ("canceled", 5)
        assert not rule_replays.work_next(now=MORNING)
        again = rule_replays.cancel(replay, now=MORNING + timedelta(hours=1))
        assert again.finished_at == MORNING

    def test_is_kept_for_a_month(self, history):
        replay = finish(begin())
        assert not rule_replays.work_next(now=MORNING + timedelta(days=29))
        assert rule_replays.work_next(now=MORNING + timedelta(days=31))
        assert not RuleReplay.objects.filter(pk=replay.pk).exists()

    def test_of_nothing_is_done_at_once(self):
        make_rule(team=make_team())
        assert finish(begin()).status == "done"
