"""A promise to call somebody back: when, by whom, and what became of it."""

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from callbacks.querysets import CallbackQuerySet
from callbacks.states import PENDING, CallbackStatus
from teams.identifiers import new_public_id

STATUS_CHOICES = [
    (CallbackStatus.SCHEDULED.value, _("Scheduled")),
    (CallbackStatus.DUE.value, _("Due")),
    (CallbackStatus.OFFERED.value, _("Offered")),
    (CallbackStatus.CALLING.value, _("Calling")),
    (CallbackStatus.COMPLETED.value, _("Completed")),
    (CallbackStatus.MISSED.value, _("Missed")),
    (CallbackStatus.CANCELLED.value, _("Cancelled")),
]
E164 = r"\A\+[1-9][0-9]{6,14}\Z"


class Outcome(models.TextChoices):
    """What whoever called says of it."""

    REACHED = "reached", _("Reached")
    NO_ANSWER = "no_answer", _("No answer")
    WRONG_NUMBER = "wrong_number", _("Wrong number")


class EndReason(models.TextChoices):
    """Why it is over."""

    DONE = "done", _("Called")
    CANCELLED = "cancelled", _("Cancelled")
    OWNERSHIP_EXPIRED = "ownership_expired", _("Its owner did not come in time")
    RETRIES_SPENT = "retries_spent", _("Nobody answered any of the calls")


class Callback(models.Model):
    """One promise. Written by services alone; rows stay, whatever becomes of it."""

    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    # Where it was promised; for one that another system schedules without a conversation, the one
    # that is opened for it when its time has come.
    conversation = models.ForeignKey(
        "conversations.Conversation",
        verbose_name=_("conversation"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="callbacks",
    )
    is_from_conversation = models.BooleanField(default=True, editable=False)
    # Whom it is promised to. A merge moves identities, and with them the promise.
    identity = models.ForeignKey(
        "conversations.Identity", on_delete=models.PROTECT, related_name="callbacks"
    )
    channel = models.ForeignKey(
        "channels.Channel",
        verbose_name=_("channel"),
        on_delete=models.PROTECT,
        related_name="callbacks",
    )
    team = models.ForeignKey(
        "teams.Team", verbose_name=_("team"), on_delete=models.PROTECT, related_name="callbacks"
    )
    number = models.CharField(_("number to call"), max_length=40)
    name = models.CharField(_("name"), max_length=200, blank=True)
    country_code = models.CharField(_("country"), max_length=2, blank=True)
    # What the clock on the customer's wall shows, where that is, and the instant it means by the
    # rules of time zones that were known (`zone_rules`, their release).
    wall_date = models.DateField(_("date"))
    wall_clock = models.TimeField(_("time"))
    zone = models.CharField(_("time zone"), max_length=64)
    zone_rules = models.CharField(max_length=16, blank=True, editable=False)
    due_at = models.DateTimeField(_("when"))
    # "Route to me if possible", or "I own this callback": never both.
    preferred_agent = models.ForeignKey(
        "teams.User",
        verbose_name=_("preferred agent"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="preferred_callbacks",
    )
    owner = models.ForeignKey(
        "teams.User",
        verbose_name=_("owner"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="owned_callbacks",
    )
    note = models.TextField(_("note"), blank=True)
    data = models.JSONField(_("data"), default=dict, blank=True)
    caller_id = models.CharField(
        _("caller ID"), max_length=16, blank=True, validators=[RegexValidator(E164)]
    )
    caller_id_name = models.CharField(_("caller name"), max_length=120, blank=True)
    # Why it was scheduled although something spoke against the time.
    override_reason = models.CharField(_("scheduled anyway because"), max_length=500, blank=True)

    status = models.CharField(
        _("state"),
        max_length=12,
        choices=STATUS_CHOICES,
        default=CallbackStatus.SCHEDULED.value,
    )
    # When a sweep looks at it again: its time, the end of an offer or of ownership, the next try.
    look_due_at = models.DateTimeField(null=True, blank=True, editable=False)
    due_since = models.DateTimeField(null=True, blank=True, editable=False)
    owner_until = models.DateTimeField(_("held until"), null=True, blank=True, editable=False)
    offered_to = models.ForeignKey(
        "teams.User",
        verbose_name=_("offered to"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="offered_callbacks",
        editable=False,
    )
    offered_at = models.DateTimeField(null=True, blank=True, editable=False)
    # The conversation's version when this was looked at last: another one says that somebody moved
    # it since.
    seen_version = models.PositiveIntegerField(null=True, blank=True, editable=False)
    # When the first try began, by hand or by a call: what punctuality is measured by.
    first_tried_at = models.DateTimeField(null=True, blank=True, editable=False)
    attempt_count = models.PositiveIntegerField(_("attempts"), default=0, editable=False)
    ended_at = models.DateTimeField(null=True, blank=True, editable=False)
    end_reason = models.CharField(max_length=20, blank=True, choices=EndReason, editable=False)
    end_note = models.CharField(max_length=500, blank=True, editable=False)
    outcome = models.CharField(_("outcome"), max_length=16, blank=True, choices=Outcome)
    created_by = models.ForeignKey(
        "teams.User",
        verbose_name=_("scheduled by"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="scheduled_callbacks",
    )
    created_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = CallbackQuerySet.as_manager()

    class Meta:
        verbose_name = _("callback")
        verbose_name_plural = _("callbacks")
        ordering = ("due_at", "pk")
        constraints = [
            # One promise per conversation, however many people schedule at once.
            models.UniqueConstraint(
                fields=["conversation"],
                condition=models.Q(
                    is_from_conversation=True, status__in=sorted(s.value for s in PENDING)
                ),
                name="callback_one_pending_per_conversation",
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=[s.value for s in CallbackStatus]),
                name="callback_status_known",
            ),
            models.CheckConstraint(
                condition=models.Q(owner__isnull=True) | models.Q(preferred_agent__isnull=True),
                name="callback_owned_or_preferred",
            ),
            # What is promised must be looked at; what is over must not.
            models.CheckConstraint(
                condition=~models.Q(status="scheduled") | models.Q(look_due_at__isnull=False),
                name="callback_scheduled_is_looked_at",
            ),
            models.CheckConstraint(
                condition=~models.Q(status__in=["completed", "missed", "cancelled"])
                | models.Q(look_due_at__isnull=True),
                name="callback_over_is_left_alone",
            ),
        ]
        indexes = [
            models.Index(
                fields=["look_due_at"],
                condition=models.Q(look_due_at__isnull=False),
                name="callback_look_due",
            ),
            # What is there for a person to do, however much was done before.
            models.Index(
                fields=["due_at"],
                condition=models.Q(status__in=["due", "offered", "calling"]),
                name="callback_live",
            ),
            models.Index(fields=["team", "due_at"], name="callback_of_team"),
            # A day, a week and the newest of all teams, however many there are.
            models.Index(fields=["due_at", "id"], name="callback_by_time"),
            models.Index(
                fields=["due_at", "id"],
                condition=models.Q(status="missed"),
                name="callback_missed",
            ),
            models.Index(
                fields=["owner", "due_at"],
                condition=models.Q(owner__isnull=False),
                name="callback_of_owner",
            ),
            models.Index(
                fields=["zone_rules"],
                condition=models.Q(status="scheduled"),
                name="callback_zone_rules",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"
