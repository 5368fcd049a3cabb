"""Every kind of WhatsApp message as people read it, and nothing of it as markup."""

import json

import pytest

from conversations.models import Conversation, Message
from tests.console import sign_in
from tests.factories import make_supervisor
from tests.provider_kits import open_kit

pytestmark = pytest.mark.django_db
SENDER = "15550000001"
CARDS = [
    {"name": {"formatted_name": "Apple <Inc>"}, "phones": [{"phone": "+911800"}]},
    {"name": {"formatted_name": "Chen"}, "phones": [{"phone": "+1 415"}, {"phone": "+1 416"}]},
]
ITEM = {"product_retailer_id": "bell-7", "quantity": 2, "item_price": 9.5, "currency": "EUR"}
FORM = {"flow_token": "AQAA", "delivery_rating": "4", "comment_text": "<i>Good</i>", "ok": True}
KINDS = [
    (
        {"type": "contacts", "contacts": CARDS},
        ["Contact card:", "<b>Apple &lt;Inc&gt;</b> +911800", "<b>Chen</b> +1 415, +1 416"],
    ),
    (
        {"type": "order", "order": {"catalog_id": "c1", "text": "Fast!", "product_items": [ITEM]}},
        ["Fast!\n2 × bell-7 (9.5 EUR)", "Ordered from the catalogue <code>c1</code>"],
    ),
    (
        {
            "type": "interactive",
            "interactive": {
                "type": "nfm_reply",
                "nfm_reply": {"name": "flow", "body": "Sent", "response_json": json.dumps(FORM)},
            },
        },
        [
            "Filled in a form",
            "<dt>delivery rating</dt><dd>4</dd>",
            "<dd>&lt;i&gt;Good&lt;/i&gt;</dd>",
            "<dt>ok</dt><dd>true</dd>",
        ],
    ),
    (
        {
            "type": "edit",
            "edit": {
                "original_message_id": "w0",
                "message": {"type": "text", "text": {"body": "Better words"}},
            },
        },
        ["Better words", "New words for an earlier message"],
    ),
    (
        {"type": "unsupported", "unsupported": {"type": "pool"}, "errors": [{"code": 131051}]},
        ["WhatsApp does not hand this kind of message on.", "<code>pool</code>"],
    ),
    (
        {
            "type": "location",
            "location": {"latitude": 37.46, "longitude": -122.2, "name": "HQ", "address": "1 Way"},
        },
        ["<b>HQ</b>", "mlat=37.46&amp;mlon=-122.2"],
    ),
    (
        {
            "type": "text",
            "text": {"body": "Look"},
            "context": {"forwarded": True, "frequently_forwarded": True},
        },
        ["Forwarded many times"],
    ),
]


@pytest.fixture
def cloud(settings, language_en):
    with open_kit("whatsapp_cloud", settings) as kit:
        yield kit


def says(cloud, channel, message_id="w1", **said):
    item = {"from": SENDER, "id": message_id, "timestamp": "1731672268", **said}
    assert cloud.post(channel, cloud.fake.write(item)).status_code == 200


def page(view=""):
    conversation = Conversation.objects.get()
    address = "/admin/conversations/conversation/"
    address += view or f"{conversation.pk}/change/"
    return sign_in(make_supervisor()).get(address).content.decode()


class TestTheTranscript:
    @pytest.mark.parametrize(("said", "words"), KINDS, ids=[said["type"] for said, _ in KINDS])
    def test_tells_it_in_words(self, cloud, said, words):
        says(cloud, cloud.channel(), **said)
        text = page()
        for each in words:
            assert each in text
        assert "AQAA" not in text

    @pytest.mark.parametrize("given", ["not JSON", "[1]", "[" * 5000, '"x"', ""])
    def test_shows_a_form_that_it_cannot_read_as_it_is(self, cloud, given):
        reply = {"type": "nfm_reply", "nfm_reply": {"response_json": given, "body": "Sent"}}
        says(cloud, cloud.channel(), type="interactive", interactive=reply)
        assert "Filled in a form" in page()

    def test_quotes_the_message_that_is_answered(self, cloud):
        channel = cloud.channel()
        says(cloud, channel, type="text", text={"body": "Where is <my> order?"})
        says(cloud, channel, "w2", type="text", text={"body": "This one"}, context={"id": "w1"})
        assert "<q>Where is &lt;my&gt; order?</q>" in page()

    def test_shows_a_reaction_and_what_was_taken_back(self, cloud):
        channel = cloud.channel()
        says(cloud, channel, type="text", text={"body": "My card is 4111"})
        says(cloud, channel, "w2", type="reaction", reaction={"message_id": "w1", "emoji": "😮"})
        says(cloud, channel, "w3", type="revoke", revoke={"original_message_id": "w1"})
        assert Message.objects.count() == 1
        text = page()
        assert "s reaction: </span>😮" in text
        assert "Taken back by the customer, " in text
        assert "My card is 4111" in text


class TestTheList:
    @pytest.mark.parametrize(
        ("said", "words"),
        [
            ({"type": "unsupported"}, "(a kind of message that WhatsApp keeps back)"),
            (
                {"type": "interactive", "interactive": {"type": "nfm_reply", "nfm_reply": {}}},
                "(a form)",
            ),
            ({"type": "image", "image": {"id": "1", "mime_type": "image/png"}}, "(attachment)"),
        ],
    )
    def test_says_what_came_without_words(self, cloud, said, words):
        says(cloud, cloud.channel(), **said)
        assert words in page("?view=all")
