"""What happened: timeline, audit trail and (with the outbox) the message about it, in one row."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from conversations.querysets import EventQuerySet
from teams.identifiers import new_public_id


class ActorKind(models.TextChoices):
    CONTACT = "contact", _("Customer")
    USER = "user", _("Person")
    API = "api", _("API key")
    SYSTEM = "system", _("Relaydesk")
    PROVIDER = "provider", _("Provider")
    AI = "ai", _("AI agent")
    FLOW = "flow", _("Flow")


class Event(models.Model):
    """Append-only. Born only in `conversations.services.events.record`."""

    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    type = models.CharField(max_length=64)
    conversation = models.ForeignKey(
        "conversations.Conversation",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="events",
    )
    contact = models.ForeignKey(
        "conversations.Contact", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    actor_kind = models.CharField(max_length=8, choices=ActorKind)
    actor = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    actor_label = models.CharField(max_length=120, blank=True)
    data = models.JSONField(default=dict)
    occurred_at = models.DateTimeField()
    # None: the endpoints have not been told yet. Whoever writes an event leaves it so.
    published_at = models.DateTimeField(null=True, blank=True)

    objects = EventQuerySet.as_manager()

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ("pk",)
        indexes = [
            models.Index(
                fields=["id"],
                condition=models.Q(published_at__isnull=True),
                name="event_unpublished",
            ),
        ]

    def __str__(self) -> str:
        return self.type
