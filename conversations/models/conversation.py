"""A conversation: who it is with, in which state, whose it is, and what is due."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from conversations.querysets import ConversationQuerySet
from conversations.states import LIVE, Status
from teams.identifiers import new_public_id

STATUS_CHOICES = [
    (Status.BOT.value, _("Bot")),
    (Status.NEW.value, _("New")),
    (Status.IN_PROGRESS.value, _("In progress")),
    (Status.SNOOZED.value, _("Snoozed")),
    (Status.RESOLVED.value, _("Resolved")),
    (Status.CLOSED.value, _("Closed")),
]
LIVE_CONDITION = models.Q(status__in=sorted(LIVE))


class Conversation(models.Model):
    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    contact = models.ForeignKey(
        "conversations.Contact", on_delete=models.PROTECT, related_name="conversations"
    )
    identity = models.ForeignKey(
        "conversations.Identity", on_delete=models.PROTECT, related_name="conversations"
    )
    channel = models.ForeignKey(
        "channels.Channel",
        verbose_name=_("channel"),
        on_delete=models.PROTECT,
        related_name="conversations",
    )
    status = models.CharField(_("status"), max_length=12, choices=STATUS_CHOICES)
    team = models.ForeignKey(
        "teams.Team",
        verbose_name=_("team"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="conversations",
    )
    assignee = models.ForeignKey(
        "teams.User",
        verbose_name=_("assignee"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="conversations",
    )
    priority = models.SmallIntegerField(_("priority"), default=0)
    tags = models.JSONField(_("tags"), default=list, blank=True)
    version = models.PositiveIntegerField(default=1)
    message_count = models.PositiveIntegerField(default=0)
    resolution_count = models.PositiveIntegerField(default=0)
    opened_at = models.DateTimeField(_("started"))
    last_message_at = models.DateTimeField(_("last message"))
    # The provider's 24-hour window counts from here.
    last_inbound_at = models.DateTimeField(null=True, blank=True)
    # The customer's first message that no person has answered yet.
    waiting_since = models.DateTimeField(_("waiting since"), null=True, blank=True)
    first_replied_at = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    # Deadlines that a sweep reads.
    routing_due_at = models.DateTimeField(null=True, blank=True)  # routing: decide who gets it
    placing_due_at = models.DateTimeField(null=True, blank=True)  # routing: look again for somebody
    reply_due_at = models.DateTimeField(null=True, blank=True)  # routing: reassign when passed
    close_due_at = models.DateTimeField(null=True, blank=True)  # surveys: close when passed
    survey_due_at = models.DateTimeField(null=True, blank=True)  # surveys: ask when passed
    inactive_due_at = models.DateTimeField(null=True, blank=True)  # resolve: nobody writes
    snooze_due_at = models.DateTimeField(_("snoozed until"), null=True, blank=True)  # wake it up
    bot_left_at = models.DateTimeField(null=True, blank=True)  # routing: its flow is over

    objects = ConversationQuerySet.as_manager()

    class Meta:
        verbose_name = _("conversation")
        verbose_name_plural = _("conversations")
        ordering = ("-pk",)
        constraints = [
            # One live conversation per contact and channel, however many messages arrive at once.
            models.UniqueConstraint(
                fields=["contact", "channel"],
                condition=LIVE_CONDITION,
                name="conversation_one_live_per_contact",
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=[s.value for s in Status]),
                name="conversation_status_known",
            ),
        ]
        indexes = [
            # Next waiting of a team or channel: priority first, then oldest.
            models.Index(
                "team",
                models.F("priority").desc(),
                "waiting_since",
                "id",
                condition=models.Q(status__in=["new", "in_progress"], assignee__isnull=True),
                name="conversation_waiting",
            ),
            models.Index(
                fields=["id"], condition=models.Q(status="bot"), name="conversation_held_by_bot"
            ),
            models.Index(
                fields=["waiting_since"],
                condition=models.Q(status="bot", waiting_since__isnull=False),
                name="conversation_waits_for_bot",
            ),
            models.Index(
                fields=["bot_left_at"],
                condition=models.Q(bot_left_at__isnull=False),
                name="conversation_bot_left",
            ),
            models.Index(
                fields=["assignee"],
                condition=models.Q(status__in=["new", "in_progress"], assignee__isnull=False),
                name="conversation_load",
            ),
            models.Index(
                fields=["routing_due_at"],
                condition=models.Q(routing_due_at__isnull=False),
                name="conversation_routing_due",
            ),
            models.Index(
                fields=["placing_due_at"],
                condition=models.Q(placing_due_at__isnull=False),
                name="conversation_placing_due",
            ),
            models.Index(
                fields=["reply_due_at"],
                condition=models.Q(reply_due_at__isnull=False),
                name="conversation_reply_due",
            ),
            models.Index(
                fields=["close_due_at"],
                condition=models.Q(close_due_at__isnull=False),
                name="conversation_close_due",
            ),
            models.Index(
                fields=["survey_due_at"],
                condition=models.Q(survey_due_at__isnull=False),
                name="conversation_survey_due",
            ),
            models.Index(
                fields=["inactive_due_at"],
                condition=models.Q(inactive_due_at__isnull=False),
                name="conversation_inactive_due",
            ),
            models.Index(
                fields=["snooze_due_at"],
                condition=models.Q(snooze_due_at__isnull=False),
                name="conversation_snooze_due",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"
