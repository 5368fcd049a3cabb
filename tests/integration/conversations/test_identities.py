"""One person with several addresses is one contact, whichever of them comes first."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from channels.addresses import inbound_url, status_url
from channels.models import Channel
from channels.providers import config_of
from channels.providers.signing import build_signed_form
from channels.providers.simulator import message_fields, new_message_sid, status_fields
from conversations.models import Contact, Conversation, Event, Identity, PossibleDuplicate
from conversations.services import identities
from tests.doors import knock
from tests.factories import make_channel, make_contact

pytestmark = pytest.mark.django_db
PHONE, USER_ID, PARENT = "+919876543210", "IN.2081978709342942", "IN.ENT.9081726354"
BRAZIL, BRAZIL_OLD = "+5511987654321", "+551187654321"
ARGENTINA, ARGENTINA_OLD = "+5491123456789", "+541123456789"


@pytest.fixture
def channel() -> Channel:
    return make_channel()


def write(channel: Channel, address: str, **fields: str) -> None:
    config, url = config_of(channel), inbound_url(channel)
    sent = message_fields(config, address=address, text="Hi", message_sid=new_message_sid())
    if not address.startswith("+"):
        del sent["WaId"]
    answer = knock(url, *build_signed_form(config, url=url, fields=sent | fields))
    assert answer.status_code == 200


def addresses(contact: Contact) -> set[str]:
    return set(contact.identities.values_list("address", flat=True))


class TestAMessageWithTwoAddresses:
    @pytest.mark.parametrize("prefix", ["", "whatsapp:"])
    def test_makes_one_contact_who_has_both(self, channel: Channel, prefix: str) -> None:
        ids = {"ExternalUserId": f"{prefix}{USER_ID}", "ParentExternalUserId": f"{prefix}{PARENT}"}
        write(channel, PHONE, **ids)

        assert addresses(Contact.objects.get()) == {PHONE, USER_ID, PARENT}

    def test_gives_a_known_number_the_id(self, channel: Channel) -> None:
        write(channel, PHONE)
        write(channel, PHONE, ExternalUserId=USER_ID)
        write(channel, USER_ID)

        assert addresses(Contact.objects.get()) == {PHONE, USER_ID}
        assert Conversation.objects.get().message_count == 3
        linked = Event.objects.filter(type="contact.identity_linked")
        assert linked.count() == 1

    def test_gives_a_known_id_the_number(self, channel: Channel) -> None:
        write(channel, USER_ID)
        assert Contact.objects.get().phone == ""
        write(channel, PHONE, ExternalUserId=USER_ID)

        contact = Contact.objects.get()
        assert addresses(contact) == {PHONE, USER_ID}
        assert contact.phone == PHONE
        assert Conversation.objects.get().message_count == 2

    def test_leaves_what_cannot_be_an_address(self, channel: Channel) -> None:
        write(channel, PHONE, ExternalUserId="no id at all", WaId="abc")

        assert addresses(Contact.objects.get()) == {PHONE}


class TestTwoContactsWhoTurnOutToBeOne:
    def test_are_noted_once_and_not_merged(self, channel: Channel) -> None:
        write(channel, PHONE)
        write(channel, USER_ID)
        for _ in range(3):
            write(channel, PHONE, ExternalUserId=USER_ID)

        assert Contact.objects.count() == 2
        hint = PossibleDuplicate.objects.get()
        assert (addresses(hint.contact), addresses(hint.other)) == ({PHONE}, {USER_ID})
        assert Event.objects.filter(type="contact.possible_duplicate").count() == 1
        first = Conversation.objects.get(contact=hint.contact)
        assert first.message_count == 4


class TestTwoSpellings:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            (BRAZIL, BRAZIL_OLD),
            (BRAZIL_OLD, BRAZIL),
            (ARGENTINA, ARGENTINA_OLD),
            (ARGENTINA_OLD, ARGENTINA),
        ],
    )
    def test_are_one_person(self, channel: Channel, one: str, other: str) -> None:
        write(channel, one)
        write(channel, other)

        assert addresses(Contact.objects.get()) == {one, other}
        assert Conversation.objects.get().message_count == 2

    def test_may_come_in_one_message(self, channel: Channel) -> None:
        write(channel, BRAZIL, WaId=BRAZIL_OLD.removeprefix("+"))

        assert addresses(Contact.objects.get()) == {BRAZIL, BRAZIL_OLD}

    def test_of_a_landline_are_two_numbers(self, channel: Channel) -> None:
        write(channel, "+551132654321")
        write(channel, "+5511932654321")

        assert Contact.objects.count() == 2


class TestAReport:
    def test_links_what_it_carries_together(self, channel: Channel) -> None:
        contact = make_contact(address=PHONE)
        config, url = config_of(channel), status_url(channel)
        fields = status_fields(config, message_sid="SM1", address=PHONE, status="delivered")
        fields["ExternalUserId"] = f"whatsapp:{USER_ID}"

        answer = knock(url, *build_signed_form(config, url=url, fields=fields))

        assert answer.status_code == 200
        assert addresses(contact) == {PHONE, USER_ID}

    def test_makes_nobody_known(self, channel: Channel, now: Any) -> None:
        identities.link("whatsapp", (PHONE, USER_ID), now=now)

        assert not Identity.objects.exists()


class TestItsPrice:
    def test_is_nothing_for_whoever_has_one_address(self, channel: Channel) -> None:
        for _ in range(2):
            write(channel, PHONE)
            write(channel, BRAZIL)
        plain = statements_of(channel, PHONE)
        spelled = statements_of(channel, BRAZIL)
        write(channel, PHONE, ExternalUserId=USER_ID)
        linked = statements_of(channel, PHONE, ExternalUserId=USER_ID)

        assert spelled == plain
        assert linked == plain + 1


def statements_of(channel: Channel, address: str, **fields: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        write(channel, address, **fields)
        return len(captured)
