"""Asking for a rating once the 24 hours are over: by an approved template, or not, and why."""

from datetime import timedelta

import pytest

from channels.models import SurveyTemplate, Template
from channels.services import survey_templates, templates
from channels.services.survey_templates import SurveyTemplateRefusedError
from conversations.actors import Actor
from conversations.models import Conversation, Event, Message, Survey
from conversations.services import lifecycle
from conversations.states import Status
from teams.clock import database_now
from tests.console import sign_in
from tests.doors import customer_writes
from tests.factories import (
    make_channel,
    make_contact,
    make_conversation,
    make_supervisor,
    make_template,
)
from tests.fake_twilio import running
from tests.moments import WEDNESDAY_MORNING as MORNING
from tests.settle import settle

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system()
LONG_AGO = MORNING - timedelta(days=3)
BODY = "Hi {{1}}, how was {{2}}? Answer with 1 to 5."
VALUES = {"1": "{contact_name}", "2": "{channel_name}"}


def asking_channel(**fields):
    return make_channel(has_survey=True, **fields)


def make_question(channel, **fields):
    fields = {"name": "csat", "body": BODY, "variables": ["1", "2"], **fields}
    return make_template(channel=channel, **fields)


def name(channel, *templates_, values=VALUES):
    survey_templates.replace(channel, rows=[(each, values) for each in templates_])


def resolved(channel, *, contact=None, last_inbound_at=LONG_AGO):
    conversation = make_conversation(
        channel=channel, contact=contact or make_contact(), last_inbound_at=last_inbound_at
    )
    lifecycle.resolve(conversation, actor=SYSTEM, now=MORNING)
    conversation.refresh_from_db()
    return conversation


class TestOutsideTheWindow:
    def test_the_template_asks_filled_and_exactly_once(self, settings):
        channel = asking_channel()
        with running() as twilio:
            settings.TWILIO_API_BASE_URL = twilio.url
            twilio.store.contents = [_content(status="approved", body=BODY)]
            templates.sync(channel, now=MORNING)
            name(channel, Template.objects.get())
            conversation = resolved(channel)
            for minute in range(3):
                settle(now=MORNING + timedelta(minutes=minute))
            (sent,) = twilio.store.sends
        survey, message = Survey.objects.get(), Message.objects.get()
        assert (survey.status, survey.question) == ("sent", message)
        assert conversation.status == Status.RESOLVED
        assert sent["message"]["content_sid"] == Template.objects.get().provider_template_id
        assert message.template_variables == {"1": "Dora", "2": channel.name}
        assert message.body == f"Hi Dora, how was {channel.name}? Answer with 1 to 5."
        assert sent["message"]["body"] == message.body

    def test_the_answer_counts_as_ever(self):
        channel = asking_channel(provider="simulator")
        name(channel, make_question(channel))
        conversation = resolved(channel, contact=make_contact(address="+819000000001"))
        Conversation.objects.update(close_due_at=database_now() + timedelta(days=1))

        customer_writes(channel, "4")

        conversation.refresh_from_db()
        assert (Survey.objects.get().rating, conversation.status) == (4, Status.CLOSED)

    @pytest.mark.parametrize(
        ("language", "asked_in"),
        [("ja", "ja"), ("pt-br", "pt_BR"), ("pt-pt", "pt_BR"), ("de", "en"), ("", "en")],
    )
    def test_the_language_is_the_customers_or_the_channels(self, language, asked_in):
        channel = asking_channel()
        questions = [make_question(channel, language=code) for code in ("ja", "pt_BR", "en")]
        name(channel, *questions)
        resolved(channel, contact=make_contact(language=language))
        assert Message.objects.get().template.language == asked_in

    def test_nobody_is_asked_where_no_template_is_named(self):
        channel = asking_channel()
        make_question(channel)
        conversation = resolved(channel)
        survey = Survey.objects.get()
        assert (survey.status, survey.skip_reason) == ("skipped", "window_closed")
        assert survey.get_skip_reason_display() == (
            "the 24-hour window was closed and no template is set"
        )
        assert conversation.status == Status.CLOSED

    def test_words_go_out_while_the_window_is_open(self):
        channel = asking_channel()
        name(channel, make_question(channel))
        resolved(channel, last_inbound_at=MORNING)
        assert Message.objects.get().template is None


class TestATemplateThatWasRejectedSince:
    @pytest.fixture
    def channel(self):
        channel = asking_channel(name="WhatsApp Tokyo")
        name(channel, make_question(channel, language="ja"))
        Template.objects.update(status="rejected", reason="Too salesy")
        return channel

    def test_asks_nobody_and_says_what_the_provider_says(self, channel):
        conversation = resolved(channel)
        survey = Survey.objects.get()
        assert (survey.skip_reason, survey.skip_detail) == (
            "template_unusable",
            "csat (ja): Too salesy",
        )
        assert Event.objects.get(type="survey.skipped").data["skip_detail"] == survey.skip_detail
        sachi = sign_in(make_supervisor())
        page = sachi.get(f"/admin/conversations/conversation/{conversation.pk}/change/")
        for shown in (page, sachi.get("/admin/conversations/survey/")):
            assert "the template could not be used (csat (ja): Too salesy)" in (
                shown.content.decode()
            )

    def test_leaves_it_to_one_in_another_language(self, channel):
        (kept,) = channel.survey_templates.select_related("template")
        english = make_question(channel, language="en")
        survey_templates.replace(channel, rows=[(kept.template, kept.values), (english, VALUES)])
        resolved(channel, contact=make_contact(language="ja"))
        assert Message.objects.get().template == english

    def test_asks_again_once_it_is_approved(self, channel):
        Template.objects.update(status="approved", reason="")
        resolved(channel)
        assert Survey.objects.get().status == "sent"

    def test_is_told_by_the_provider(self, settings):
        channel = asking_channel()
        with running() as twilio:
            settings.TWILIO_API_BASE_URL = twilio.url
            twilio.store.contents = [_content(status="approved")]
            templates.sync(channel, now=MORNING)
            name(channel, Template.objects.get(), values={})
            twilio.store.contents = [_content(status="rejected", rejection_reason="Too salesy")]
            templates.sync(channel, now=MORNING)
        resolved(channel)
        assert Survey.objects.get().skip_detail == "csat (en): Too salesy"

    def test_that_is_gone_at_the_provider_asks_nobody(self, channel):
        Template.objects.update(status="approved", reason="", removed_at=MORNING)
        resolved(channel)
        assert Survey.objects.get().skip_reason == "template_unusable"

    def test_that_wants_one_more_value_by_now_asks_nobody(self, channel):
        Template.objects.update(status="approved", variables=["1", "2", "3"])
        resolved(channel)
        assert Survey.objects.get().skip_reason == "template_unusable"


class TestNamingATemplate:
    @pytest.mark.parametrize(
        ("fields", "values", "code"),
        [
            ({"status": "pending"}, VALUES, "template.not_approved"),
            ({"status": "rejected"}, VALUES, "template.not_approved"),
            ({"removed_at": MORNING}, VALUES, "template.foreign"),
            ({}, {"1": "Dora"}, "template.values"),
            ({}, {"1": "Dora", "2": " "}, "template.values"),
            ({}, {**VALUES, "3": "x"}, "template.values"),
            ({}, {"1": "Dora", "2": "a\nb"}, "template.values"),
            ({}, {"1": "Dora", "2": "{next_opening}"}, "template.variable"),
            ({}, {"1": "Dora", "2": "{order}"}, "template.variable"),
        ],
    )
    def test_that_could_not_be_sent_is_refused(self, fields, values, code):
        channel = asking_channel()
        template = make_question(channel, **fields)
        with pytest.raises(SurveyTemplateRefusedError) as refused:
            name(channel, template, values=values)
        assert refused.value.code == code
        assert not SurveyTemplate.objects.exists()

    def test_of_another_channel_is_refused(self):
        foreign = make_question(asking_channel())
        with pytest.raises(SurveyTemplateRefusedError, match=r"template\.foreign"):
            name(asking_channel(), foreign)

    def test_twice_in_one_language_is_refused(self):
        channel = asking_channel()
        with pytest.raises(SurveyTemplateRefusedError, match=r"template\.language_taken"):
            name(channel, make_question(channel), make_question(channel))

    def test_stays_where_it_was_rejected_since(self):
        channel = asking_channel()
        template = make_question(channel)
        name(channel, template)
        Template.objects.update(status="rejected")
        name(channel, template)
        assert channel.survey_templates.count() == 1


def _content(*, body="How was it? Answer with 1 to 5.", **approval):
    return {
        "sid": "HX" + "1" * 32,
        "friendly_name": "csat",
        "language": "en",
        "variables": {"1": "Ana", "2": "us"} if "{{" in body else {},
        "types": {"twilio/text": {"body": body}},
        "approval_requests": {"category": "UTILITY", **approval},
        "account_sid": "AC" + "0" * 32,
        "date_created": "2026-11-01T00:00:00Z",
        "date_updated": "2026-11-01T00:00:00Z",
        "url": "",
        "links": {},
    }
