"""Several workers at one channel's templates: one asks, and nothing is doubled or taken away."""

import pytest

from channels.models import Template, TemplateSync
from channels.services import templates
from tests.factories import make_cloud_channel
from tests.fake_cloud import CloudFake
from tests.fake_json import running
from tests.faults.two_sessions import Session
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def cloud(settings):
    with running(CloudFake()) as fake:
        settings.WHATSAPP_CLOUD_API_BASE_URL = fake.api_url
        fake.templates = [
            {"id": str(n), "name": f"t{n}", "language": "en", "status": "APPROVED"}
            for n in range(20)
        ]
        yield fake


class TestWorkersAtOnce:
    @pytest.mark.parametrize("round_", range(5))
    def test_ask_once_for_each_channel(self, cloud, round_):
        channel = make_cloud_channel()
        TemplateSync.objects.create(channel=channel, sync_due_at=MORNING)

        sessions = [Session(lambda: templates.sync_next(now=MORNING)) for _ in range(4)]
        did = [session.wait() for session in sessions]

        assert sorted(did) == [False, False, False, True]
        assert len(cloud.asked) == 10  # its pages, once
        assert Template.objects.filter(removed_at=None).count() == 20

    @pytest.mark.parametrize("round_", range(5))
    def test_and_people_with_the_button_leave_every_template_once(self, cloud, round_):
        channel = make_cloud_channel()
        TemplateSync.objects.create(channel=channel, sync_due_at=MORNING)

        work = [
            lambda: templates.sync_next(now=MORNING),
            lambda: templates.sync(channel, now=MORNING),
            lambda: templates.sync(channel, now=MORNING),
        ]
        for session in [Session(each) for each in work]:
            session.wait()

        assert Template.objects.filter(removed_at=None).count() == 20
        sync = TemplateSync.objects.get(pk=channel.pk)
        assert (sync.failures, sync.sync_due_at) == (0, MORNING + templates.EVERY)
