"""Snoozing and labelling on the page of a conversation."""

from datetime import timedelta

import pytest
import time_machine

from conversations.actors import Actor
from conversations.models import Conversation, Event
from conversations.services import lifecycle
from conversations.states import Status
from tests.console import sign_in
from tests.factories import make_contact, make_conversation, make_supervisor
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = pytest.mark.django_db
LIST = "/admin/conversations/conversation/"
SYSTEM = Actor.system()


@pytest.fixture
def client():
    return sign_in(make_supervisor(time_zone="Asia/Tokyo"))


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(MORNING, tick=False):
        yield


def at(conversation, name):
    return f"{LIST}{conversation.pk}/{name}/"


class TestSnoozing:
    def test_offers_the_usual_times_by_the_persons_own_clock(self, client):
        page = client.get(at(make_conversation(), "snooze")).content.decode()
        assert page.count('type="radio"') == 5
        # It is 18:00 in Tokyo.
        assert "Nov. 18, 2026, 7 p.m." in page
        assert "Nov. 19, 2026, 9 a.m." in page
        assert "Nov. 23, 2026, 9 a.m." in page

    @pytest.mark.parametrize(
        ("choice", "until"),
        [
            ("hour", "2026-11-18T10:00:00+00:00"),
            ("tomorrow", "2026-11-19T00:00:00+00:00"),
            ("monday", "2026-11-23T00:00:00+00:00"),
            ("customer", None),
        ],
    )
    def test_sets_it_aside(self, client, choice, until):
        conversation = make_conversation()
        answer = client.post(at(conversation, "snooze"), {"until": choice}, follow=True)
        conversation.refresh_from_db()
        due = conversation.snooze_due_at
        assert conversation.status == Status.SNOOZED
        assert (due and due.isoformat()) == until
        assert "Set aside until" in answer.content.decode()
        assert Event.objects.latest("pk").actor_label == "Sachi"

    def test_takes_any_date_by_the_persons_own_clock(self, client):
        conversation = make_conversation()
        client.post(at(conversation, "snooze"), {"until": "date", "at": "2026-11-20T10:30"})
        conversation.refresh_from_db()
        assert conversation.snooze_due_at.isoformat() == "2026-11-20T01:30:00+00:00"

    @pytest.mark.parametrize("when", ["", "2026-11-18T17:59", "2028-01-01T00:00", "soon"])
    def test_asks_again_where_the_date_is_none(self, client, when):
        conversation = make_conversation()
        answer = client.post(at(conversation, "snooze"), {"until": "date", "at": when})
        assert answer.status_code == 200
        assert "errorlist" in answer.content.decode()
        conversation.refresh_from_db()
        assert conversation.status == Status.NEW

    def test_of_what_is_over_says_why_nothing_happened(self, client):
        conversation = make_conversation()
        lifecycle.resolve(conversation, actor=SYSTEM, now=MORNING)
        answer = client.post(at(conversation, "snooze"), {"until": "hour"}, follow=True)
        assert "Nothing was changed" in answer.content.decode()

    def test_shows_in_a_view_of_its_own_and_on_the_page_until_when(self, client):
        conversation = make_conversation(contact=make_contact(name="Dora"))
        until = MORNING + timedelta(hours=1)
        lifecycle.snooze(conversation, until=until, actor=SYSTEM, now=MORNING)
        assert "Dora" in client.get(f"{LIST}?view=snoozed").content.decode()
        assert "Dora" not in client.get(f"{LIST}?view=open").content.decode()
        page = client.get(at(conversation, "change")).content.decode()
        assert "until Nov. 18, 2026, 7 p.m." in page
        assert 'href="' + at(conversation, "snooze") not in page


class TestLabelling:
    def test_saves_tags_and_priority_and_tells_of_both(self, client):
        conversation = make_conversation(tags=["old"])
        given = {"tags": "vip, 返金、vip ,", "priority": "10", "version": "1"}
        client.post(at(conversation, "labels"), given)
        conversation.refresh_from_db()
        assert (conversation.tags, conversation.priority) == (["vip", "返金"], 10)
        told = list(Event.objects.values_list("type", "data"))
        assert told == [
            ("conversation.tags_changed", {"from": ["old"], "to": ["vip", "返金"]}),
            ("conversation.priority_changed", {"from": 0, "to": 10}),
        ]

    def test_overwrites_nobody_elses_change(self, client):
        conversation = make_conversation(tags=["mine"])
        Conversation.objects.update(tags=["theirs"], version=2)
        given = {"tags": "vip", "priority": "0", "version": "1"}
        answer = client.post(at(conversation, "labels"), given, follow=True)
        assert "somebody else changed this conversation" in answer.content.decode()
        conversation.refresh_from_db()
        assert conversation.tags == ["theirs"]

    def test_leaves_a_closed_one_as_it_is(self, client):
        conversation = make_conversation(status=Status.CLOSED)
        assert at(conversation, "labels") not in client.get(at(conversation, "change")).text
        given = {"tags": "vip", "priority": "0", "version": "1"}
        client.post(at(conversation, "labels"), given)
        conversation.refresh_from_db()
        assert conversation.tags == []

    @pytest.mark.parametrize(
        "given", [{"tags": "x" * 65}, {"priority": "101"}, {"priority": ""}, {"version": "x"}]
    )
    def test_asks_again_where_something_is_wrong(self, client, given):
        conversation = make_conversation()
        filled = {"tags": "vip", "priority": "0", "version": "1", **given}
        assert client.post(at(conversation, "labels"), filled).status_code == 200
        assert not Event.objects.exists()
