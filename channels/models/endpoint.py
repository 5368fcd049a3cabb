"""A customer's address that is told of events."""

from django.core.validators import MaxLengthValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from channels.querysets import EndpointQuerySet
from channels.secrets import EncryptedTextField
from channels.signatures import new_secret
from teams.identifiers import new_public_id


class PauseReason(models.TextChoices):
    """Why we stopped sending by ourselves. What happens meanwhile is kept until it is resumed."""

    GONE = "gone", _("It answered “410 Gone”.")
    FAILING = "failing", _("Nothing reached it for five days.")


class Endpoint(models.Model):
    """One address, and how it does. Inactive: it is told nothing, and nothing is kept for it."""

    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=120)
    url = models.CharField(_("address"), max_length=2000)
    description = models.TextField(
        _("description"), blank=True, validators=[MaxLengthValidator(2000)]
    )
    # None: every channel's events, and those that belong to no channel.
    channel = models.ForeignKey(
        "channels.Channel",
        verbose_name=_("channel"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="endpoints",
    )
    # Patterns (channels/event_filters.py); an empty list is everything.
    event_types = models.JSONField(_("events"), default=list, blank=True)
    has_raw_payload = models.BooleanField(_("with the provider's raw request"), default=False)
    secret = EncryptedTextField(default=new_secret, editable=False)
    # After a rotation both secrets sign for a while, so that the receiver can follow at leisure.
    previous_secret = EncryptedTextField(blank=True, editable=False)
    previous_secret_until = models.DateTimeField(null=True, blank=True, editable=False)
    is_active = models.BooleanField(_("active"), default=True)
    paused_at = models.DateTimeField(null=True, blank=True, editable=False)
    pause_reason = models.CharField(max_length=8, blank=True, choices=PauseReason, editable=False)
    # Health. `held_until`: it was slow to fail, or asked for patience; nobody calls it before.
    consecutive_failures = models.PositiveIntegerField(default=0, editable=False)
    failing_since = models.DateTimeField(null=True, blank=True, editable=False)
    last_error = models.CharField(max_length=24, blank=True, editable=False)
    last_success_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_failure_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_tried_at = models.DateTimeField(null=True, blank=True, editable=False)
    held_until = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(editable=False)

    objects = EndpointQuerySet.as_manager()

    class Meta:
        verbose_name = _("endpoint")
        verbose_name_plural = _("endpoints")
        ordering = ("name", "pk")

    def __str__(self) -> str:
        return self.name
