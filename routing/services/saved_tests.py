"""Cases that rules must get right: kept, run against any rules, and never changing anything."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from conversations.models import Contact
from routing.engine.facts import Answer, Outcome, RuleSpec
from routing.models import SavedTest
from routing.services import rule_tester
from routing.services.rule_tester import Case
from teams.models import User


@dataclass(frozen=True, slots=True)
class Result:
    """How one saved test came out. `failed` names what is not as expected: team, person,
    ai_agent, flow, rule, nobody; none of it: the test is green."""

    test: SavedTest
    answer: Answer
    failed: tuple[str, ...]

    @property
    def is_green(self) -> bool:
        return not self.failed


def run_against(
    rules: Sequence[RuleSpec],
    *,
    now: datetime,
    tests: Sequence[SavedTest] | None = None,
) -> list[Result]:
    """Run the saved tests, all unless some are given, against rules; nothing is written."""
    found = SavedTest.objects.select_related("channel") if tests is None else tests
    return [_run(test, rules, now) for test in found]


def case_of(test: SavedTest, *, now: datetime) -> Case:
    """Return the case as the tester takes it."""
    online = test.online_ids
    return Case(
        channel=test.channel,
        at=test.at or now,
        text=test.text,
        types=(test.type,),
        phone=test.phone,
        language=test.language,
        tags=tuple(test.tags),
        attributes=test.attributes,
        wrote_before=not test.is_new_contact,
        online_ids=None if online is None else frozenset(online),
    )


def describe(test: SavedTest, *, contact: Contact) -> None:
    """Let a test be about somebody like this contact: what rules can ask about is copied."""
    test.is_new_contact = False
    test.phone, test.language = contact.phone[:16], contact.language[:12]
    test.tags, test.attributes = list(contact.tags), dict(contact.attributes)


def set_case(test: SavedTest, *, case: Case, is_timed: bool) -> None:
    """Let a test be about this case; unless it is timed, about the moment at which it is run."""
    test.channel, test.text, test.type = case.channel, case.text, case.types[0]
    test.at = case.at if is_timed else None
    test.online_ids = None if case.online_ids is None else sorted(case.online_ids)
    if case.contact is not None:
        describe(test, contact=case.contact)
        return
    test.is_new_contact = not case.wrote_before
    test.phone, test.language = case.phone, case.language
    test.tags, test.attributes = list(case.tags), dict(case.attributes)


@transaction.atomic
def save(test: SavedTest, *, editor: User | None, now: datetime) -> SavedTest:
    """Keep a test. Raises `ValidationError` naming the fields."""
    if test.pk is None:
        test.created_by, test.created_at = editor, now
    test.full_clean()
    test.save()
    return test


def delete(test: SavedTest) -> None:
    SavedTest.objects.filter(pk=test.pk).delete()


def _run(test: SavedTest, rules: Sequence[RuleSpec], now: datetime) -> Result:
    answer = rule_tester.ask(case_of(test, now=now), rules=rules).answer
    is_nobodys = answer.outcome is Outcome.WAITING
    pairs = {
        "rule": (test.expected_rule_id, answer.rule_id),
        "team": (test.expected_team_id, answer.team_id),
        "person": (test.expected_person_id, answer.user_id),
        "ai_agent": (test.expected_ai_agent_id, answer.ai_agent_id),
        "flow": (test.expected_flow_id, answer.flow_id),
        "nobody": (test.expects_nobody or None, is_nobodys),
    }
    failed = (name for name, (wanted, got) in pairs.items() if wanted is not None and wanted != got)
    return Result(test, answer, tuple(failed))
