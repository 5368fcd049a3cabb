"""Texts that the provider approved beforehand: the only ones that go out after the 24 hours."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from teams.identifiers import new_public_id


class TemplateStatus(models.TextChoices):
    """What WhatsApp says of it. Only what is approved goes out."""

    APPROVED = "approved", _("Approved")
    UNSUBMITTED = "unsubmitted", _("Not handed in")
    PENDING = "pending", _("Waiting for approval")
    REJECTED = "rejected", _("Rejected")
    PAUSED = "paused", _("Paused")
    DISABLED = "disabled", _("Disabled")


class Template(models.Model):
    """A template as the provider had it at `synced_at`. Nobody changes it here.

    `body` has its placeholders written as `{{name}}`; `variables` are their names, in their order.
    """

    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    channel = models.ForeignKey(
        "channels.Channel",
        verbose_name=_("channel"),
        on_delete=models.CASCADE,
        related_name="templates",
    )
    provider_template_id = models.CharField(_("id at the provider"), max_length=100)
    name = models.CharField(_("name"), max_length=200)
    language = models.CharField(_("language"), max_length=20, blank=True)
    category = models.CharField(_("category"), max_length=40, blank=True)
    body = models.TextField(_("text"), blank=True)
    variables = models.JSONField(_("placeholders"), default=list, blank=True)
    status = models.CharField(_("state"), max_length=12, choices=TemplateStatus)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    synced_at = models.DateTimeField(_("as of"))
    # The provider does not have it any more. What was sent with it keeps its name.
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("template")
        verbose_name_plural = _("templates")
        ordering = ("name", "language", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "provider_template_id", "language"], name="template_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.language})" if self.language else self.name


class TemplateSync(models.Model):
    """When a channel's templates are fetched next, and how it went last.

    Apart from the channel's own row, which routing locks. `attempt` counts the tries: it is the
    fence, and whoever was overtaken writes nothing down.
    """

    channel = models.OneToOneField(
        "channels.Channel", on_delete=models.CASCADE, primary_key=True, related_name="template_sync"
    )
    # While a worker fetches: until when it may.
    sync_due_at = models.DateTimeField(null=True, blank=True)
    attempt = models.PositiveIntegerField(default=0)
    synced_at = models.DateTimeField(null=True, blank=True)
    # Set by a try that failed, cleared by the next that did not.
    failed_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)
    error_code = models.CharField(max_length=16, blank=True)
    error_detail = models.CharField(max_length=250, blank=True)

    class Meta:
        verbose_name = _("fetching of templates")
        verbose_name_plural = _("fetchings of templates")
        indexes = [
            models.Index(
                fields=["sync_due_at"],
                condition=models.Q(sync_due_at__isnull=False),
                name="template_sync_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel_id} {self.sync_due_at}"
