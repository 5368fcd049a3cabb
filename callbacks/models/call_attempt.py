"""One try to reach somebody by a call of ours: each is a row, and is placed at most once."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from channels.models.channel import new_token
from teams.identifiers import new_public_id


class CallStatus(models.TextChoices):
    """`planned`, `placing` and `unknown` are ours; the others are Twilio's, in our spelling."""

    PLANNED = "planned", _("Planned")
    PLACING = "placing", _("Being placed")
    QUEUED = "queued", _("Queued")
    RINGING = "ringing", _("Ringing")
    IN_PROGRESS = "in_progress", _("In progress")
    COMPLETED = "completed", _("Completed")
    BUSY = "busy", _("Busy")
    NO_ANSWER = "no_answer", _("No answer")
    FAILED = "failed", _("Failed")
    CANCELED = "canceled", _("Canceled")
    # It may have been placed; nobody can say. Never placed again by itself.
    UNKNOWN = "unknown", _("Unknown")


#: Nothing follows these.
FINAL = frozenset(
    {
        CallStatus.COMPLETED,
        CallStatus.BUSY,
        CallStatus.NO_ANSWER,
        CallStatus.FAILED,
        CallStatus.CANCELED,
    }
)
_RANKS: dict[str, int] = {
    "": 0,
    CallStatus.PLANNED: 0,
    CallStatus.PLACING: 1,
    CallStatus.UNKNOWN: 1,
    CallStatus.QUEUED: 2,
    CallStatus.RINGING: 3,
    CallStatus.IN_PROGRESS: 4,
    **dict.fromkeys(FINAL, 5),
}


def follows(seen: str, status: str) -> bool:
    """Say whether a call that was seen so may now be so: never backwards, never twice."""
    return _RANKS[status] > _RANKS[seen]


class Leg(models.TextChoices):
    """Who is rung first."""

    AGENT = "agent", _("Agent")
    CUSTOMER = "customer", _("Customer")


class CallAttempt(models.Model):
    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    # What Twilio's requests about this call have in their address.
    token = models.CharField(max_length=64, unique=True, default=new_token, editable=False)
    callback = models.ForeignKey(
        "callbacks.Callback", on_delete=models.PROTECT, related_name="attempts"
    )
    position = models.PositiveIntegerField(_("try"))
    first_leg = models.CharField(_("rung first"), max_length=8, choices=Leg)
    channel = models.ForeignKey("channels.Channel", on_delete=models.PROTECT, related_name="+")
    agent = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    agent_number = models.CharField(max_length=16, blank=True)
    number = models.CharField(_("number"), max_length=40)
    caller_id = models.CharField(_("caller ID"), max_length=16)
    # As the team had it when the call was planned.
    ring_s = models.PositiveIntegerField(default=30)
    is_detecting_machines = models.BooleanField(default=False)
    status = models.CharField(
        _("state"), max_length=12, choices=CallStatus, default=CallStatus.PLANNED
    )
    # The call to whom is rung first, and the one to the other; what they last said, in order.
    call_sid = models.CharField(max_length=34, blank=True)
    second_call_sid = models.CharField(max_length=34, blank=True)
    sequence = models.IntegerField(default=-1)
    second_status = models.CharField(max_length=12, blank=True, choices=CallStatus)
    answered_by = models.CharField(max_length=24, blank=True)
    error_code = models.CharField(max_length=16, blank=True)
    error_detail = models.CharField(max_length=250, blank=True)
    duration_s = models.PositiveIntegerField(null=True, blank=True)
    # When a worker places it; while one does, until when it may. Which try that is: the fence on
    # what the worker writes.
    place_due_at = models.DateTimeField(null=True, blank=True)
    fence = models.PositiveIntegerField(default=0)
    # When Twilio is asked what became of it, how often it was, and how often in a row it knew of
    # no such call.
    look_due_at = models.DateTimeField(null=True, blank=True)
    looks = models.PositiveIntegerField(default=0)
    misses = models.PositiveIntegerField(default=0)
    # It is not wanted any more: when a worker ends it.
    hang_up_due_at = models.DateTimeField(null=True, blank=True)
    planned_at = models.DateTimeField()
    placed_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    # When both were on the line.
    connected_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("call attempt")
        verbose_name_plural = _("call attempts")
        ordering = ("callback", "position")
        constraints = [
            # However many workers plan the next try, there is one.
            models.UniqueConstraint(fields=["callback", "position"], name="call_attempt_once"),
            # Nobody is rung for one promise on two lines at once.
            models.UniqueConstraint(
                fields=["callback"],
                condition=models.Q(ended_at__isnull=True),
                name="call_attempt_one_running",
            ),
            models.UniqueConstraint(
                fields=["call_sid"],
                condition=models.Q(call_sid__gt=""),
                name="call_attempt_sid_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["place_due_at"],
                condition=models.Q(place_due_at__isnull=False),
                name="call_attempt_place_due",
            ),
            models.Index(
                fields=["look_due_at"],
                condition=models.Q(look_due_at__isnull=False),
                name="call_attempt_look_due",
            ),
            models.Index(
                fields=["hang_up_due_at"],
                condition=models.Q(hang_up_due_at__isnull=False),
                name="call_attempt_hang_up_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.callback_id}/{self.position}"

    @property
    def first_number(self) -> str:
        """The number that is rung first."""
        return self.agent_number if self.first_leg == Leg.AGENT else self.number

    @property
    def result(self) -> str:
        """What became of it: a `CallStatus`; `completed` only where both were on the line."""
        if self.connected_at is not None or self.status not in FINAL:
            return self.status
        if self.second_status in FINAL - {CallStatus.COMPLETED}:
            return self.second_status
        return CallStatus.NO_ANSWER if self.status == CallStatus.COMPLETED else self.status

    @property
    def result_label(self) -> str:
        return str(CallStatus(self.result).label)
