"""One event on its way to one endpoint."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from conversations.querysets import EndpointDeliveryQuerySet
from teams.identifiers import new_public_id


class ForwardStatus(models.TextChoices):
    PENDING = "pending", _("On its way")
    DELIVERED = "delivered", _("Delivered")
    DEAD = "dead", _("Given up")


class EndpointDelivery(models.Model):
    """A row for each event and endpoint, made once; its tries are counted on it.

    A lane is what one endpoint is told of one conversation, in the order of the rows. Only one
    pending row of a lane has a `due_at`: the others wait for it to be delivered or given up.
    """

    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    endpoint = models.ForeignKey(
        "channels.Endpoint",
        verbose_name=_("endpoint"),
        on_delete=models.CASCADE,
        related_name="deliveries",
    )
    # None: a test, which has no event behind it.
    event = models.ForeignKey(
        "conversations.Event",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="deliveries",
    )
    event_type = models.CharField(_("event"), max_length=64)
    ordering_key = models.CharField(max_length=40)
    status = models.CharField(
        _("state"), max_length=12, choices=ForwardStatus, default=ForwardStatus.PENDING
    )
    # When to try (again). While somebody tries: when their lease is over.
    due_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    # `attempt` counts every try that was begun and never goes back: it is the fence on what is
    # written behind one. `tries` counts those that ended, and begins anew when it is sent again.
    attempt = models.PositiveIntegerField(default=0)
    tries = models.PositiveIntegerField(_("tries"), default=0)
    response_status = models.PositiveSmallIntegerField(null=True, blank=True)
    response_body = models.TextField(blank=True)
    error = models.CharField(max_length=24, blank=True)
    duration_ms = models.PositiveIntegerField(_("duration"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"))
    queued_at = models.DateTimeField()
    last_tried_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = EndpointDeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ("pk",)
        constraints = [
            # However often the outbox is emptied: an endpoint is told of an event by one row.
            models.UniqueConstraint(fields=["endpoint", "event"], name="delivery_once_per_event"),
            # The order of a conversation: one at a time, the others behind it.
            models.UniqueConstraint(
                fields=["endpoint", "ordering_key"],
                condition=models.Q(due_at__isnull=False),
                name="delivery_one_at_a_time",
            ),
            models.CheckConstraint(
                condition=models.Q(status="pending")
                | models.Q(due_at__isnull=True, lease_until__isnull=True),
                name="delivery_ends_at_rest",
            ),
        ]
        indexes = [
            models.Index(
                fields=["endpoint", "due_at"],
                condition=models.Q(due_at__isnull=False),
                name="delivery_due",
            ),
            models.Index(
                fields=["endpoint"],
                condition=models.Q(lease_until__isnull=False),
                name="delivery_leased",
            ),
            models.Index(
                fields=["endpoint", "ordering_key", "id"],
                condition=models.Q(status="pending"),
                name="delivery_lane",
            ),
            models.Index(
                fields=["endpoint", "id"],
                condition=models.Q(status="dead"),
                name="delivery_dead",
            ),
            models.Index(fields=["endpoint", "created_at"], name="delivery_by_time"),
            models.Index(
                fields=["finished_at"],
                condition=models.Q(status="delivered"),
                name="delivery_arrived",
            ),
        ]

    def __str__(self) -> str:
        return self.message_id

    @property
    def message_id(self) -> str:
        """What the receiver knows it by: the event's id, on every try and at every endpoint."""
        public_id = self.public_id if self.event is None else self.event.public_id
        return f"msg_{public_id.hex}"

    @property
    def is_under_way(self) -> bool:
        return self.lease_until is not None
