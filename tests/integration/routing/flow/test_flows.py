"""Flows are drawn, published, switched and restored; customers meet what was published."""

import pytest
from django.core.exceptions import ValidationError

from routing.engine.flow.documents import FlowDocumentError
from routing.models import Flow, FlowVersion
from routing.services import flows
from routing.services.flows import FlowConflictError, Head, NeverPublishedError
from tests.factories import make_administrator, make_channel
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = pytest.mark.django_db

HELLO = {"steps": [{"name": "Hello", "kind": "message", "text": {"": "Hello!"}}]}
BYE = {"steps": [{"name": "Bye", "kind": "message", "text": {"": "Bye!"}}]}


@pytest.fixture
def ada():
    return make_administrator()


@pytest.fixture
def flow(ada):
    head = Head("Welcome", "contains", words=("hi", " hi ", "hello"))
    return flows.create(head, document=HELLO, author=ada, now=MORNING)


class TestADraft:
    def test_is_off_and_the_last_in_the_order(self, flow, ada):
        assert (flow.is_active, flow.published, flow.words) == (False, None, ["hi", "hello"])
        second = flows.create(Head("Second", "none"), author=ada, now=MORNING)
        assert second.position > flow.position

    def test_is_saved_with_what_changed_and_by_whom(self, flow, ada):
        saved = flows.save_draft(flow, document=BYE, author=ada, now=MORNING)
        assert saved.draft == BYE
        assert (saved.draft_number, saved.draft_changed_by) == (2, ada)
        assert saved.trigger == "contains"

    def test_of_somebody_else_is_not_written_over(self, flow, ada):
        flows.save_draft(flow, document=BYE, seen=1, author=ada, now=MORNING)
        with pytest.raises(FlowConflictError):
            flows.save_draft(flow, document=HELLO, seen=1, author=ada, now=MORNING)
        assert Flow.objects.get().draft == BYE

    def test_that_cannot_be_kept_is_refused(self, flow, ada):
        with pytest.raises(FlowDocumentError):
            flows.save_draft(flow, document={"steps": [{"kind": "?"}]}, author=ada, now=MORNING)
        with pytest.raises(ValidationError) as refused:
            flows.save_draft(flow, head=Head("", "moon"), author=ada, now=MORNING)
        assert set(refused.value.error_dict) == {"name", "trigger"}

    def test_forgets_words_that_its_trigger_does_not_ask_for(self, flow, ada):
        head = Head("Welcome", "any_message", words=("hi",))
        assert flows.save_draft(flow, head=head, author=ada, now=MORNING).words == []


class TestPublishing:
    def test_makes_a_version_and_switches_on(self, flow, ada):
        version = flows.publish(flow, author=ada, now=MORNING, note="First")
        flow.refresh_from_db()
        assert (flow.published, flow.is_active) == (version, True)
        assert (version.number, version.document, version.words) == (1, HELLO, ["hi", "hello"])

    def test_leaves_what_was_published_before_as_it_was(self, flow, ada):
        first = flows.publish(flow, author=ada, now=MORNING)
        flows.save_draft(flow, document=BYE, author=ada, now=MORNING)
        flow.refresh_from_db()
        assert not flows.is_published_as_drawn(flow)
        second = flows.publish(flow, author=ada, now=MORNING)
        first.refresh_from_db()
        assert (first.document, second.document, second.number) == (HELLO, BYE, 2)
        flow.refresh_from_db()
        assert flows.is_published_as_drawn(flow)

    def test_keeps_the_channels_of_that_moment(self, flow, ada):
        channel = make_channel()
        head = Head("Welcome", "any_message", channels=(channel,))
        flows.save_draft(flow, head=head, author=ada, now=MORNING)
        assert flows.publish(flow, author=ada, now=MORNING).channel_ids == [channel.pk]


class TestTheSwitch:
    def test_needs_something_published(self, flow):
        with pytest.raises(NeverPublishedError):
            flows.switch_on(flow, now=MORNING)

    def test_goes_off_and_on(self, flow, ada):
        flows.publish(flow, author=ada, now=MORNING)
        flows.switch_off(flow, now=MORNING)
        assert not Flow.objects.get().is_active
        flows.switch_on(flow, now=MORNING)
        assert Flow.objects.get().is_active


class TestGoingBack:
    def test_makes_an_old_version_the_draft(self, flow, ada):
        first = flows.publish(flow, author=ada, now=MORNING)
        head = Head("Welcome", "any_message")
        flows.save_draft(flow, head=head, document=BYE, author=ada, now=MORNING)
        second = flows.publish(flow, author=ada, now=MORNING)
        restored = flows.restore(flow, version=first, author=ada, now=MORNING)
        assert (restored.draft, restored.trigger, restored.words) == (
            HELLO,
            "contains",
            ["hi", "hello"],
        )
        assert Flow.objects.get().published == second

    def test_removes_a_flow_that_never_ran(self, flow, ada):
        flows.publish(flow, author=ada, now=MORNING)
        flows.delete(flow, now=MORNING)
        assert not Flow.objects.exists()
        assert not FlowVersion.objects.exists()
