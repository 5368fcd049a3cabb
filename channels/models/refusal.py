"""Requests that were turned away at a channel's door: counted by kind, so that one can see why."""

from django.db import models
from django.utils.translation import gettext_lazy as _

#: The channel's token signed the request, for another address than ours.
WRONG_ADDRESS = "wrong_address"


class RefusedRequest(models.Model):
    """One kind of refused request: the same reason, at the same address. No bodies, ever."""

    channel = models.ForeignKey(
        "channels.Channel", on_delete=models.CASCADE, related_name="refused_requests"
    )
    # As in `SignatureRefusedError`, or `WRONG_ADDRESS`: then the token signed it for `url`.
    code = models.CharField(max_length=32)
    # What the caller seems to have called: scheme, host and path as they reached us.
    url = models.CharField(max_length=300)
    count = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        verbose_name = _("refused request")
        verbose_name_plural = _("refused requests")
        ordering = ("-last_at", "-pk")
        constraints = [
            # A flood of refused requests counts up; it does not fill the disk.
            models.UniqueConstraint(
                fields=["channel", "code", "url"], name="refused_request_once_per_kind"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.url}"
