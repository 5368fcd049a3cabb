"""A notice of a new number that comes several times at once, while the customer writes from it."""

import pytest

from channels.addresses import inbound_url
from conversations.models import Contact, Conversation, Event, Identity, Message
from tests.factories import make_cloud_channel, make_contact, make_conversation
from tests.fake_cloud import CloudFake, text_message
from tests.faults.crowd import knock_all, server
from tests.faults.promises import broken_promises
from tests.moments import WEDNESDAY_MORNING as MORNING
from tests.processes import database_url

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
CUSTOMERS, COPIES = 12, 3


def test_is_done_once_and_makes_no_second_customer():
    channel = make_cloud_channel()
    fake = CloudFake()
    path = inbound_url(channel).split("example.test", 1)[1]
    requests = []
    for number in range(CUSTOMERS):
        old, new = f"+1555000{number:04d}", f"+1556000{number:04d}"
        contact = make_contact(address=old)
        make_conversation(channel=channel, contact=contact, routing_due_at=MORNING)
        said = {"type": "user_changed_number", "wa_id": new[1:]}
        notice = {"from": old[1:], "id": f"wamid.n{number}", "type": "system", "system": said}
        body = fake.write(notice)
        requests += [(path, body, fake.sign(body))] * COPIES
        text = text_message("It is me", message_id=f"wamid.t{number}", sender=old[1:])
        body = fake.write(text)
        requests.append((path, body, fake.sign(body)))
    with server(database_url()) as port:
        statuses = knock_all(port, requests, clients=4)
    fake.server_close()
    assert set(statuses) == {200}
    moved = Event.objects.filter(type="contact.number_changed").count()
    assert moved == CUSTOMERS
    assert Message.objects.count() == CUSTOMERS
    assert Identity.objects.filter(address__startswith="+1556").count() == CUSTOMERS
    # Who wrote from the old number after it had moved is somebody new, as after any such notice.
    assert Contact.objects.count() == Identity.objects.count() == Conversation.objects.count()
    assert not broken_promises()
