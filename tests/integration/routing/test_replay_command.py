"""`manage.py replay_decisions`: what was decided can be decided again."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from routing.engine.written import Written
from routing.models import Decision
from routing.services import assignment
from tests.factories import make_agent, make_channel, make_conversation, make_rule, make_team
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = pytest.mark.django_db


def decide(*, people=("Alice", "Bob")):
    make_rule(team=make_team(members=tuple(make_agent(name=name) for name in people)))
    conversation = make_conversation(channel=make_channel(), routing_due_at=MORNING)
    return assignment.route(conversation, message=Written("Hello"), now=MORNING)


class TestReplaying:
    def test_gives_the_same_answer(self, capsys):
        decide()

        call_command("replay_decisions")

        assert "1 decisions made again, 0 came out differently" in capsys.readouterr().out

    def test_gives_the_same_answer_after_the_rules_have_changed(self, capsys):
        decide()
        make_rule(name="Everything to Chen", person=make_agent(name="Chen"), position=0)

        call_command("replay_decisions")

        assert "0 came out differently" in capsys.readouterr().out

    def test_names_a_decision_that_comes_out_differently(self, capsys):
        decision = decide()
        tampered = {**decision.answer, "user_id": None}
        Decision.objects.filter(pk=decision.pk).update(answer=tampered)

        with pytest.raises(CommandError):
            call_command("replay_decisions")

        assert str(decision.public_id) in capsys.readouterr().out

    def test_can_begin_later(self, capsys):
        decide()
        later = (MORNING + timedelta(minutes=1)).isoformat()

        call_command("replay_decisions", since=later)

        assert "0 decisions made again" in capsys.readouterr().out
