"""Templates: fetched with their approval, sent filled, and the way out after the 24 hours."""

from datetime import timedelta

import pytest

from channels.models import Template
from channels.services import templates
from conversations.models import Message
from conversations.services import delivery
from tests.console import sign_in
from tests.factories import make_administrator, make_agent, make_channel, make_conversation
from tests.fake_twilio import running
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = pytest.mark.django_db


def content(number, *, status="approved", body="Hi {{1}}, your order leaves at {{2}}.", **approval):
    return {
        "sid": "HX" + str(number) * 32,
        "friendly_name": f"order_{number}",
        "language": "en",
        "variables": {"1": "Ana", "2": "12:00"} if "{{" in body else {},
        "types": {"twilio/text": {"body": body}},
        "approval_requests": {"status": status, "category": "UTILITY", **approval},
        "account_sid": "AC" + "0" * 32,
        "date_created": "2026-11-01T00:00:00Z",
        "date_updated": "2026-11-01T00:00:00Z",
        "url": "",
        "links": {},
    }


@pytest.fixture
def twilio(settings):
    with running() as fake:
        settings.TWILIO_API_BASE_URL = fake.url
        fake.store.contents = [
            content(1),
            content(2, status="rejected", rejection_reason="Too salesy", body="Buy!"),
        ]
        yield fake


@pytest.fixture
def conversation(twilio):
    found = make_conversation(channel=make_channel(), last_inbound_at=MORNING - timedelta(days=3))
    templates.sync(found.channel, now=MORNING)
    return found


class TestSyncing:
    def test_takes_over_the_true_state(self, conversation):
        approved, rejected = Template.objects.order_by("name")
        assert (approved.status, approved.category) == ("approved", "utility")
        assert approved.body == "Hi {{1}}, your order leaves at {{2}}."
        assert approved.variables == ["1", "2"]
        assert (rejected.status, rejected.reason) == ("rejected", "Too salesy")

    def test_again_changes_what_changed_and_lets_go_of_the_rest(self, twilio, conversation):
        twilio.store.contents = [content(1, status="paused")]

        synced = templates.sync(conversation.channel, now=MORNING + timedelta(hours=1))

        assert (synced.found, synced.removed) == (1, 1)
        assert Template.objects.get(removed_at=None).status == "paused"

    def test_is_a_button_for_administrators(self, conversation):
        Template.objects.all().delete()
        client = sign_in(make_administrator())

        assert "Sync now" in client.get("/admin/channels/template/").content.decode()
        client.post("/admin/channels/template/sync/")

        page = client.get("/admin/channels/template/").content.decode()
        assert "order_1" in page
        assert "Too salesy" in page
        assert "2 templates" in page


class TestOverTheApi:
    def address(self, conversation):
        return f"conversations/{conversation.public_id}/messages/"

    def test_are_listed(self, api, conversation):
        rows = api.get("templates/?status=approved").json()["data"]

        assert [(row["name"], row["variables"]) for row in rows] == [("order_1", ["1", "2"])]

    def test_go_out_after_the_24_hours(self, api, twilio, conversation):
        template = Template.objects.get(status="approved")
        free = api.post(self.address(conversation), {"body": "Hello"})
        assert (free.status_code, free.json()["code"]) == (409, "message.template_required")

        answer = api.post(
            self.address(conversation),
            {"template": str(template.public_id), "variables": {"1": "Dora", "2": "15:00"}},
        )

        assert answer.status_code == 202
        assert answer.json()["body"] == "Hi Dora, your order leaves at 15:00."
        assert answer.json()["kind"] == "template"
        message = Message.objects.get()
        delivery.send_next(now=message.created_at)
        message.refresh_from_db()
        assert (message.delivery_status, message.error_code) == ("sent", "")
        assert twilio.messages[0]["content_sid"] == template.provider_template_id
        assert twilio.messages[0]["body"] == message.body

    @pytest.mark.parametrize(
        ("change", "variables", "code"),
        [
            ({}, {"1": "Dora"}, "template.values"),
            ({}, {"1": "Dora", "2": "a\nb"}, "template.values"),
            ({"status": "paused"}, {"1": "Dora", "2": "b"}, "template.not_approved"),
        ],
    )
    def test_are_refused(self, api, conversation, change, variables, code):
        template = Template.objects.get(status="approved")
        Template.objects.filter(pk=template.pk).update(**change)

        answer = api.post(
            self.address(conversation),
            {"template": str(template.public_id), "variables": variables},
        )

        assert (answer.status_code, answer.json()["code"]) == (409, code)

    def test_belong_to_the_channel(self, api, conversation):
        other = make_conversation(channel=make_channel(name="Other"))
        template = Template.objects.get(status="approved")

        answer = api.post(self.address(other), {"template": str(template.public_id)})

        assert answer.status_code == 422
        assert "template" in answer.json()["fields"]

    @pytest.mark.parametrize("body", [{}, {"body": "a", "variables": {}}])
    def test_or_a_text_it_must_be(self, api, conversation, body):
        assert api.post(self.address(conversation), body).status_code == 422


class TestInTheConsole:
    def at(self, conversation, name):
        return f"/admin/conversations/conversation/{conversation.pk}/{name}/"

    def test_are_the_way_out_after_the_24_hours(self, twilio, conversation):
        client = sign_in(make_administrator())
        page = client.get(self.at(conversation, "change")).content.decode()
        assert self.at(conversation, "template") in page

        chosen = Template.objects.get(status="approved")
        page = client.get(self.at(conversation, "template")).content.decode()
        assert "order_1" in page
        assert "order_2" not in page
        page = client.get(
            self.at(conversation, "template"), {"template": chosen.public_id}
        ).content.decode()
        key = page.split('name="key" value="')[1].split('"')[0]
        fields = {"template": chosen.public_id, "key": key, "value-1": "Dora", "value-2": "15:00"}
        preview = client.post(self.at(conversation, "template"), {**fields, "preview": "1"})
        assert "Hi Dora, your order leaves at 15:00." in preview.content.decode()
        assert not Message.objects.exists()

        for _ in range(2):
            client.post(self.at(conversation, "template"), {**fields, "send": "1"})

        message = Message.objects.get()
        delivery.send_next(now=message.created_at)
        assert len(twilio.messages) == 1
        page = client.get(self.at(conversation, "change")).content.decode()
        assert "Hi Dora, your order leaves at 15:00." in page

    def test_are_offered_beside_what_failed_for_it(self, conversation):
        Message.objects.create(
            conversation=conversation,
            channel=conversation.channel,
            sequence=1,
            direction="outbound",
            author_kind="agent",
            author=make_agent(),
            body="Hello",
            delivery_status="failed",
            error_code="63016",
            error_detail="More than 24 hours passed.",
            created_at=MORNING,
        )
        page = sign_in(make_administrator()).get(self.at(conversation, "change"))
        assert "Send as template" in page.content.decode()

    def test_need_each_placeholder(self, conversation):
        chosen = Template.objects.get(status="approved")
        client = sign_in(make_administrator())

        answer = client.post(
            self.at(conversation, "template"),
            {"template": chosen.public_id, "key": chosen.public_id, "value-1": "D", "send": "1"},
        )

        assert "refuses the message" in answer.content.decode()
        assert not Message.objects.exists()
