"""Two contacts that are one person: what moves, what stays, and back again."""

import pytest

from conversations import joining
from conversations.actors import Actor
from conversations.invariants import (
    INVARIANTS,
    contacts_whose_merge_is_not_noted,
    merged_contacts_that_have_something,
)
from conversations.models import Contact, Conversation, Event, Identity
from conversations.services import contacts, inbox, lifecycle, merging
from conversations.services.contacts import ContactMergedError
from conversations.services.merging import MergeRefusedError
from conversations.states import Status
from tests.factories import make_agent, make_channel, make_contact, make_conversation, make_incoming
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system()


def merged(source, target):
    return merging.merge(source, into=target, actor=SYSTEM, now=MORNING)


def parted(source):
    return merging.unmerge(source, actor=SYSTEM, now=MORNING)


def state():
    """Return everything that merging may touch."""
    return (
        list(Contact.objects.order_by("pk").values()),
        list(Identity.objects.order_by("pk").values()),
        list(Conversation.objects.order_by("pk").values()),
    )


def write(channel, address, *, number):
    incoming = make_incoming(channel, sid=f"SM{number}", address=address)
    return Conversation.objects.get(pk=inbox.record_inbound(incoming).conversation_id)


class TestMerging:
    def test_moves_addresses_and_conversations_and_leaves_the_source_empty(self):
        source, target = make_contact(name="D."), make_contact(name="Dora")
        talk = make_conversation(contact=source)

        done = merged(source, target)

        source.refresh_from_db()
        talk.refresh_from_db()
        assert source.merged_into == target
        assert (talk.contact, talk.identity.contact) == (target, target)
        assert target.identities.count() == 2
        assert not source.identities.exists()
        assert done.conversation_count == 1

    def test_gives_the_target_what_it_lacks_and_keeps_what_it_has(self):
        alice, bob = make_agent(), make_agent(name="Bob")
        source = make_contact(
            name="D.",
            language="ja",
            tags=["vip", "old"],
            attributes={"plan": "gold", "city": "Tokyo"},
            permanent_agent=alice,
        )
        target = make_contact(name="Dora", tags=["vip", "new"], attributes={"plan": "free"})

        merged(source, target)

        target.refresh_from_db()
        assert (target.name, target.language, target.permanent_agent) == ("Dora", "ja", alice)
        assert target.tags == ["vip", "new", "old"]
        assert target.attributes == {"plan": "free", "city": "Tokyo"}
        assert bob != alice

    def test_keeps_the_permanent_agent_of_the_one_that_stays(self):
        alice, bob = make_agent(), make_agent(name="Bob")
        source, target = make_contact(permanent_agent=alice), make_contact(permanent_agent=bob)
        assert "permanent_agent_id" in merging.plan(source, into=target).kept
        merged(source, target)
        target.refresh_from_db()
        assert target.permanent_agent == bob

    def test_tells_of_both(self):
        source, target = make_contact(), make_contact()
        make_conversation(contact=source)
        merged(source, target)
        told = Event.objects.filter(type="contact.merged").order_by("pk")
        assert [event.contact for event in told] == [source, target]
        for event in told:
            assert event.data["source"] == str(source.public_id)
            assert event.data["target"] == str(target.public_id)
            assert (event.data["conversations"], event.data["addresses"]) == (1, 1)

    def test_lets_later_messages_go_to_the_one_that_stays(self):
        channel = make_channel()
        source, target = make_contact(address="+819000000001"), make_contact()
        talk = make_conversation(channel=channel, contact=source)
        merged(source, target)
        assert write(channel, "+819000000001", number=1) == talk
        lifecycle.resolve(talk, actor=SYSTEM, now=MORNING)
        newer = write(channel, "+819000000001", number=2)
        assert (newer.contact, newer.identity.address) == (target, "+819000000001")

    def test_is_planned_without_changing_anything(self):
        source, target = make_contact(name="D."), make_contact(name="Dora", tags=["vip"])
        make_conversation(contact=source)
        before = state()
        planned = merging.plan(source, into=target)
        assert (len(planned.conversation_ids), len(planned.identity_ids)) == (1, 1)
        assert (planned.refusal, planned.kept) == ("", ("name", "phone"))
        assert state() == before


class TestVerify:
    def test_finds_an_address_that_stayed_with_whoever_was_merged(self):
        source, target = make_contact(), make_contact()
        merged(source, target)
        assert not merged_contacts_that_have_something().exists()
        Identity.objects.filter(address=source.phone).update(contact=source)
        assert list(merged_contacts_that_have_something()) == [source]

    def test_finds_a_contact_that_nobody_merged_or_that_nobody_parted(self):
        source, target, third = make_contact(), make_contact(), make_contact()
        merged(source, target)
        assert not contacts_whose_merge_is_not_noted().exists()
        Contact.objects.filter(pk=source.pk).update(merged_into=None)
        Contact.objects.filter(pk=third.pk).update(merged_into=target)
        assert set(contacts_whose_merge_is_not_noted()) == {source, third}


class TestAMergeThatIsRefused:
    def test_because_both_have_something_open_on_one_channel(self):
        channel = make_channel(name="WhatsApp Tokyo")
        source, target = make_contact(), make_contact()
        make_conversation(channel=channel, contact=source)
        theirs = make_conversation(channel=channel, contact=target)
        before = state()

        with pytest.raises(MergeRefusedError) as refusal:
            merged(source, target)

        assert (refusal.value.code, refusal.value.channels) == (
            "contact.both_open",
            ("WhatsApp Tokyo",),
        )
        assert state() == before
        lifecycle.resolve(theirs, actor=SYSTEM, now=MORNING)
        merged(source, target)

    def test_because_it_is_the_same_one(self):
        dora = make_contact()
        with pytest.raises(MergeRefusedError, match=r"contact\.same"):
            merged(dora, dora)

    def test_because_one_of_them_was_merged_before(self):
        one, two, three = make_contact(), make_contact(), make_contact()
        merged(one, two)
        for source, target in ((one, three), (three, one)):
            with pytest.raises(MergeRefusedError, match=r"contact\.merged"):
                merged(source, target)

    def test_leaves_an_empty_contact_that_nobody_changes(self):
        source, target = make_contact(), make_contact()
        merged(source, target)
        with pytest.raises(ContactMergedError):
            contacts.update(source, actor=SYSTEM, now=MORNING, name="Dora")


class TestParting:
    def test_restores_exactly_what_was(self):
        alice = make_agent()
        source = make_contact(name="D.", language="ja", tags=["old"], permanent_agent=alice)
        target = make_contact(name="Dora", tags=["new"], attributes={"plan": "free"})
        make_conversation(contact=source, placing_due_at=MORNING)
        make_conversation(contact=source, status=Status.CLOSED)
        make_conversation(contact=target, placing_due_at=MORNING)
        before = state()

        merged(source, target)
        assert state() != before
        parted(source)

        assert state() == before
        assert not any(invariant().exists() for invariant in INVARIANTS)

    def test_takes_along_what_came_from_its_address_since(self):
        channel = make_channel()
        source, target = make_contact(address="+819000000001"), make_contact()
        merged(source, target)
        newer = write(channel, "+819000000001", number=1)
        parted(source)
        newer.refresh_from_db()
        assert newer.contact == source
        assert write(channel, "+819000000001", number=2) == newer

    def test_leaves_what_somebody_changed_since(self):
        source = make_contact(name="D.", language="ja", tags=["old"])
        target = make_contact(name="Dora", tags=["new"])
        merged(source, target)
        contacts.update(
            target, actor=SYSTEM, now=MORNING, language="fr", tags=["new", "old", "later"]
        )
        parted(source)
        target.refresh_from_db()
        assert (target.language, target.tags) == ("fr", ["new", "later"])

    def test_tells_of_both_and_happens_once(self):
        source, target = make_contact(), make_contact()
        merged(source, target)
        parted(source)
        told = Event.objects.filter(type="contact.unmerged").order_by("pk")
        assert [event.contact for event in told] == [source, target]
        with pytest.raises(MergeRefusedError, match=r"contact\.not_merged"):
            parted(source)

    def test_is_refused_while_the_other_one_is_merged_itself(self):
        one, two, three = make_contact(), make_contact(), make_contact()
        merged(one, two)
        merged(two, three)
        with pytest.raises(MergeRefusedError, match=r"contact\.merged"):
            parted(one)
        parted(two)
        parted(one)
        assert not Contact.objects.exclude(merged_into=None).exists()

    def test_can_be_followed_by_another_merge(self):
        source, target = make_contact(), make_contact()
        merged(source, target)
        parted(source)
        merged(target, source)
        target.refresh_from_db()
        assert target.merged_into == source


class TestJoining:
    def test_and_parting_gives_the_same_again(self):
        target = {
            "name": "Dora",
            "phone": "",
            "language": "",
            "tags": ["a", "b"],
            "attributes": {"x": 1},
            "permanent_agent_id": None,
        }
        source = {
            "name": "D.",
            "phone": "+81",
            "language": "ja",
            "tags": ["b", "c"],
            "attributes": {"x": 2, "y": 3},
            "permanent_agent_id": 7,
        }
        changes = joining.join(target, source)
        assert set(changes) == {"phone", "language", "tags", "attributes", "permanent_agent_id"}
        joined = {**target, **{name: after for name, (_before, after) in changes.items()}}
        assert {**joined, **joining.part(joined, changes)} == target
