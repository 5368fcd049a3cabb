"""Whom a flow talks with, or names, becomes another while it runs: it goes on all the same."""

import pytest
import time_machine

from conversations.actors import Actor
from conversations.models import Contact, Conversation, Identity, Message
from conversations.services import merging
from routing.models import FlowRun, RunProblem
from routing.services import flows, leaving
from tests.doors import customer_writes
from tests.factories import make_agent, make_channel, make_contact, make_flow, make_team
from tests.fake_cloud import text_message
from tests.moments import WEDNESDAY_MORNING as MORNING
from tests.provider_kits import open_kit
from tests.settle import settle

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system()
ASK = {"name": "Ask", "kind": "question", "text": "Which order?", "answer_as": "order"}
NOTE = {"name": "Note", "kind": "update_contact", "attributes": {"order": "{{order}}"}}
OLD, NEW = "+15550000001", "+15550000002"
AT = str(int(MORNING.timestamp()))


@pytest.fixture(autouse=True)
def _clock_stands(db, language_en):
    with time_machine.travel(MORNING, tick=False):
        yield


@pytest.fixture
def support():
    return make_team(members=(make_agent(name="Bob"),))


def steps(team):
    return [ASK, NOTE, {"name": "Support", "kind": "team", "team": str(team.public_id)}]


def assert_went_on(contact):
    """The answer was heard in the same conversation, and noted on whoever it belongs to now."""
    run = FlowRun.objects.get()
    assert (run.status, run.answers, run.problem) == ("completed", {"order": "4711"}, "")
    contact.refresh_from_db()
    assert contact.attributes == {"order": "4711"}
    conversation = Conversation.objects.get(pk=run.conversation_id)
    assert (conversation.contact, conversation.assignee.name) == (contact, "Bob")
    assert Message.objects.filter(direction="outbound").count() == 1


class TestARun:
    def test_goes_on_with_the_contact_into_whom_its_own_was_merged(self, support):
        channel = make_channel(provider="simulator")
        make_flow(steps=steps(support), channels=(channel,))
        customer_writes(channel, "hello", address=OLD)
        settle(now=MORNING)
        chen = make_contact(name="Chen")
        merging.merge(Conversation.objects.get().contact, into=chen, actor=SYSTEM, now=MORNING)

        customer_writes(channel, "4711", address=OLD)
        settle(now=MORNING)
        assert_went_on(chen)

    def test_goes_on_where_the_customer_has_a_new_number(self, settings, support):
        with open_kit("whatsapp_cloud", settings) as cloud:
            channel = cloud.channel()
            make_flow(steps=steps(support), channels=(channel,))
            cloud.post(
                channel,
                cloud.fake.write(
                    text_message("hello", message_id="wamid.first", sender=OLD[1:], timestamp=AT)
                ),
            )
            settle(now=MORNING)
            said = {
                "from": OLD[1:],
                "id": "wamid.system",
                "type": "system",
                "system": {"type": "user_changed_number", "wa_id": NEW[1:], "body": "changed"},
                "timestamp": AT,
            }
            cloud.post(channel, cloud.fake.write(said))
            assert Identity.objects.get().address == NEW

            answer = text_message("4711", message_id="wamid.answer", sender=NEW[1:], timestamp=AT)
            cloud.post(channel, cloud.fake.write(answer))
            settle(now=MORNING)
        assert_went_on(Contact.objects.get())

    def test_gives_what_was_meant_for_somebody_who_left_to_the_channel(self):
        bob, alice = make_agent(name="Bob"), make_agent(name="Alice")
        channel = make_channel(provider="simulator", agents=(alice,))
        to_bob = {"name": "Bob", "kind": "person", "person": str(bob.public_id)}
        flow = make_flow(steps=[to_bob], channels=(channel,))
        flows.switch_off(flow, now=MORNING)
        leaving.leave(bob, actor=SYSTEM, now=MORNING)
        flows.switch_on(flow, now=MORNING)

        customer_writes(channel, "hello", address=OLD)
        settle(now=MORNING)
        run = FlowRun.objects.get()
        assert (run.status, run.problem) == ("completed", RunProblem.TARGET_GONE)
        assert Conversation.objects.get().assignee == alice
