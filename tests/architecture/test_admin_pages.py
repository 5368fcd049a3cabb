"""Every page of every model in the console: opens for whom it should, and bears any address."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.utils import quote
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from callbacks.models import CalendarFeed, Callback
from callbacks.services import feeds
from channels.models import Channel, Endpoint, Envelope, EnvelopeOutcome, Template
from config.backends import PERMISSIONS
from conversations.models import Contact, Conversation, EndpointDelivery, Survey, SurveyStatus
from routing.models import AiAgent, Flow, FlowRun, Rule, RuleReplay, SavedTest
from routing.services import flows, rule_replays, saved_tests
from routing.services.flows import Head
from teams.csv_plan import Subject
from teams.models import ApiKey, BusinessHours, Import, Role, Team, User
from teams.services import api_keys, hours, imports
from tests.console import sign_in
from tests.factories import (
    make_agent,
    make_ai_agent,
    make_channel,
    make_contact,
    make_conversation,
    make_endpoint,
    make_event,
    make_message,
    make_rule,
    make_team,
    make_template,
)
from tests.promises import promise

pytestmark = pytest.mark.django_db
OUR_APPS = {"teams", "channels", "conversations", "routing", "callbacks"}
MODELS = [
    Channel,
    Endpoint,
    Envelope,
    Contact,
    Conversation,
    Callback,
    CalendarFeed,
    EndpointDelivery,
    Survey,
    Rule,
    AiAgent,
    Flow,
    FlowRun,
    RuleReplay,
    SavedTest,
    ApiKey,
    BusinessHours,
    Import,
    Team,
    Template,
    User,
]
NAMES = [model.__name__ for model in MODELS]
#: What a supervisor may not even look at.
ABOVE_SUPERVISORS = {ApiKey, Endpoint, EndpointDelivery, Envelope, Import}
#: What a supervisor makes; everything else is for administrators.
MADE_BY_SUPERVISORS = {CalendarFeed, Flow, RuleReplay, SavedTest}
#: What a click may remove for good; everything else is deactivated, revoked or kept.
DELETABLE = {Rule, SavedTest}
HUGE = "9" * 30
#: Queries for running one saved test, against what is published and against the draft.
MOST_FOR_A_TEST = 12


def make_another(number: int) -> None:
    """Make one row of everything, tied to the others."""
    now = timezone.now()
    alice = make_agent(name=f"Agent {number}")
    team = make_team(name=f"Team {number}", members=(alice,))
    channel = make_channel(name=f"Channel {number}", agents=(alice,), has_survey=True)
    conversation = make_conversation(
        channel=channel, contact=make_contact(name=f"Customer {number}"), team=team, tags=["vip"]
    )
    make_message(conversation=conversation)
    promise(conversation, now=now)
    feeds.make(created_by=alice, team=team, now=now)
    rule = make_rule(
        name=f"Rule {number}",
        team=team,
        conditions=(("message.text", "contains", "refund"), ("contact.tag", "in", "vip")),
    )
    rule.channels.add(channel)
    test = SavedTest(name=f"Test {number}", channel=channel, expected_rule=rule)
    saved_tests.save(test, editor=alice, now=now)
    rule_replays.start(basis="draft", wanted=10, started_by=alice, now=now)
    step = {"name": "Hello", "kind": "message", "text": {"": "Hello!"}}
    flow = flows.create(
        Head(f"Hello {number}", "none"), document={"steps": [step]}, author=None, now=now
    )
    FlowRun.objects.create(
        conversation=conversation,
        flow=flow,
        version=flows.publish(flow, author=None, now=now),
        actor_kind="system",
        due_at=now,
        started_at=now,
    )
    make_ai_agent(name=f"Fay {number}", channels=(channel,), entries=(("Open?", "Yes.", "open"),))
    Survey.objects.create(
        conversation=conversation,
        resolution=1,
        status=SurveyStatus.SENT,
        agent=alice,
        team=team,
        created_at=now,
    )
    Envelope.objects.create(
        channel=channel,
        dedupe_key=f"SM{number}",
        raw_body=b"Body=Hello",
        content_type="application/x-www-form-urlencoded",
        outcome=EnvelopeOutcome.ACCEPTED,
        received_at=now,
    )
    make_template(channel=channel, name=f"template_{number}")
    hours.create(code=f"hours-{number}", name=f"Hours {number}")
    api_keys.issue(alice, name=f"Key {number}", scopes=["read"])
    imports.plan(
        b"email,name\nc@e.example,Chen\n", subject=Subject.USERS, uploaded_by=alice, now=now
    )
    EndpointDelivery.objects.create(
        endpoint=make_endpoint(name=f"CRM {number}", channel=channel),
        event=make_event(conversation=conversation),
        event_type="message.received",
        ordering_key=f"conversation:{conversation.pk}",
        due_at=now,
        created_at=now,
        queued_at=now,
    )


def address(model: Any, name: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


@pytest.fixture
def owner() -> Client:
    return sign_in(make_agent(name="Olga", role=Role.OWNER, is_superuser=True))


@pytest.fixture
def supervisor() -> Client:
    """A supervisor of every team, so that scope hides nothing here."""
    sachi = make_agent(name="Sachi", role=Role.SUPERVISOR)
    for team in Team.objects.all():
        team.memberships.create(user=sachi, position=99)
    return sign_in(sachi)


class TestTheConsole:
    def test_has_our_models_and_no_others(self) -> None:
        assert set(admin.site._registry) == set(MODELS)

    def test_gives_somebody_a_right_to_each_of_its_rows(self) -> None:
        models = {inline.model for page in admin.site._registry.values() for inline in page.inlines}
        wanted = {f"{model._meta.app_label}.view_{model._meta.model_name}" for model in models}
        assert wanted - set(PERMISSIONS) == set()

    def test_removes_nothing_in_bulk(self) -> None:
        assert "delete_selected" not in dict(admin.site.actions)


@pytest.mark.parametrize("model", MODELS, ids=NAMES)
class TestAModel:
    @pytest.fixture(autouse=True)
    def _rows(self) -> None:
        make_another(1)

    def test_opens_its_list_and_its_pages(self, owner: Client, model: Any) -> None:
        row = model.objects.order_by("pk").first()
        pages = [address(model, "changelist")]
        pages += [address(model, name, quote(row.pk)) for name in ("change", "history")]
        for page in pages:
            answer = owner.get(page)
            assert answer.status_code == 200, page
            assert "Relaydesk</title>" in answer.content.decode()
            assert "Select " not in answer.context["title"]

    def test_opens_for_supervisors_as_far_as_they_may(self, supervisor: Client, model: Any) -> None:
        expected = 403 if model in ABOVE_SUPERVISORS else 200
        row = model.objects.order_by("pk").first()
        assert supervisor.get(address(model, "changelist")).status_code == expected
        assert supervisor.get(address(model, "change", quote(row.pk))).status_code == expected
        may_add = 200 if model in MADE_BY_SUPERVISORS else 403
        assert supervisor.get(address(model, "add")).status_code == may_add

    def test_is_deleted_only_where_that_is_meant(self, owner: Client, model: Any) -> None:
        row = model.objects.order_by("pk").first()
        answer = owner.post(address(model, "delete", quote(row.pk)), {"post": "yes"})
        assert answer.status_code == (302 if model in DELETABLE else 403)
        assert model.objects.filter(pk=row.pk).exists() == (model not in DELETABLE)

    @pytest.mark.parametrize(
        ("query", "status"),
        [
            ("name__regex=(a%2B)%2B$", 400),
            ("id__regex=(a%2B)%2B$", 400),
            ("password__startswith=a", 400),
            ("user__password__startswith=a", 400),
            ("_to_field=password", 400),
            ("id__in=1,99999999999999999999", 302),
            ("status__exact=%00", 302),
            ("a%00b=1", 302),
            (f"p={HUGE}", 302),
            ("p=nonsense", 200),
            ("o=nonsense", 200),
            ("o=99.-99", 200),
            ("e=1", 200),
            ("q=%00", 200),
        ],
    )
    def test_bears_any_query(self, owner: Client, model: Any, query: str, status: int) -> None:
        answer = owner.get(f"{address(model, 'changelist')}?{query}")
        assert answer.status_code == status
        if status == 302:
            assert answer.headers["location"].endswith("?e=1")

    def test_says_that_a_filter_was_not_understood(self, owner: Client, model: Any) -> None:
        page = owner.get(address(model, "changelist"), {"e": "1"}).content.decode()
        assert "could not be understood" in page

    @pytest.mark.parametrize("key", ["%00", HUGE, "nonsense", "-1", "_5f"])
    def test_bears_any_key(self, owner: Client, model: Any, key: str) -> None:
        page = f"{address(model, 'changelist')}{key}/change/"
        answer = owner.get(page)
        assert answer.status_code == 302
        assert answer.headers["location"] == "/admin/"

    @pytest.mark.parametrize("chosen", ["\x00", "99999999999999999999", "abc", "1' OR 1=1"])
    @pytest.mark.parametrize("action", ["delete_selected", "no_such_action", ""])
    def test_bears_any_selection(self, owner: Client, model: Any, action: str, chosen: str) -> None:
        count = model.objects.count()
        form = {"action": action, "_selected_action": chosen, "index": "0"}
        answer = owner.post(address(model, "changelist"), form)
        assert answer.status_code in (200, 302)
        assert model.objects.count() == count

    def test_asks_the_database_as_often_for_many_rows_as_for_few(
        self, owner: Client, model: Any
    ) -> None:
        query = {"view": "all"} if model is Conversation else {}
        few = _queries(lambda: owner.get(address(model, "changelist"), query))
        for number in range(2, 12):
            make_another(number)
        many = _queries(lambda: owner.get(address(model, "changelist"), query))
        if model is SavedTest:  # each is decided twice, with its own channel and team
            assert many - few <= 11 * MOST_FOR_A_TEST
            return
        assert many == few


class TestTheConversationPage:
    def test_asks_the_database_as_often_for_a_long_talk_as_for_a_short_one(
        self, owner: Client
    ) -> None:
        make_another(1)
        conversation = Conversation.objects.get()
        page = address(Conversation, "change", conversation.pk)
        short = _queries(lambda: owner.get(page))
        for _ in range(30):
            make_message(conversation=conversation)
        assert _queries(lambda: owner.get(page)) == short


def _queries(call: Callable[[], Any]) -> int:
    """Count the queries of a request, after one that warms what is kept in memory."""
    call()
    with CaptureQueriesContext(connection) as captured:
        call()
    return len(captured)
