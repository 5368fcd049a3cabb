"""What is odd about the draft: what the rules say, and what their targets can do."""

from datetime import timedelta

import pytest

from routing.models import Decision
from routing.rendering import render_warning
from routing.services.rule_lint import by_rule, lint_draft
from tests.doors import customer_writes
from tests.factories import make_agent, make_ai_agent, make_channel, make_rule, make_team
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("language_en")]


def codes():
    return [(str(warning.code), warning.rule_id) for warning in lint_draft(now=MORNING)]


class TestTheDraft:
    def test_without_oddities_has_no_warning(self):
        make_rule(team=make_team(members=(make_agent(),)))
        assert codes() == []

    def test_is_read_as_it_is_edited_and_as_far_as_it_is_on(self):
        team = make_team(members=(make_agent(),))
        first, second = make_rule(name="All", team=team), make_rule(name="Late", team=team)
        assert codes() == [("duplicate", second.pk)]
        type(first).objects.filter(pk=first.pk).update(is_active=False)
        assert codes() == []

    @pytest.mark.parametrize(
        ("target", "code"),
        [
            (lambda: {"team": make_team(is_active=False)}, "team_inactive"),
            (lambda: {"team": make_team()}, "team_without_members"),
            (lambda: {"team": make_team(strategy="manual")}, "team_without_members"),
            (
                lambda: {"team": make_team(members=(make_agent(is_receiving=False),))},
                "team_not_receiving",
            ),
            (
                lambda: {"team": make_team(members=(make_agent(is_active=False),))},
                "team_not_receiving",
            ),
            (lambda: {"person": make_agent(is_active=False)}, "person_inactive"),
            (lambda: {"person": make_agent(is_receiving=False)}, "person_not_receiving"),
            (lambda: {"ai_agent": make_ai_agent(is_running=False)}, "ai_agent_stopped"),
        ],
    )
    def test_names_targets_that_cannot_take_anything(self, target, code):
        rule = make_rule(**target())
        assert codes() == [(code, rule.pk)]

    def test_leaves_alone_who_is_only_away_or_works_by_hand(self):
        off = make_agent(presence="offline", is_receiving=False)
        make_rule(team=make_team(members=(off,), strategy="manual"), conditions=(TEXT,))
        make_rule(person=make_agent(presence="offline"))
        assert codes() == []

    def test_names_rules_that_have_decided_nothing_for_a_month(self):
        channel = make_channel(provider="simulator")
        team = make_team(members=(make_agent(),))
        make_rule(name="Busy", team=team, conditions=(TEXT,))
        idle = make_rule(name="Idle", team=team, conditions=(("message.text", "contains", "x9"),))
        customer_writes(channel, "refund")
        soon = Decision.objects.get().decided_at + timedelta(days=29)
        assert lint_draft(now=soon) == []
        Decision.objects.update(decided_at=soon)
        (warning,) = lint_draft(now=soon + timedelta(days=2))
        assert (str(warning.code), warning.rule_id) == ("not_matched_lately", idle.pk)
        assert render_warning(warning)[1] == "It has decided nothing for 30 days."

    def test_costs_the_same_for_many_rules(self, django_assert_max_num_queries):
        team = make_team(members=(make_agent(),))
        for number in range(6):
            make_rule(team=team, conditions=(("message.text", "contains", f"word{number}"),))
        with django_assert_max_num_queries(7):
            assert lint_draft(now=MORNING) == []


TEXT = ("message.text", "contains", "refund")


class TestAWarning:
    def test_is_said_in_a_sentence(self):
        team = make_team(name="Desk")
        make_rule(name="All", team=team)
        late = make_rule(name="Late", team=team, conditions=(TEXT,))
        said = [render_warning(each) for each in by_rule(lint_draft(now=MORNING))[late.pk]]
        assert said == [
            (
                "Never first",
                "Rule 1, “All”, comes first and matches everything that this one matches. "
                "This one is tried only where the target of the other cannot take it.",
            ),
            (
                "Team without members",
                "Desk has no members: nobody there can take what this rule sends.",
            ),
        ]

    def test_says_what_of_a_condition_is_not_understood(self):
        team = make_team(members=(make_agent(),))
        make_rule(team=team, conditions=(("message.text", "matches", "("),))
        ((title, sentence),) = map(render_warning, lint_draft(now=MORNING))
        assert title == "Not understood"
        assert "missing )" in sentence
