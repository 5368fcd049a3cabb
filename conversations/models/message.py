"""What was said, and what became of it on the way."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from conversations.delivery_states import DeliveryStatus
from conversations.parts import overall
from teams.identifiers import new_public_id

DELIVERY_STATUS_CHOICES = [
    (DeliveryStatus.QUEUED.value, _("Queued")),
    (DeliveryStatus.SENDING.value, _("Sending")),
    (DeliveryStatus.SENT.value, _("Sent")),
    (DeliveryStatus.DELIVERED.value, _("Delivered")),
    (DeliveryStatus.READ.value, _("Read")),
    (DeliveryStatus.FAILED.value, _("Failed")),
    (DeliveryStatus.UNKNOWN.value, _("Unknown")),
]


class Direction(models.TextChoices):
    INBOUND = "inbound", _("Inbound")
    OUTBOUND = "outbound", _("Outbound")
    NOTE = "note", _("Internal note")


class AuthorKind(models.TextChoices):
    CONTACT = "contact", _("Customer")
    AGENT = "agent", _("Agent")
    SYSTEM = "system", _("Automatic")
    AI = "ai", _("AI agent")
    FLOW = "flow", _("Flow")


#: The kind of a message that is an approved template, filled.
TEMPLATE_KIND = "template"


class Message(models.Model):
    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    conversation = models.ForeignKey(
        "conversations.Conversation", on_delete=models.CASCADE, related_name="messages"
    )
    channel = models.ForeignKey("channels.Channel", on_delete=models.PROTECT, related_name="+")
    sequence = models.PositiveIntegerField()
    direction = models.CharField(max_length=8, choices=Direction)
    author_kind = models.CharField(max_length=8, choices=AuthorKind)
    author = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    # The name of an author who is no person of ours.
    author_name = models.CharField(max_length=120, blank=True, db_default="")
    kind = models.CharField(max_length=16, default="text")
    body = models.TextField(blank=True)
    media = models.JSONField(default=list, blank=True)
    provider_message_id = models.CharField(max_length=160, null=True, blank=True)  # noqa: DJ001
    created_at = models.DateTimeField()
    # The customer's reaction to it, one emoji, and when that was last changed; and when the
    # customer took a message of theirs back.
    reaction = models.CharField(max_length=32, blank=True, default="", db_default="")
    reacted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    # Delivery, for outbound messages only; blank otherwise.
    delivery_status = models.CharField(max_length=12, blank=True, choices=DELIVERY_STATUS_CHOICES)
    error_code = models.CharField(max_length=16, blank=True)
    error_detail = models.CharField(max_length=500, blank=True)
    send_due_at = models.DateTimeField(null=True, blank=True)
    # While a worker talks to the provider: until when, and which try this is (the fence).
    lease_until = models.DateTimeField(null=True, blank=True)
    attempt = models.PositiveIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    # A template that the provider approved, and what its placeholders were filled with. `body` is
    # the text with all of it put in.
    template = models.ForeignKey(
        "channels.Template", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    template_variables = models.JSONField(null=True, blank=True)
    # A long answer goes out in several messages, each with a state of its own. The first of them
    # stands for the whole; the others follow it in the sequence.
    part_of = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.CASCADE, related_name="parts"
    )
    # When the last try began, and, for one in doubt: when to ask the provider whether it has it,
    # how often that was asked, and how often in a row the provider had nothing.
    tried_at = models.DateTimeField(null=True, blank=True)
    lookup_due_at = models.DateTimeField(null=True, blank=True)
    lookups = models.PositiveSmallIntegerField(default=0, db_default=0)
    misses = models.PositiveSmallIntegerField(default=0, db_default=0)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ("conversation_id", "sequence")
        constraints = [
            # A total order inside a conversation that never changes.
            models.UniqueConstraint(
                fields=["conversation", "sequence"], name="message_sequence_unique"
            ),
            # A provider's id names one message.
            models.UniqueConstraint(
                fields=["channel", "provider_message_id"],
                condition=models.Q(provider_message_id__isnull=False),
                name="message_provider_id_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["send_due_at"],
                condition=models.Q(send_due_at__isnull=False),
                name="message_send_due",
            ),
            models.Index(
                fields=["lease_until"],
                condition=models.Q(lease_until__isnull=False),
                name="message_leased",
            ),
            models.Index(
                fields=["lookup_due_at"],
                condition=models.Q(lookup_due_at__isnull=False),
                name="message_lookup_due",
            ),
        ]

    def __str__(self) -> str:
        return str(self.public_id)

    @property
    def whole(self) -> list["Message"]:
        """All messages in which this one goes out, itself first. `parts` may be prefetched."""
        return [self, *sorted(self.parts.all(), key=lambda part: part.sequence)]

    @property
    def whole_files(self) -> list[Any]:
        """The files of all its parts, in their order. Both may be prefetched."""
        return [file for part in self.whole for file in part.attachments.all()]

    @property
    def whole_body(self) -> str:
        return "".join(part.body for part in self.whole)

    @property
    def whole_status(self) -> str:
        """What became of the message, all parts taken together; blank if it is not ours."""
        return overall(part.delivery_status for part in self.whole)


class DeliveryReport(models.Model):
    """A provider's word about one of our messages. It may arrive before our own commit."""

    channel = models.ForeignKey("channels.Channel", on_delete=models.CASCADE, related_name="+")
    provider_message_id = models.CharField(max_length=160)
    status = models.CharField(max_length=32)
    error_code = models.CharField(max_length=16, blank=True)
    received_at = models.DateTimeField()
    message = models.ForeignKey(
        Message, null=True, blank=True, on_delete=models.CASCADE, related_name="delivery_reports"
    )

    class Meta:
        verbose_name = _("delivery report")
        verbose_name_plural = _("delivery reports")
        ordering = ("pk",)
        constraints = [
            # The same report twice is one report. Never by message id alone: that would swallow
            # "delivered" after "sent".
            models.UniqueConstraint(
                fields=["channel", "provider_message_id", "status"], name="delivery_report_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider_message_id} {self.status}"
