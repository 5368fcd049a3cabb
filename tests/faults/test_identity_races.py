"""One person, two addresses, two deliveries at the same instant: one contact."""

from urllib.parse import urlsplit

import pytest

from channels.addresses import inbound_url
from channels.providers import config_of
from channels.providers.signing import build_signed_form
from channels.providers.simulator import message_fields
from conversations.models import Contact, Message, PossibleDuplicate
from tests.factories import make_channel
from tests.faults.crowd import knock_all, server
from tests.faults.promises import broken_promises, deadlocks
from tests.processes import database_url

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
PEOPLE, CLIENTS = 60, 8


def of_one_person(channel, number):
    """Return what one person writes at once: by two spellings, and by an id with the number."""
    one, other = f"+55119{80000000 + number}", f"+5511{80000000 + number}"
    senders = [(one, ""), (other, ""), (one, f"BR.{number:010d}"), (other, f"BR.{number:010d}")]
    config, url = config_of(channel), inbound_url(channel)
    for place, (address, user_id) in enumerate(senders):
        fields = message_fields(
            config, address=address, text="Hi", message_sid=f"SM{number * 10 + place:032x}"
        )
        if user_id:
            fields["ExternalUserId"] = user_id
        yield urlsplit(url).path, *build_signed_form(config, url=url, fields=fields)


class TestDeliveriesAtOnce:
    def test_make_one_contact_of_each_person(self):
        channel = make_channel()
        before = deadlocks()
        requests = [each for number in range(PEOPLE) for each in of_one_person(channel, number)]

        with server(database_url()) as port:
            answers = knock_all(port, requests, clients=CLIENTS)

        assert answers == {200: len(requests)}
        assert Message.objects.count() == len(requests)
        assert Contact.objects.count() == PEOPLE
        assert not PossibleDuplicate.objects.exists()
        assert deadlocks() == before
        assert not broken_promises()
