"""What must be true of the rows at all times, as queries for whatever breaks it.

`manage.py verify` counts them in production; the race and kill tests run them after every run.
"""

from datetime import datetime

from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from channels.models import Envelope, EnvelopeOutcome
from conversations import media_files
from conversations.delivery_states import DeliveryStatus
from conversations.models import (
    Assignment,
    Attachment,
    Contact,
    ContactMerge,
    Conversation,
    EndpointDelivery,
    Event,
    FileState,
    HouseFile,
    Identity,
    Message,
    Survey,
    SurveyStatus,
)
from conversations.models.message import Direction
from conversations.states import OPEN, Status
from teams.models import User

#: What became of a request whose message is here.
STORED = [EnvelopeOutcome.ACCEPTED, EnvelopeOutcome.REPLAYED, EnvelopeOutcome.FETCHED]


def people_whose_load_is_not_their_count() -> QuerySet[User]:
    """A person's load is the number of open conversations assigned to them."""
    held = (
        Conversation.objects.filter(assignee=OuterRef("pk"), status__in=OPEN)
        .order_by()
        .values("assignee")
        .annotate(held=Count("pk"))
        .values("held")
    )
    people: QuerySet[User] = User.objects.annotate(held=Coalesce(Subquery(held), Value(0)))
    return people.exclude(load=F("held"))


def open_conversations_whose_history_differs() -> QuerySet[Conversation]:
    """An open conversation's owner is the one of its running assignment, and of no other."""
    running = Assignment.objects.filter(conversation=OuterRef("pk"), ended_at=None)
    same_user = Q(user=OuterRef("assignee")) | Q(
        user__isnull=True, conversation__assignee__isnull=True
    )
    same_team = Q(team=OuterRef("team")) | Q(team__isnull=True, conversation__team__isnull=True)
    owned = Q(assignee__isnull=False) | Q(team__isnull=False)
    return Conversation.objects.filter(status__in=OPEN).filter(
        owned & ~Exists(running.filter(same_user, same_team)) | ~owned & Exists(running)
    )


def assignments_that_run_on() -> QuerySet[Assignment]:
    """Only a conversation that is open has a running assignment."""
    return Assignment.objects.filter(ended_at=None).exclude(conversation__status__in=OPEN)


def conversations_with_gaps() -> QuerySet[Conversation]:
    """Messages are numbered from 1 without gaps, and the conversation knows how many there are."""
    return Conversation.objects.annotate(
        stored=Count("messages"), last=Coalesce(Max("messages__sequence"), Value(0))
    ).exclude(stored=F("message_count"), last=F("message_count"))


def envelopes_without_a_message() -> QuerySet[Envelope]:
    """What was accepted was stored."""
    stored = Message.objects.filter(
        channel=OuterRef("channel"), provider_message_id=OuterRef("dedupe_key")
    )
    taken = Envelope.objects.filter(outcome__in=STORED)
    return taken.filter(~Exists(stored))


def inbound_messages_without_their_event() -> QuerySet[Message]:
    """Every customer's message stands in the timeline."""
    noted = (
        Event.objects.filter(conversation=OuterRef("pk"), type="message.received")
        .order_by()
        .values("conversation")
        .annotate(noted=Count("pk"))
        .values("noted")
    )
    uneven = (
        Conversation.objects.annotate(
            inbound=Count("messages", filter=Q(messages__direction=Direction.INBOUND)),
            noted=Coalesce(Subquery(noted), Value(0)),
        )
        .exclude(inbound=F("noted"))
        .values("pk")
    )
    return Message.objects.filter(conversation__in=uneven, direction=Direction.INBOUND)


def conversations_that_nobody_will_look_at() -> QuerySet[Conversation]:
    """Whatever waits without an owner has a due mark, so that a sweep finds it."""
    return Conversation.objects.waiting().filter(routing_due_at=None, placing_due_at=None)


def other_conversations_with_deadlines() -> QuerySet[Conversation]:
    """Routing looks at what is open only; each other state has at most its own deadline:
    the waking of what is set aside, and the end of the wait for a rating of what is resolved.
    """
    due = (
        Q(routing_due_at__isnull=False)
        | Q(placing_due_at__isnull=False)
        | Q(reply_due_at__isnull=False)
    )
    wakes = Q(snooze_due_at__isnull=False) & ~Q(status=Status.SNOOZED)
    ends = Q(close_due_at__isnull=False) | Q(survey_due_at__isnull=False)
    closes = ends & ~Q(status=Status.RESOLVED)
    return Conversation.objects.filter(due & ~Q(status__in=OPEN) | wakes | closes)


def messages_that_nobody_will_send() -> QuerySet[Message]:
    """A queued message is due at some time; a message that is being sent has a lease."""
    return Message.objects.filter(
        Q(delivery_status=DeliveryStatus.QUEUED, send_due_at=None)
        | Q(delivery_status=DeliveryStatus.SENDING, lease_until=None)
    )


def surveys_that_never_end() -> QuerySet[Survey]:
    """A survey waits for its answer only while its conversation waits to be closed."""
    resolved = Q(conversation__status=Status.RESOLVED)
    asked = resolved & Q(conversation__close_due_at__isnull=False)
    planned = resolved & Q(conversation__survey_due_at__isnull=False)
    return Survey.objects.filter(
        Q(status=SurveyStatus.SENT) & ~asked | Q(status=SurveyStatus.PLANNED) & ~planned
    )


def resolved_conversations_that_never_close() -> QuerySet[Conversation]:
    """What is resolved waits for something: for the question, or for the answer."""
    resolved: QuerySet[Conversation] = Conversation.objects.filter(status=Status.RESOLVED)
    return resolved.filter(close_due_at=None, survey_due_at=None)


def conversations_of_another_contact() -> QuerySet[Conversation]:
    """A conversation and the address that it came from belong to the same contact."""
    return Conversation.objects.exclude(identity__contact=F("contact"))


def merged_contacts_that_have_something() -> QuerySet[Contact]:
    """Whoever was merged into another contact has no address and no conversation left."""
    theirs = Q(Exists(Conversation.objects.filter(contact=OuterRef("pk"))))
    theirs |= Q(Exists(Identity.objects.filter(contact=OuterRef("pk"))))
    return Contact.objects.filter(theirs, merged_into__isnull=False)


def contacts_whose_merge_is_not_noted() -> QuerySet[Contact]:
    """Whoever is merged has one merge that was not undone; whoever is not, has none."""
    noted = Exists(ContactMerge.objects.filter(source=OuterRef("pk"), undone_at=None))
    return Contact.objects.filter(
        Q(~noted, merged_into__isnull=False) | Q(noted, merged_into__isnull=True)
    )


def deliveries_that_nobody_will_send() -> QuerySet[EndpointDelivery]:
    """While anything of a conversation is pending at an endpoint, one delivery of it is due."""
    return EndpointDelivery.objects.heads_at_rest()


def deliveries_out_of_their_order() -> QuerySet[EndpointDelivery]:
    """Nothing that was never tried is due while something queued before it waits for its turn."""
    earlier = EndpointDelivery.objects.pending().filter(
        endpoint=OuterRef("endpoint"),
        ordering_key=OuterRef("ordering_key"),
        pk__lt=OuterRef("pk"),
        attempt=0,
    )
    return EndpointDelivery.objects.filter(due_at__isnull=False, attempt=0).filter(Exists(earlier))


def deliveries_of_unpublished_events() -> QuerySet[EndpointDelivery]:
    """An event is marked as published in the transaction that queues it."""
    return EndpointDelivery.objects.filter(event__isnull=False, event__published_at=None)


def stored_attachments_without_their_file() -> QuerySet[Attachment]:
    """A file that is stored can be opened."""
    stored = Attachment.objects.filter(state=FileState.STORED).values_list("pk", "path")
    lost = [pk for pk, path in stored.iterator() if not media_files.exists(path)]
    return Attachment.objects.filter(pk__in=lost)


def house_files_without_their_file() -> QuerySet[HouseFile]:
    """A file that flows send can be opened."""
    kept = HouseFile.objects.values_list("pk", "path")
    lost = [pk for pk, path in kept.iterator() if not media_files.exists(path)]
    return HouseFile.objects.filter(pk__in=lost)


def files_without_their_attachment(*, now: datetime) -> list[str]:
    """Every file on the disk belongs to a row; one that was just written may not have it yet."""
    known = set(Attachment.objects.filter(state=FileState.STORED).values_list("path", flat=True))
    known.update(HouseFile.objects.values_list("path", flat=True))
    return [path for path in media_files.settled_paths(now=now) if path not in known]


INVARIANTS = [
    people_whose_load_is_not_their_count,
    open_conversations_whose_history_differs,
    assignments_that_run_on,
    conversations_with_gaps,
    envelopes_without_a_message,
    inbound_messages_without_their_event,
    conversations_that_nobody_will_look_at,
    other_conversations_with_deadlines,
    messages_that_nobody_will_send,
    surveys_that_never_end,
    resolved_conversations_that_never_close,
    conversations_of_another_contact,
    merged_contacts_that_have_something,
    contacts_whose_merge_is_not_noted,
    deliveries_that_nobody_will_send,
    deliveries_out_of_their_order,
    deliveries_of_unpublished_events,
    stored_attachments_without_their_file,
    house_files_without_their_file,
]
