"""`manage.py simulate`: one message through the real door, and the story of its decision."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from channels.models import Envelope, Provider
from conversations.actors import Actor
from conversations.models import Conversation, Message
from conversations.services import lifecycle
from tests.factories import (
    lose_key,
    make_agent,
    make_channel,
    make_flow,
    make_rule,
    make_team,
)


def simulate(*args):
    out = StringIO()
    call_command("simulate", *args, stdout=out)
    return out.getvalue()


def make_simulator(name="Simulator", **fields):
    return make_channel(name=name, provider=Provider.SIMULATOR, **fields)


@pytest.mark.django_db
class TestSimulate:
    def test_prints_why_the_person_was_chosen(self):
        alice = make_agent(name="Alice")
        team = make_team(name="Support", members=(alice,))
        make_rule(name="Refunds", team=team, conditions=(("message.text", "contains", "返金"),))
        make_simulator()

        story = simulate("返金できますか?")

        assert "Why Alice?" in story
        assert "Rule “Refunds” matched: the message contains 返金." in story
        assert Conversation.objects.get().assignee == alice
        assert Envelope.objects.get().signature

    def test_writes_from_the_number_and_to_the_channel_that_were_named(self):
        make_simulator("A first one")
        tokyo = make_simulator("WhatsApp Tokyo")

        simulate("Hello", "--as", "+81 90 0000 0042", "--name", "Dora", "--channel", tokyo.name)

        message = Message.objects.get()
        assert message.channel == tokyo
        assert message.conversation.contact.name == "Dora"
        assert message.conversation.identity.address == "+819000000042"

    def test_says_which_flow_talks(self):
        channel = make_simulator()
        make_flow(name="Orders", steps=[{"name": "Hi", "kind": "message", "text": "Hi!"}])
        ask = {"name": "Ask", "kind": "question", "text": "Which?", "answer_as": "order"}
        make_flow(name="Refunds", trigger="contains", words=("refund",), steps=[ask])

        story = simulate("A refund, please", "--as", "+819000000042")
        assert "with Refunds" in story
        assert "“Refunds”" in story
        held = Conversation.objects.get(channel=channel)
        assert held.status == "bot"

        answer = simulate("4711", "--as", "+819000000042")
        assert f"Follow-up in conversation #{held.pk}" in answer
        assert "with Refunds" in answer

    def test_says_that_nobody_has_it(self):
        make_simulator()

        assert "with nobody" in simulate("Hello")

    def test_says_that_a_second_message_goes_on_in_the_same_conversation(self):
        make_simulator(agents=(make_agent(name="Alice"),))

        first, second = simulate("Hello"), simulate("Are you there?")

        number = Conversation.objects.get().pk
        assert f"New conversation #{number}" in first
        assert "Why Alice?" in first
        assert f"Follow-up in conversation #{number}" in second
        assert "with Alice" in second
        assert "Why Alice?" not in second
        assert "--as" in second

    def test_says_that_a_conversation_came_back(self):
        alice = make_agent(name="Alice")
        make_simulator(agents=(alice,), has_survey=True)
        simulate("Hello")
        lifecycle.resolve(
            Conversation.objects.get(), actor=Actor.person(alice.pk, "Alice"), now=timezone.now()
        )

        story = simulate("It broke again")

        assert "decided anew" in story
        assert "Why Alice?" in story

    def test_tells_its_story_in_another_language(self):
        make_simulator()

        assert simulate("Hello", "--lang", "ja")

    def test_fails_when_the_door_refuses(self):
        make_simulator()

        with pytest.raises(CommandError, match="403"):
            simulate("Hello", "--forged")

        assert not Message.objects.exists()

    def test_fails_without_a_simulator_channel(self):
        make_channel(name="WhatsApp Berlin")

        with pytest.raises(CommandError, match="no simulator channel"):
            simulate("Hello")

    def test_fails_where_the_secret_cannot_be_read(self):
        lose_key(make_simulator())

        with pytest.raises(CommandError, match="enter it anew"):
            simulate("Hello")

    def test_names_the_channels_that_there_are(self):
        make_simulator("WhatsApp Tokyo")

        with pytest.raises(CommandError, match="WhatsApp Tokyo"):
            simulate("Hello", "--channel", "WhatsApp Osaka")

    @pytest.mark.parametrize("number", ["12", "090-0000-0000", "+0123456789", "alice"])
    def test_refuses_what_is_no_number(self, number):
        make_simulator()

        with pytest.raises(CommandError, match="--as"):
            simulate("Hello", f"--as={number}")

    def test_fails_when_nobody_answers_over_the_network(self, settings):
        settings.PUBLIC_BASE_URL = "http://127.0.0.1:9"
        make_simulator()

        with pytest.raises(CommandError, match="Nobody answers"):
            simulate("Hello", "--http")


@pytest.mark.django_db(transaction=True)
class TestSimulateOverHttp:
    def test_reaches_a_running_server(self, live_server, settings):
        settings.PUBLIC_BASE_URL = live_server.url
        make_simulator(agents=(make_agent(name="Alice"),))

        assert "Why Alice?" in simulate("Hello", "--http")
