"""Saved tests: what rules must get right, asked without any effect."""

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from routing import loaders
from routing.models import SavedTest
from routing.services import rule_tester, saved_tests
from tests.factories import (
    make_agent,
    make_ai_agent,
    make_channel,
    make_contact,
    make_rule,
    make_team,
)
from tests.moments import SATURDAY_NOON
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = pytest.mark.django_db


def everything():
    """Return every row of every table as it is stored, circles and numbers that come next too."""
    with connection.cursor() as cursor:
        rows = {}
        for table in sorted(connection.introspection.table_names(cursor)):
            cursor.execute(f'SELECT * FROM "{table}" ORDER BY 1')
            rows[table] = [str(row) for row in cursor.fetchall()]
    return rows


@pytest.fixture
def desk():
    alice, bob = make_agent(name="Alice"), make_agent(name="Bob")
    return make_team(name="Desk", members=(alice, bob), strategy="round_robin")


@pytest.fixture
def refunds(desk):
    return make_rule(name="Refunds", team=desk, conditions=(("message.text", "contains", "返金"),))


def keep(*, name="Refund", text="返金して", **said):
    channel = said.pop("channel", None) or make_channel()
    test = SavedTest(name=name, channel=channel, text=text, **said)
    return saved_tests.save(test, editor=None, now=MORNING)


def outcomes(rules):
    return {r.test.name: r.failed for r in saved_tests.run_against(rules, now=MORNING)}


class TestASavedTest:
    def test_is_green_where_everything_is_as_expected(self, desk, refunds):
        keep(expected_team=desk, expected_rule=refunds, expected_person=desk.members.first())
        assert outcomes(loaders.load_draft()) == {"Refund": ()}

    def test_names_what_is_not(self, desk, refunds):
        other = make_team(name="Other")
        keep(text="hello", expected_team=other, expected_rule=refunds)
        keep(name="Nobody", expects_nobody=True)
        assert outcomes(loaders.load_draft()) == {"Refund": ("rule", "team"), "Nobody": ("nobody",)}

    def test_tells_the_draft_from_what_is_published(self, desk, refunds):
        keep(expected_rule=refunds)
        refunds.conditions.update(value="exchange")
        assert outcomes(loaders.load_draft()) == {"Refund": ("rule",)}
        assert outcomes(loaders.load_rules(loaders.current_version())) == {"Refund": ()}

    def test_expects_an_ai_agent(self, refunds):
        channel = make_channel()
        fay = make_ai_agent(name="Fay", channels=(channel,), entries=(("Q", "A", "hello"),))
        keep(channel=channel, text="hello", expected_ai_agent=fay)
        assert outcomes(loaders.load_draft()) == {"Refund": ()}

    def test_has_its_own_instant_and_people(self, desk):
        bob = desk.members.get(name="Bob")
        weekend = make_rule(
            name="Weekend", team=desk, conditions=(("time.weekday", "in", "saturday"),)
        )
        keep(at=SATURDAY_NOON, online_ids=[bob.pk], expected_rule=weekend, expected_person=bob)
        keep(name="Midweek", at=MORNING, expected_rule=weekend)
        assert outcomes(loaders.load_draft()) == {"Refund": (), "Midweek": ("rule",)}

    def test_is_about_somebody_like_a_known_customer(self, desk):
        rule = make_rule(
            team=desk,
            conditions=(("contact.is_new", "equals", "no"), ("contact.tag", "in", "vip")),
        )
        test = SavedTest(name="VIP", channel=make_channel(), expected_rule=rule)
        saved_tests.describe(test, contact=make_contact(tags=["vip"]))
        saved_tests.save(test, editor=None, now=MORNING)
        assert outcomes(loaders.load_draft()) == {"VIP": ()}

    def test_outlives_its_rule_and_says_so(self, desk, refunds):
        keep(expected_rule=refunds)
        published = loaders.load_rules(loaders.current_version())
        refunds.delete()
        assert outcomes(loaders.load_draft()) == {"Refund": ("rule",)}
        assert outcomes(published) == {"Refund": ()}

    def test_expects_something(self):
        with pytest.raises(ValidationError):
            keep()


class TestRunningThem:
    def test_changes_no_row_and_moves_no_circle(self, desk, refunds):
        channel = make_channel(agents=tuple(desk.members.all()))
        make_ai_agent(name="Fay", channels=(channel,), entries=(("Q", "A", "hello"),))
        keep(channel=channel, expected_team=desk)
        keep(channel=channel, name="By AI", text="hello", expects_nobody=True)
        before = everything()
        for _ in range(3):
            saved_tests.run_against(loaders.load_draft(), now=MORNING)
            for test in SavedTest.objects.all():
                rule_tester.ask(saved_tests.case_of(test, now=MORNING))
        assert everything() == before
