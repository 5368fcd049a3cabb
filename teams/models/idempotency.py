"""Answers that are kept, so that a repeated request has one effect."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class StoredAnswer(models.Model):
    """What a request with an `Idempotency-Key` was answered.

    The row is written in the transaction of the effect: there is no row for a request that is still
    running, and none for one that failed.
    """

    api_key = models.ForeignKey(
        "teams.ApiKey", on_delete=models.CASCADE, related_name="stored_answers"
    )
    key = models.CharField(max_length=255)
    # SHA-256 of method, address and body: the same key with another request is a mistake.
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    body = models.TextField()
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("stored answer")
        verbose_name_plural = _("stored answers")
        ordering = ("pk",)
        constraints = [
            # One execution per key: two requests at once cannot both be kept.
            models.UniqueConstraint(fields=["api_key", "key"], name="stored_answer_once_per_key"),
        ]
        indexes = [models.Index(fields=["created_at"], name="stored_answer_age")]

    def __str__(self) -> str:
        return self.key
