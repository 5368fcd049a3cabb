"""What leaves for WhatsApp, directly and through EngageLab, and what is asked of them."""

from dataclasses import replace
from typing import Any

import pytest

from channels.providers.base import (
    ChannelConfig,
    OutboundMedia,
    OutboundMessage,
    OutboundTemplate,
    SendError,
)
from channels.providers.cloud.adapter import CloudAdapter
from channels.providers.engagelab.adapter import EngageLabAdapter
from tests.fake_cloud import CloudFake
from tests.fake_engagelab import EngageLabFake
from tests.fake_json import running

PUBLIC = "https://desk.example.test/webhooks/whatsapp_cloud/t0ken/"
TEMPLATE = OutboundTemplate(
    provider_template_id="7",
    name="order_ready",
    language="en_US",
    variables={"2": "Friday", "1": "Dora", "header.1": "Order 7", "button0.1": "o7"},
)
COMPONENTS = [
    {"type": "header", "parameters": [{"type": "text", "text": "Order 7"}]},
    {
        "type": "body",
        "parameters": [{"type": "text", "text": "Dora"}, {"type": "text", "text": "Friday"}],
    },
    {
        "type": "button",
        "sub_type": "url",
        "index": "0",
        "parameters": [{"type": "text", "text": "o7"}],
    },
]
STORED = [
    {
        "id": "7",
        "name": "order_ready",
        "language": "en_US",
        "category": "UTILITY",
        "status": "APPROVED",
        "components": [
            {"type": "HEADER", "format": "TEXT", "text": "{{1}}"},
            {"type": "BODY", "text": "Dear {{1}}, come on {{2}}."},
            {"type": "FOOTER", "text": "The Shop"},
            {
                "type": "BUTTONS",
                "buttons": [
                    {"type": "URL", "text": "Track", "url": "https://shop.example.com/{{1}}"}
                ],
            },
        ],
    },
    *(
        {"id": status, "name": status.lower(), "language": "de", "status": status}
        for status in ("PENDING", "REJECTED", "PAUSED", "DISABLED", "DELETED", "IN_APPEAL")
    ),
]


def message(text: str = "", *, to: str = "+15550000001", **fields: Any) -> OutboundMessage:
    return OutboundMessage(to_address=to, text=text, status_url="", reference="our-id", **fields)


def picture(content_type: str = "image/png", **fields: Any) -> OutboundMedia:
    return OutboundMedia("https://desk.example.test/f/1", content_type, **fields)


class TestAMessageToCloud:
    @pytest.fixture
    def send(self, cloud_adapter: CloudAdapter, cloud_fake: CloudFake, cloud: ChannelConfig) -> Any:
        def sent(what: OutboundMessage) -> dict[str, Any]:
            receipt = cloud_adapter.send(what, cloud)
            assert cloud_fake.sends[-1]["id"] == receipt.provider_message_id
            content: dict[str, Any] = cloud_fake.sends[-1]["content"]
            return content

        return sent

    def test_is_a_text_with_our_own_id(self, send: Any) -> None:
        assert send(message("Hallo 👋🏽")) == {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": "15550000001",
            "type": "text",
            "text": {"body": "Hallo 👋🏽", "preview_url": False},
            "biz_opaque_callback_data": "our-id",
        }

    def test_goes_to_somebody_who_shows_no_number(self, send: Any) -> None:
        content = send(message("Hi", to="US.1349"))
        assert content["recipient"] == "US.1349"
        assert "to" not in content

    @pytest.mark.parametrize(
        ("content_type", "kind"),
        [
            ("image/jpeg", "image"),
            ("image/png", "image"),
            ("image/gif", "document"),
            ("video/mp4", "video"),
            ("application/pdf", "document"),
            ("text/plain; charset=utf-8", "document"),
        ],
    )
    def test_is_a_file_with_its_text_below(self, send: Any, content_type: str, kind: str) -> None:
        file = picture(content_type, filename="a.pdf")
        content = send(message("Look", media=(file,)))
        assert (content["type"], content[kind]["caption"]) == (kind, "Look")
        assert content[kind]["link"] == file.url
        assert ("filename" in content[kind]) is (kind == "document")

    @pytest.mark.parametrize(
        ("content_type", "kind"), [("audio/ogg", "audio"), ("image/webp", "sticker")]
    )
    def test_is_a_sound_or_a_sticker_without_words(
        self, send: Any, content_type: str, kind: str
    ) -> None:
        assert send(message(media=(picture(content_type),)))["type"] == kind
        with pytest.raises(SendError) as caught:
            send(message("Listen", media=(picture(content_type),)))
        assert (caught.value.outcome, caught.value.code) == ("permanent", "no_caption")

    @pytest.mark.parametrize(
        ("what", "code"),
        [
            (message("x" * 4097), "too_long"),
            (message("x" * 1025, media=(picture(),)), "caption_too_long"),
            (message("x", media=(picture(), picture())), "one_file"),
        ],
    )
    def test_that_whatsapp_would_refuse_is_not_sent(
        self, send: Any, cloud_fake: CloudFake, what: OutboundMessage, code: str
    ) -> None:
        with pytest.raises(SendError) as caught:
            send(what)
        assert (caught.value.outcome, caught.value.code) == ("permanent", code)
        assert not cloud_fake.asked

    def test_is_a_template_with_its_variables_in_their_places(self, send: Any) -> None:
        content = send(message(template=TEMPLATE))
        assert content["template"] == {
            "name": "order_ready",
            "language": {"code": "en_US"},
            "components": COMPONENTS,
        }

    def test_names_the_variables_of_a_template_that_has_names(self, send: Any) -> None:
        template = replace(TEMPLATE, variables={"first_name": "Dora"})
        (body,) = send(message(template=template))["template"]["components"]
        assert body["parameters"][0]["parameter_name"] == "first_name"

    @pytest.mark.parametrize(
        ("code", "status", "outcome", "is_broken"),
        [
            (131047, 400, "permanent", False),
            (131026, 400, "permanent", False),
            (131048, 400, "permanent", False),
            (131049, 400, "permanent", False),
            (130472, 400, "permanent", False),
            (190, 401, "permanent", True),
            (10, 403, "permanent", True),
            (131042, 400, "permanent", True),
            (131056, 400, "retry", False),
            (80007, 400, "retry", False),
            (4, 429, "retry", False),
            (999999, 400, "permanent", False),
            (131016, 503, "unknown", False),
            (131000, 500, "unknown", False),
        ],
    )
    def test_that_is_refused_says_what_that_means(
        self,
        send: Any,
        cloud_fake: CloudFake,
        code: int,
        status: int,
        outcome: str,
        is_broken: object,
    ) -> None:
        cloud_fake.fail_next(status=status, content={"error": {"code": code}})
        with pytest.raises(SendError) as caught:
            send(message("Hi"))
        assert (caught.value.outcome, caught.value.is_channel_broken) == (outcome, is_broken)

    def test_is_sent_again_where_nobody_listened(self, cloud: ChannelConfig) -> None:
        nobody = CloudAdapter(api_base_url="http://127.0.0.1:9/v23.0", timeout_s=(0.5, 0.5))
        with pytest.raises(SendError) as caught:
            nobody.send(message("Hi"), cloud)
        assert (caught.value.outcome, caught.value.code) == ("retry", "no_connection")

    def test_is_in_doubt_where_the_answer_is_no_json_or_names_nothing(
        self, send: Any, cloud_fake: CloudFake
    ) -> None:
        for content in (b"<html>", {"messages": []}):
            cloud_fake.fail_next(status=200, content=content)
            with pytest.raises(SendError) as caught:
                send(message("Hi"))
            assert (caught.value.outcome, caught.value.code) == ("unknown", "unreadable")


class TestAMessageToEngageLab:
    def test_is_a_text_with_our_own_id(
        self,
        engagelab_adapter: EngageLabAdapter,
        engagelab_fake: EngageLabFake,
        engagelab: ChannelConfig,
    ) -> None:
        receipt = engagelab_adapter.send(message("Hi"), engagelab)
        (sent,) = engagelab_fake.sends
        assert sent["id"] == receipt.provider_message_id
        assert sent["content"] == {
            "from": "15550009999",
            "to": ["15550000001"],
            "body": {"type": "text", "text": {"body": "Hi", "preview_url": False}},
            "request_id": "our-id",
            "custom_args": {"relaydesk": "our-id"},
        }

    def test_is_a_template_in_its_own_spelling(
        self,
        engagelab_adapter: EngageLabAdapter,
        engagelab_fake: EngageLabFake,
        engagelab: ChannelConfig,
    ) -> None:
        engagelab_adapter.send(message(template=TEMPLATE), engagelab)
        body = engagelab_fake.sends[0]["content"]["body"]
        assert body["template"]["language"] == "en_US"
        assert body["template"]["components"] == COMPONENTS

    def test_goes_to_numbers_alone(
        self, engagelab_adapter: EngageLabAdapter, engagelab: ChannelConfig
    ) -> None:
        with pytest.raises(SendError) as caught:
            engagelab_adapter.send(message("Hi", to="US.1349"), engagelab)
        assert (caught.value.outcome, caught.value.code) == ("permanent", "not_a_number")

    @pytest.mark.parametrize(
        ("code", "status", "outcome", "is_broken"),
        [
            (2001, 401, "permanent", True),
            (2002, 401, "permanent", True),
            (2004, 403, "permanent", True),
            (3003, 400, "permanent", False),
            (4001, 400, "permanent", False),
            (1000, 500, "unknown", False),
        ],
    )
    def test_that_is_refused_says_what_that_means(
        self,
        engagelab_adapter: EngageLabAdapter,
        engagelab_fake: EngageLabFake,
        engagelab: ChannelConfig,
        code: int,
        status: int,
        outcome: str,
        is_broken: object,
    ) -> None:
        engagelab_fake.fail_next(status=status, content={"code": code, "message": "Refused."})
        with pytest.raises(SendError) as caught:
            engagelab_adapter.send(message("Hi"), engagelab)
        assert (caught.value.outcome, caught.value.is_channel_broken) == (outcome, is_broken)


class TestTemplates:
    def test_are_read_page_by_page_with_their_true_state(
        self, cloud_adapter: CloudAdapter, cloud_fake: CloudFake, cloud: ChannelConfig
    ) -> None:
        cloud_fake.templates = STORED
        first, *others = cloud_adapter.list_templates(cloud)
        assert (first.id, first.name, first.language) == ("7", "order_ready", "en_US")
        assert (first.category, first.status) == ("utility", "approved")
        assert first.body == (
            "{{header.1}}\n\nDear {{1}}, come on {{2}}.\n\nThe Shop\n\n"
            "Track: https://shop.example.com/{{button0.1}}"
        )
        assert first.variables == ("header.1", "1", "2", "button0.1")
        assert {each.name: each.status for each in others} == {
            "pending": "pending",
            "rejected": "rejected",
            "paused": "paused",
            "disabled": "disabled",
            "in_appeal": "pending",
        }

    def test_of_engagelab_are_the_same(
        self,
        engagelab_adapter: EngageLabAdapter,
        engagelab_fake: EngageLabFake,
        engagelab: ChannelConfig,
    ) -> None:
        engagelab_fake.templates = STORED
        assert len(engagelab_adapter.list_templates(engagelab)) == len(STORED) - 1


class TestAFile:
    def test_of_cloud_is_found_by_its_id(
        self, cloud_adapter: CloudAdapter, cloud_fake: CloudFake, cloud: ChannelConfig
    ) -> None:
        cloud_fake.files["77"] = b"bytes"
        source = cloud_adapter.media_source("77", cloud)
        assert source.url == f"{cloud_fake.url}/files/77"
        assert source.headers == {"Authorization": "Bearer the-access-token"}
        assert "the-access-token" not in repr(source)

    @pytest.mark.parametrize("reference", ["", "../me", "7?a=b", "https://example.net/", "x" * 129])
    def test_has_an_id_that_is_nothing_but_an_id(
        self,
        cloud_adapter: CloudAdapter,
        cloud_fake: CloudFake,
        cloud: ChannelConfig,
        reference: str,
    ) -> None:
        with pytest.raises(SendError) as caught:
            cloud_adapter.media_source(reference, cloud)
        assert caught.value.outcome == "permanent"
        assert not cloud_fake.asked

    @pytest.mark.parametrize(
        "url", ["https://lookaside.fbsbx.com.example.net/1", "http://lookaside.fbsbx.com/1", ""]
    )
    def test_is_fetched_with_our_token_from_meta_alone(
        self, cloud: ChannelConfig, cloud_fake: CloudFake, url: str
    ) -> None:
        class Elsewhere(CloudFake):
            def answer(self, asked: Any) -> Any:
                return {"url": url}

        with running(Elsewhere()) as fake:
            adapter = CloudAdapter(api_base_url=fake.api_url)
            with pytest.raises(SendError, match="") as caught:
                adapter.media_source("77", cloud)
        assert caught.value.code == "bad_media_url"

    def test_of_engagelab_is_fetched_without_our_key(
        self, engagelab_adapter: EngageLabAdapter, engagelab: ChannelConfig
    ) -> None:
        source = engagelab_adapter.media_source("https://files.example.com/1", engagelab)
        assert (source.url, source.headers) == ("https://files.example.com/1", {})


class TestTheTestOfAChannel:
    def codes(self, adapter: Any, config: ChannelConfig) -> list[tuple[str, str]]:
        findings = adapter.examine(config, inbound_url=PUBLIC)
        return [(finding.state, finding.code) for finding in findings]

    def test_of_cloud_looks_at_token_number_and_webhook(
        self, cloud_adapter: CloudAdapter, cloud_fake: CloudFake, cloud: ChannelConfig
    ) -> None:
        good = [("ok", "token_accepted"), ("ok", "cloud_number_found")]
        assert self.codes(cloud_adapter, cloud) == [*good, ("ok", "app_subscribed")]
        cloud_fake.apps = [{"override_callback_uri": "https://example.net/"}]
        assert self.codes(cloud_adapter, cloud)[2] == ("failed", "cloud_elsewhere")
        cloud_fake.apps = [{"override_callback_uri": PUBLIC}]
        assert self.codes(cloud_adapter, cloud)[2] == ("ok", "app_subscribed")
        cloud_fake.apps = []
        assert self.codes(cloud_adapter, cloud)[2] == ("failed", "app_not_subscribed")
        bare = replace(cloud, business_account_id="")
        assert self.codes(cloud_adapter, bare)[2] == ("skipped", "account_id_missing")

    def test_of_cloud_names_what_is_wrong(
        self, cloud_adapter: CloudAdapter, cloud: ChannelConfig
    ) -> None:
        wrong = replace(cloud, access_token="another")
        assert self.codes(cloud_adapter, wrong) == [("failed", "190")]
        lost = replace(cloud, phone_number_id="1")
        assert self.codes(cloud_adapter, lost)[1] == ("failed", "number_id_unknown")
        empty = replace(cloud, access_token="")
        assert self.codes(cloud_adapter, empty) == [("failed", "cloud_not_configured")]

    def test_of_engagelab_says_that_nothing_is_signed(
        self, engagelab_adapter: EngageLabAdapter, engagelab: ChannelConfig
    ) -> None:
        assert self.codes(engagelab_adapter, engagelab) == [
            ("ok", "dev_key_accepted"),
            ("warning", "unsigned"),
        ]
        wrong = replace(engagelab, dev_secret="another")
        assert self.codes(engagelab_adapter, wrong) == [("failed", "2001")]
        empty = replace(engagelab, dev_secret="")
        assert self.codes(engagelab_adapter, empty) == [("failed", "engagelab_not_configured")]
