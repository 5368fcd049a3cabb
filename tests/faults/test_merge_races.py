"""Merging two contacts while their customer writes, and while somebody else merges them."""

from contextlib import suppress

import pytest
from django.db import connection, transaction

from conversations.actors import Actor
from conversations.invariants import INVARIANTS
from conversations.models import Contact, Conversation, Identity, Message
from conversations.services import inbox, lifecycle, merging
from conversations.services.merging import MergeRefusedError
from conversations.states import Status
from tests.factories import make_channel, make_contact, make_conversation, make_incoming
from tests.faults.two_sessions import Session, wait_until_blocked
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer"),
]
SYSTEM = Actor.system()
ADDRESS = "+819000000001"


def write(channel, *, number):
    return inbox.record_inbound(make_incoming(channel, sid=f"SM{number}", address=ADDRESS))


def merge(source, target):
    return merging.merge(source, into=target, actor=SYSTEM, now=MORNING)


def everything_is_with(contact):
    strangers = Conversation.objects.exclude(contact=contact)
    return not strangers.exists() and not Identity.objects.exclude(contact=contact).exists()


def nothing_is_broken():
    return not any(invariant().exists() for invariant in INVARIANTS)


class TestAMessageInTheMiddle:
    @pytest.mark.parametrize("status", [Status.NEW, Status.SNOOZED, Status.CLOSED, None])
    def test_lands_with_whoever_has_its_address_afterwards(self, status):
        """The merge is held before its commit; the message waits, and looks again."""
        channel = make_channel()
        source, target = make_contact(address=ADDRESS), make_contact()
        if status is not None:
            due_at = MORNING if status == Status.NEW else None
            make_conversation(channel=channel, contact=source, status=status, placing_due_at=due_at)

        with transaction.atomic():
            merge(source, target)
            writing = Session(lambda: write(channel, number=1))
            wait_until_blocked()
        writing.wait()

        assert everything_is_with(target)
        assert Message.objects.count() == 1
        assert nothing_is_broken()

    def test_that_starts_a_conversation_first_is_moved_with_the_rest(self):
        """The message is held before its commit; the merge waits, and looks again."""
        channel = make_channel()
        source, target = make_contact(address=ADDRESS), make_contact()

        with transaction.atomic():
            started = write(channel, number=1)
            merging_ = Session(lambda: merge(source, target))
            wait_until_blocked()
        merging_.wait()

        assert Conversation.objects.get(pk=started.conversation_id).contact == target
        assert everything_is_with(target)
        assert nothing_is_broken()

    def test_that_opens_a_second_one_on_the_channel_refuses_the_merge(self):
        channel = make_channel()
        source, target = make_contact(address=ADDRESS), make_contact()
        make_conversation(channel=channel, contact=target)

        with transaction.atomic():
            write(channel, number=1)
            merging_ = Session(lambda: merge(source, target))
            wait_until_blocked()

        with pytest.raises(MergeRefusedError, match=r"contact\.both_open"):
            merging_.wait()
        assert Identity.objects.get(address=ADDRESS).contact == source


class TestTwoMerges:
    def test_that_cross_make_one(self):
        one, two = make_contact(), make_contact()
        make_conversation(contact=one)

        with transaction.atomic():
            merge(one, two)
            crossing = Session(lambda: merge(two, one))
            wait_until_blocked()

        with pytest.raises(MergeRefusedError, match=r"contact\.merged"):
            crossing.wait()
        assert everything_is_with(two)
        assert Contact.objects.exclude(merged_into=None).count() == 1

    def test_of_one_contact_into_two_make_one(self):
        source, one, two = make_contact(), make_contact(), make_contact()

        with transaction.atomic():
            merge(source, one)
            other = Session(lambda: merge(source, two))
            wait_until_blocked()

        with pytest.raises(MergeRefusedError, match=r"contact\.merged"):
            other.wait()

    def test_and_a_parting_at_once_happen_one_after_the_other(self):
        source, target, third = make_contact(), make_contact(), make_contact()
        merge(source, target)

        with transaction.atomic():
            merge(target, third)
            parting = Session(lambda: merging.unmerge(source, actor=SYSTEM, now=MORNING))
            wait_until_blocked()

        with pytest.raises(MergeRefusedError, match=r"contact\.merged"):
            parting.wait()


class TestACrowd:
    def test_of_messages_and_merges_breaks_nothing(self):
        """Ten messages while two people merge and part the same two contacts again and again."""
        channel = make_channel()
        source, target = make_contact(address=ADDRESS), make_contact()

        crowd = [
            Session(lambda: shuffle(source, target)),
            Session(lambda: shuffle(source, target)),
            Session(lambda: talk(channel, first=0)),
            Session(lambda: talk(channel, first=100)),
        ]
        for one in crowd:
            one.wait()

        assert Message.objects.count() == 10
        for row in Conversation.objects.select_related("identity"):
            assert row.contact_id == row.identity.contact_id
        assert nothing_is_broken()


def shuffle(source, target):
    for _ in range(5):
        with suppress(MergeRefusedError):
            merge(source, target)
        with suppress(MergeRefusedError):
            merging.unmerge(source, actor=SYSTEM, now=MORNING)


def write_until_taken(channel, *, number):
    """Send it as a provider does: again, while it is told to try again."""
    while True:
        with suppress(inbox.InboxContentionError):
            return write(channel, number=number)


def talk(channel, *, first):
    for number in range(first, first + 5):
        arrival = write_until_taken(channel, number=number)
        row = Conversation.objects.get(pk=arrival.conversation_id)
        with suppress(lifecycle.ConversationMovedError, lifecycle.IllegalTransitionError):
            lifecycle.resolve(row, actor=SYSTEM, now=MORNING)
