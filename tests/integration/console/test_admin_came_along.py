"""What came along with a customer's message is told in the transcript, each kind in its words."""

from typing import Any

import pytest

from channels.addresses import inbound_url
from channels.providers import config_of
from channels.providers.signing import build_signed_form
from channels.providers.simulator import message_fields, new_message_sid
from conversations.models import Contact, Conversation, Message, PossibleDuplicate
from tests.console import sign_in
from tests.doors import knock
from tests.factories import make_administrator, make_api_key, make_channel
from tests.integration.api.conftest import ApiCaller

pytestmark = pytest.mark.django_db


def write(text: str = "Hi", **fields: str) -> Conversation:
    channel = make_channel()
    config, url = config_of(channel), inbound_url(channel)
    sent = message_fields(config, address="+819000000001", text=text, message_sid=new_message_sid())
    assert knock(url, *build_signed_form(config, url=url, fields=sent | fields)).status_code == 200
    return Conversation.objects.get()


def transcript(conversation: Conversation) -> str:
    page = f"/admin/conversations/conversation/{conversation.pk}/change/"
    return str(sign_in(make_administrator()).get(page).content.decode())


PLACE = {
    "Latitude": "35.6586",
    "Longitude": "139.7454",
    "Label": "Tokyo Tower",
    "Address": "4 Shibakoen",
}


class TestTheTranscript:
    @pytest.mark.parametrize(
        ("fields", "words"),
        [
            (PLACE, "Tokyo Tower"),
            (PLACE, "mlat=35.6586&amp;mlon=139.7454"),
            ({"ButtonText": "Yes", "ButtonPayload": "yes-1"}, "Pressed the button “Yes”"),
            ({"ListTitle": "Refund", "ListId": "r1"}, "Picked “Refund” from a list"),
            (
                {"OriginalRepliedMessageSid": "SM" + "1" * 32},
                "An answer to an earlier message",
            ),
            (
                {"ReferralSourceId": "123", "ReferralHeadline": "Summer sale"},
                "Came from an advertisement",
            ),
            ({"OptOutType": "STOP"}, "Twilio took this as STOP"),
            ({"Forwarded": "true"}, "Forwarded"),
            ({"Forwarded": "true", "FrequentlyForwarded": "true"}, "Forwarded many times"),
            ({"ProfileUsername": "dora"}, "@dora"),
            ({"AddOns": '{"results": {"twilio_carrier_info": {}}}'}, "twilio_carrier_info"),
        ],
    )
    def test_tells_what_came_along(self, fields: dict[str, str], words: str) -> None:
        assert words in transcript(write(**fields))

    @pytest.mark.parametrize(
        "fields",
        [
            {"Forwarded": "false", "FrequentlyForwarded": "false"},
            {"ReferralNumMedia": "0"},
            {"ReferralCtwaClid": "AfjyUDlaIoiweZDnlzmDTEaG"},
            {"AddOns": '{"status":"successful","results":{}}'},
            {"AddOns": "not JSON"},
            {"AddOns": "[1]"},
            {"AddOns": '{"results": [' * 500},
        ],
    )
    def test_says_nothing_where_there_is_nothing(self, fields: dict[str, str]) -> None:
        conversation = write(**fields)
        assert Message.objects.get().media == []
        assert 'class="along"' not in transcript(conversation)

    def test_shows_nothing_of_a_stranger_as_markup(self) -> None:
        text = transcript(write(**{**PLACE, "Label": "<b>x"}))
        assert "<b>x" not in text.replace("<b>&lt;b&gt;x", "")

    def test_names_a_possible_duplicate(self, now: Any) -> None:
        conversation = write()
        other = Contact.objects.create(name="Dora Two", created_at=now)
        PossibleDuplicate.objects.create(contact=other, other=conversation.contact, noted_at=now)
        text = transcript(conversation)
        assert "Possible duplicate" in text
        assert "Dora Two" in text


class TestTheApi:
    def test_has_the_same(self) -> None:
        conversation = write(**PLACE, Forwarded="true")
        caller = ApiCaller(make_api_key(user=make_administrator()))

        answer = caller.get(f"conversations/{conversation.public_id}/messages/")

        media = answer.json()["data"][0]["media"]
        assert {"kind": "forwarded", "times": "some"} in media
        assert media[0]["label"] == "Tokyo Tower"
