"""The files of a message: one row each, whether the customer sent it or we did."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from teams.identifiers import new_public_id


class FileState(models.TextChoices):
    PENDING = "pending", _("Being fetched")
    STORED = "stored", _("Stored")
    FAILED = "failed", _("Not available")
    REMOVED = "removed", _("Removed")


class Attachment(models.Model):
    """A file that came or goes with a message; the message's direction says which.

    The bytes lie below DATA_DIR/media at `path`, named by us. `declared_type` and `filename` are
    what somebody said of them; `content_type` is what the bytes themselves say.
    """

    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    message = models.ForeignKey(
        "conversations.Message", on_delete=models.CASCADE, related_name="attachments"
    )
    position = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=8, choices=FileState, default=FileState.PENDING)
    # Where the provider keeps a customer's file: an address, or an id; blank for our own.
    reference = models.TextField(blank=True)
    declared_type = models.CharField(max_length=200, blank=True)
    content_type = models.CharField(max_length=100, blank=True)
    size = models.PositiveBigIntegerField(null=True, blank=True)
    filename = models.CharField(max_length=200, blank=True)
    path = models.CharField(max_length=100, blank=True)
    error = models.CharField(max_length=24, blank=True)
    # When to fetch (again). While somebody fetches: when their lease is over. `lease_until` also
    # holds off the next try at removing a file that could not be removed.
    fetch_due_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    # `attempt` counts every try that was begun and never goes back: it is the fence. `tries` counts
    # those that ended, and begins anew when a person asks for it again.
    attempt = models.PositiveIntegerField(default=0)
    tries = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    stored_at = models.DateTimeField(null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ("message_id", "position")
        constraints = [
            # However often a message is looked at: each of its files has one row.
            models.UniqueConstraint(fields=["message", "position"], name="attachment_once"),
            # What is stored can be found, and only what is stored.
            models.CheckConstraint(
                condition=models.Q(state="stored", stored_at__isnull=False) & ~models.Q(path="")
                | ~models.Q(state="stored") & models.Q(path=""),
                name="attachment_stored_somewhere",
            ),
            # Whatever is to be fetched has its time, and nothing else does.
            models.CheckConstraint(
                condition=models.Q(state="pending", fetch_due_at__isnull=False)
                | ~models.Q(state="pending") & models.Q(fetch_due_at__isnull=True),
                name="attachment_pending_is_due",
            ),
        ]
        indexes = [
            models.Index(
                fields=["fetch_due_at"],
                condition=models.Q(fetch_due_at__isnull=False),
                name="attachment_fetch_due",
            ),
            models.Index(
                fields=["stored_at"],
                condition=models.Q(state="stored"),
                name="attachment_by_age",
            ),
        ]

    def __str__(self) -> str:
        return str(self.public_id)
