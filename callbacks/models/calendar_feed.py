"""An address at which a calendar program reads the callbacks of a person or a team."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from channels.models.channel import new_token
from teams.identifiers import new_public_id


class CalendarFeed(models.Model):
    """Whoever has the address reads it, so that it can be taken back: the row stays."""

    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    token = models.CharField(max_length=64, unique=True, default=new_token, editable=False)
    person = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    team = models.ForeignKey(
        "teams.Team", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    created_by = models.ForeignKey("teams.User", on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField()
    last_read_at = models.DateTimeField(_("last read"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    class Meta:
        verbose_name = _("calendar feed")
        verbose_name_plural = _("calendar feeds")
        ordering = ("-pk",)
        constraints = [
            models.CheckConstraint(
                condition=models.Q(person__isnull=True, team__isnull=False)
                | models.Q(person__isnull=False, team__isnull=True),
                name="calendar_feed_of_one",
            ),
        ]

    def __str__(self) -> str:
        return str(self.person or self.team)
