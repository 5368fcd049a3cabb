"""What the simulated provider does with one message: nothing of it concerns a real channel."""

from django.db import models


class PlayedSend(models.Model):
    """A fault that somebody chose for a message, by the name that the provider is given for it.

    `times`: how often it still happens. `taken_id`: the provider's id, if it took the message
    before it failed to say so.
    """

    reference = models.CharField(max_length=64, unique=True)
    fault = models.CharField(max_length=16)
    times = models.PositiveSmallIntegerField(default=1)
    taken_id = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = "played send"
        verbose_name_plural = "played sends"

    def __str__(self) -> str:
        return f"{self.reference} {self.fault}"
