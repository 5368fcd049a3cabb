"""When a channel may send next. Apart from the channel's own row, which routing locks."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Pace(models.Model):
    channel = models.OneToOneField(
        "channels.Channel", on_delete=models.CASCADE, primary_key=True, related_name="pace"
    )
    # Before this instant the bucket is empty.
    ready_at = models.DateTimeField()

    class Meta:
        verbose_name = _("pace")
        verbose_name_plural = _("paces")

    def __str__(self) -> str:
        return f"{self.channel_id} {self.ready_at}"
