"""What became of people's presence: who said so, when and why."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from teams.models.user import Presence


class PresenceChange(models.Model):
    """Somebody came, went away or left. Append-only. Without `by`, nobody did: it lapsed."""

    user = models.ForeignKey(
        "teams.User", on_delete=models.CASCADE, related_name="presence_changes"
    )
    presence = models.CharField(_("presence"), max_length=8, choices=Presence)
    reason = models.CharField(_("reason"), max_length=120, blank=True)
    by = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    changed_at = models.DateTimeField(_("since"))

    class Meta:
        verbose_name = _("change of presence")
        verbose_name_plural = _("changes of presence")
        ordering = ("pk",)
        indexes = [models.Index(fields=["user", "-changed_at"], name="presence_change_of_user")]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_presence_display()}"
