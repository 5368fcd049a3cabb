"""A message of a flow may have a file: kept once, sent with each message as a file of its own."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from channels.models import Medium
from conversations import media_files
from conversations.invariants import (
    files_without_their_attachment,
    house_files_without_their_file,
    stored_attachments_without_their_file,
)
from conversations.models import Attachment, HouseFile, Message
from conversations.services import file_removal, house_files, uploads
from conversations.services.uploads import FileRefusedError
from routing.models import FlowRun
from routing.services import flows
from tests import pictures
from tests.console import sign_in
from tests.doors import customer_writes
from tests.factories import make_channel, make_flow, make_supervisor
from tests.integration.console.flow_forms import fields_of
from tests.moments import WEDNESDAY_MORNING as MORNING
from tests.settle import settle

pytestmark = pytest.mark.django_db
HI = {"name": "Hi", "kind": "message", "text": {"": "Our list:"}}


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MEDIA_DIR, settings.UPLOAD_DIR = tmp_path / "media", tmp_path / "uploads"


@pytest.fixture
def desk():
    return sign_in(make_supervisor(name="Sara"))


def upload(content=pictures.PDF, name="list.pdf"):
    return SimpleUploadedFile(name, content)


def keep(**given):
    return house_files.keep(upload(**given), author=None, now=MORNING)


def page_of(flow):
    return reverse("admin:routing_flow_change", args=[flow.pk])


def file_page_of(flow, number=1):
    return reverse("admin:routing_flow_file", args=[flow.pk, number])


def sent():
    return Message.objects.filter(direction="outbound").order_by("sequence")


class TestAFileOfTheHouse:
    def test_is_named_by_its_bytes(self, django_capture_on_commit_callbacks):
        with django_capture_on_commit_callbacks(execute=True):
            file = keep(name="../list.pdf")
        assert (file.filename, file.content_type) == ("list.pdf", "application/pdf")
        assert media_files.exists(file.path)
        assert not list(media_files.settings.UPLOAD_DIR.iterdir())

    def test_is_refused_where_nobody_could_send_it(self, settings):
        with pytest.raises(FileRefusedError, match="unknown_type"):
            keep(content=b"plain words", name="a.txt")
        settings.UPLOAD_MAX_BYTES = 10
        with pytest.raises(FileRefusedError, match="too_large"):
            keep()
        assert not HouseFile.objects.exists()

    def test_is_lent_without_being_given_away(self):
        file = keep()
        lent = house_files.lend(file)
        assert lent.stored.path != file.path
        media_files.remove(lent.stored.path)
        assert media_files.exists(file.path)

    def test_that_was_lent_for_nothing_is_removed_and_stays(self):
        file = keep()
        lent = house_files.lend(file)
        later = timezone.now() + timedelta(hours=1)
        while uploads.remove_next_abandoned(now=later):
            pass
        assert not media_files.exists(lent.stored.path)
        assert media_files.exists(file.path)

    def test_keeps_its_file_when_a_mark_was_left_beside_it(self):
        file = keep()
        media_files.begin_upload(file.public_id)
        assert uploads.remove_next_abandoned(now=timezone.now() + timedelta(hours=1))
        assert media_files.exists(file.path)


class TestAStepWithAFile:
    @pytest.fixture
    def file(self):
        return keep()

    @pytest.fixture
    def channel(self, file):
        channel = make_channel(provider="simulator")
        make_flow(steps=[{**HI, "file": str(file.public_id)}], channels=(channel,))
        return channel

    def test_sends_it_to_each_customer_once(self, file, channel):
        for address in ("+819000000001", "+819000000002"):
            customer_writes(channel, "the list", address=address)
        settle(now=timezone.now())
        attached = Attachment.objects.order_by("pk")
        assert [each.filename for each in attached] == ["list.pdf", "list.pdf"]
        assert len({each.path for each in attached} | {file.path}) == 3
        assert {each.state for each in attached} == {"stored"}
        assert set(FlowRun.objects.values_list("status", flat=True)) == {"completed"}
        assert sorted(set(sent().values_list("body", flat=True))) == ["", "Our list:"]
        for find in (house_files_without_their_file, stored_attachments_without_their_file):
            assert not find()
        assert files_without_their_attachment(now=timezone.now()) == []

    def test_sends_it_again_when_an_old_message_lost_its_own(self, file, channel, settings):
        settings.MEDIA_KEEP_DAYS = 1
        customer_writes(channel, "the list")
        settle(now=timezone.now())
        later = timezone.now() + timedelta(days=2)
        assert file_removal.remove_next_old(now=later)
        assert media_files.exists(file.path)

    def test_lets_people_go_on_where_the_channel_does_not_take_it(self, file):
        channel = make_channel(provider="simulator")
        flow = make_flow(steps=[{**HI, "file": str(file.public_id)}], channels=(channel,))
        HouseFile.objects.filter(pk=file.pk).update(content_type="application/zip")
        customer_writes(channel, "the list")
        settle(now=timezone.now())
        run = FlowRun.objects.get(flow=flow)
        assert (run.status, run.problem) == ("failed", "file.refused")
        assert not sent()
        assert run.conversation.status == "new"


class TestPublishing:
    def test_names_the_channels_that_do_not_take_it(self):
        file = keep()
        make_channel(name="Shop")
        make_channel(name="Text", medium=Medium.SMS)
        HouseFile.objects.filter(pk=file.pk).update(size=9 * 1024 * 1024)
        steps = {"steps": [{**HI, "file": str(file.public_id)}]}
        flow = flows.create(flows.Head("F", "none"), document=steps, author=None, now=MORNING)
        (problem,) = flows.find_problems(flow)
        assert (problem.code, problem.facts) == ("file_refused", {"channels": ["Text"]})

    def test_removes_what_no_flow_names_any_more(self):
        old = keep()
        flow = make_flow(steps=[{**HI, "file": str(old.public_id)}])
        new = keep(name="new.pdf")
        HouseFile.objects.update(created_at=MORNING - flows.KEPT_UNNAMED * 2)
        flows.save_draft(
            flow,
            document={"steps": [{**HI, "file": str(new.public_id)}]},
            author=None,
            now=MORNING,
        )
        flows.publish(flow, author=None, now=MORNING)
        # The first version may be brought back.
        assert set(HouseFile.objects.all()) == {old, new}
        flows.delete(flow, now=MORNING)
        assert not HouseFile.objects.exists()

    def test_leaves_what_was_just_uploaded(self):
        file = keep()
        make_flow(steps=[HI])
        assert HouseFile.objects.get() == file


class TestTheConsole:
    @pytest.fixture
    def flow(self):
        make_channel()
        return make_flow(steps=[HI])

    def test_saves_what_was_typed_and_leads_to_the_file(self, desk, flow):
        fields = fields_of(desk.get(page_of(flow)).content)
        typed = {**fields, "steps-0-text-0-text": "Here it is:", "act": "file-0"}
        assert desk.post(page_of(flow), typed).url == file_page_of(flow)
        flow.refresh_from_db()
        assert flow.draft["steps"][0]["text"] == {"": "Here it is:"}
        assert 'type="file"' in desk.get(file_page_of(flow)).content.decode()

    def test_shows_the_file_at_its_step_and_takes_it_off(self, desk, flow):
        desk.post(file_page_of(flow), {"file": upload()})
        page = desk.get(page_of(flow)).content.decode()
        assert "list.pdf" in page
        # Saved as it is, it stays.
        desk.post(page_of(flow), {**fields_of(page.encode()), "act": "save"})
        flow.refresh_from_db()
        assert flow.draft["steps"][0]["file"] == str(HouseFile.objects.get().public_id)
        desk.post(page_of(flow), {**fields_of(page.encode()), "seen": 3, "act": "unfile-0"})
        flow.refresh_from_db()
        assert "file" not in flow.draft["steps"][0]

    def test_says_why_a_file_is_refused(self, desk, flow):
        page = desk.post(file_page_of(flow), {"file": upload(b"plain words", "a.txt")})
        assert "“a.txt” is not a picture" in page.content.decode()
        assert not HouseFile.objects.exists()

    def test_is_for_messages_alone(self, desk, flow):
        assert desk.get(file_page_of(flow, 2)).status_code == 404

    def test_names_the_file_in_the_test_chat_and_where_versions_differ(self, desk, flow):
        desk.post(file_page_of(flow), {"file": upload()})
        address = reverse("admin:routing_flow_try", args=[flow.pk])
        assert "[File] list.pdf" in desk.post(address, {"text": "hi"}, follow=True).content.decode()
        publish = reverse("admin:routing_flow_publish", args=[flow.pk])
        assert "list.pdf" in desk.get(publish).content.decode()
