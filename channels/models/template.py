"""Texts that the provider approved beforehand: the only ones that go out after the 24 hours."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from teams.identifiers import new_public_id


class TemplateStatus(models.TextChoices):
    APPROVED = "approved", _("Approved")
    PENDING = "pending", _("Waiting for approval")
    REJECTED = "rejected", _("Rejected")
    PAUSED = "paused", _("Paused")


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
