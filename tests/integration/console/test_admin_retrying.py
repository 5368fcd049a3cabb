"""Buttons for a second try: a message that was not delivered, a request in quarantine."""

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from channels.models import Channel, Envelope, EnvelopeOutcome
from conversations.delivery_states import DeliveryStatus
from conversations.models import Conversation, Event, Identity, Message
from conversations.models.message import Direction
from teams.models import User
from tests.console import sign_in
from tests.factories import (
    lose_key,
    make_administrator,
    make_channel,
    make_conversation,
    make_message,
    make_supervisor,
    make_team,
)
from tests.integration.routing.test_quarantine import give_number, misaddress

pytestmark = pytest.mark.django_db
LOG = "/admin/channels/envelope/"


@pytest.fixture
def sachi() -> User:
    return make_supervisor()


@pytest.fixture
def client(sachi: User) -> Client:
    return sign_in(sachi)


@pytest.fixture
def conversation(sachi: User) -> Conversation:
    team = make_team(members=(sachi,))
    return make_conversation(team=team, last_inbound_at=timezone.now())


def make_answer(conversation: Conversation, *, status: str, author: User) -> Message:
    return make_message(
        conversation=conversation,
        body="On its way.",
        author=author,
        direction=Direction.OUTBOUND,
        delivery_status=status,
        error_code="30008",
    )


def page_of(conversation: Conversation) -> str:
    return f"/admin/conversations/conversation/{conversation.pk}/change/"


def retry_of(message: Message) -> str:
    args = [message.conversation_id, message.public_id]
    return reverse("admin:conversations_conversation_retry", args=args)


class TestAMessageThatWasNotDelivered:
    @pytest.fixture
    def failed(self, conversation: Conversation, sachi: User) -> Message:
        return make_answer(conversation, status=DeliveryStatus.FAILED, author=sachi)

    def test_has_a_button(self, client: Client, failed: Message) -> None:
        assert retry_of(failed) in client.get(page_of(failed.conversation)).content.decode()

    def test_is_queued_by_it_and_the_transcript_says_who_did(
        self, client: Client, failed: Message
    ) -> None:
        answer = client.post(retry_of(failed), follow=True)
        failed.refresh_from_db()
        assert failed.delivery_status == "queued"
        text = answer.content.decode()
        assert "The message is sent once more." in text
        assert "An answer that was not delivered is sent once more." in text
        assert "Sachi" in text

    def test_is_left_alone_by_a_look(self, client: Client, failed: Message) -> None:
        answer = client.get(retry_of(failed))
        assert "Send it again?" in answer.content.decode()
        failed.refresh_from_db()
        assert failed.delivery_status == "failed"

    def test_is_queued_once_by_two_presses(self, client: Client, failed: Message) -> None:
        client.post(retry_of(failed))
        text = client.post(retry_of(failed), follow=True).content.decode()
        assert "Nothing was sent" in text
        assert Event.objects.filter(type="message.retried").count() == 1

    def test_has_no_button_where_the_customer_may_not_be_written_to(
        self, client: Client, failed: Message
    ) -> None:
        Identity.objects.update(opted_out_at=timezone.now())
        assert retry_of(failed) not in client.get(page_of(failed.conversation)).content.decode()
        text = client.post(retry_of(failed), follow=True).content.decode()
        assert "asked not to be written to" in text
        failed.refresh_from_db()
        assert failed.delivery_status == "failed"

    def test_is_nobodys_in_another_conversation(self, client: Client, failed: Message) -> None:
        elsewhere = retry_of(failed).replace(
            f"/{failed.conversation_id}/", f"/{make_conversation().pk}/"
        )
        assert client.post(elsewhere).status_code in (302, 404)
        failed.refresh_from_db()
        assert failed.delivery_status == "failed"


class TestAMessageInDoubt:
    def test_goes_out_again_only_when_that_is_confirmed(
        self, client: Client, conversation: Conversation, sachi: User
    ) -> None:
        message = make_answer(conversation, status=DeliveryStatus.UNKNOWN, author=sachi)
        asked = client.post(retry_of(message)).content.decode()
        message.refresh_from_db()
        assert "the customer gets it twice" in asked
        assert message.delivery_status == "unknown"
        client.post(retry_of(message), {"confirmed": "1"})
        message.refresh_from_db()
        assert message.delivery_status == "queued"


class TestARequestInQuarantine:
    @pytest.fixture
    def ada(self) -> User:
        return make_administrator()

    @pytest.fixture
    def client(self, ada: User) -> Client:
        return sign_in(ada)

    @pytest.fixture
    def channel(self) -> Channel:
        channel = make_channel()
        misaddress(channel)
        return channel

    def press(self, client: Client) -> HttpResponse:
        return client.post(f"{LOG}{Envelope.objects.get().pk}/replay/", follow=True)

    def test_is_processed_by_a_button(self, client: Client, channel: Channel, ada: User) -> None:
        page = reverse("admin:channels_envelope_change", args=[Envelope.objects.get().pk])
        assert "Process again" in client.get(page).content.decode()
        give_number(channel)
        text = self.press(client).content.decode()
        assert "The message is stored." in text
        assert "Process again" not in client.get(page).content.decode()
        assert Event.objects.get(type="message.replayed").actor == ada
        history = client.get(page.replace("change", "history")).content.decode()
        assert "Processed again: stored" in history
        assert "Ada" in history
        conversation = Conversation.objects.get()
        assert "out of quarantine" in client.get(page_of(conversation)).content.decode()

    def test_says_why_it_stays(self, client: Client, channel: Channel) -> None:
        text = self.press(client).content.decode()
        assert "It stays in quarantine: It is for another number" in text
        lose_key(channel)
        assert "auth token cannot be read" in self.press(client).content.decode()

    def test_is_processed_once(self, client: Client, channel: Channel) -> None:
        give_number(channel)
        self.press(client)
        assert "somebody processed it just now" in self.press(client).content.decode()
        assert Message.objects.count() == 1

    def test_is_left_alone_by_a_look(self, client: Client, channel: Channel) -> None:
        give_number(channel)
        answer = client.get(f"{LOG}{Envelope.objects.get().pk}/replay/")
        assert "Process again?" in answer.content.decode()
        assert not Message.objects.exists()

    def test_is_processed_with_others(self, client: Client, channel: Channel) -> None:
        Envelope.objects.create(
            channel=channel,
            dedupe_key="signature:1",
            raw_body=b"\xff\x00",
            outcome=EnvelopeOutcome.QUARANTINED,
            reason="unparseable",
            received_at=timezone.now(),
        )
        give_number(channel)
        chosen = [str(pk) for pk in Envelope.objects.values_list("pk", flat=True)]
        form = {"action": "process_again", "_selected_action": chosen, "index": "0"}
        text = client.post(LOG, form, follow=True).content.decode()
        assert "1 of 2 requests were stored" in text
        again = client.post(LOG, {**form, "_selected_action": chosen[1:]}, follow=True)
        assert "none of the chosen requests is in quarantine" in again.content.decode()

    @pytest.mark.parametrize("key", ["0", "nonsense", "%00", "9" * 30])
    def test_bears_any_key(self, client: Client, key: str) -> None:
        assert client.post(f"{LOG}{key}/replay/").status_code == 404

    def test_is_no_affair_of_supervisors(self, channel: Channel, sachi: User) -> None:
        assert self.press(sign_in(sachi)).status_code == 403
