"""The inbound log and the ratings: what came, as it came."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from channels.models import Channel, Envelope, EnvelopeOutcome
from conversations.models import Survey, SurveyStatus
from tests.console import sign_in
from tests.doors import customer_writes
from tests.factories import (
    make_administrator,
    make_agent,
    make_channel,
    make_conversation,
    make_supervisor,
    make_team,
)

pytestmark = pytest.mark.django_db
LOG = "/admin/channels/envelope/"
RATINGS = "/admin/conversations/survey/"


@pytest.fixture
def client() -> Client:
    return sign_in(make_administrator())


class TestTheInboundLog:
    def test_shows_a_request_field_by_field(self, client: Client) -> None:
        customer_writes(make_channel(), "Hello <b>there</b>")
        envelope = Envelope.objects.get()
        text = client.get(
            reverse("admin:channels_envelope_change", args=[envelope.pk])
        ).content.decode()
        assert "Hello &lt;b&gt;there&lt;/b&gt;" in text
        assert "<b>there</b>" not in text

    def test_bears_bytes_that_are_no_text(self, client: Client) -> None:
        channel: Channel = make_channel()
        envelope = Envelope.objects.create(
            channel=channel,
            dedupe_key="signature:1",
            raw_body=b"\xff\xfe\x00<script>",
            content_type="application/x-www-form-urlencoded",
            outcome=EnvelopeOutcome.QUARANTINED,
            reason="unparseable",
            received_at=timezone.now(),
        )
        answer = client.get(reverse("admin:channels_envelope_change", args=[envelope.pk]))
        assert answer.status_code == 200
        assert b"<script>" not in answer.content.split(b"</head>")[1]
        listed = client.get(LOG, {"outcome__exact": "quarantined"})
        assert "unparseable" in listed.content.decode()

    @pytest.mark.parametrize("outcome", EnvelopeOutcome)
    def test_has_a_word_for_every_result(self, client: Client, outcome: EnvelopeOutcome) -> None:
        customer_writes(make_channel(), "Hello")
        Envelope.objects.update(outcome=outcome)
        assert str(outcome.label) in client.get(LOG).content.decode()

    def test_is_only_read(self, client: Client) -> None:
        customer_writes(make_channel(), "Hello")
        page = reverse("admin:channels_envelope_change", args=[Envelope.objects.get().pk])
        assert client.post(page, {"reason": "x"}).status_code == 403
        assert client.get(f"{LOG}add/").status_code == 403

    def test_is_no_affair_of_supervisors(self) -> None:
        assert sign_in(make_supervisor()).get(LOG).status_code == 403


class TestTheRatings:
    def make(self, **fields: object) -> Survey:
        conversation = make_conversation(channel=make_channel(has_survey=True), **fields)
        return Survey.objects.create(
            conversation=conversation,
            resolution=1,
            status=SurveyStatus.ANSWERED,
            rating=5,
            agent=make_agent(name="Bruno"),
            created_at=timezone.now(),
            answered_at=timezone.now(),
        )

    def test_show_the_number_the_word_and_whom_it_is_about(self, client: Client) -> None:
        self.make()
        text = client.get(RATINGS).content.decode()
        assert "5 great" in text
        assert "Bruno" in text

    def test_are_those_of_ones_own_teams(self) -> None:
        self.make(team=make_team(name="Sales"))
        text = sign_in(make_supervisor()).get(RATINGS).content.decode()
        assert "5 great" not in text

    def test_say_where_the_question_is_off(self, client: Client) -> None:
        make_channel()
        text = client.get(RATINGS).content.decode()
        assert "The question is off on 1 of 1 channels." in text
