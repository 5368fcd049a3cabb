"""One question per resolution, and the customer's answer."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _


class SurveyStatus(models.TextChoices):
    SENT = "sent", _("Sent")
    ANSWERED = "answered", _("Answered")
    EXPIRED = "expired", _("Not answered")
    SKIPPED = "skipped", _("Not sent")


class Survey(models.Model):
    """Credited to the person and team who had the conversation when it was resolved."""

    conversation = models.ForeignKey(
        "conversations.Conversation", on_delete=models.CASCADE, related_name="surveys"
    )
    # Which resolution of the conversation this asks about: 1 for the first.
    resolution = models.PositiveIntegerField()
    status = models.CharField(_("status"), max_length=8, choices=SurveyStatus)
    skip_reason = models.CharField(max_length=64, blank=True)
    agent = models.ForeignKey(
        "teams.User",
        verbose_name=_("agent"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="surveys",
    )
    team = models.ForeignKey(
        "teams.Team",
        verbose_name=_("team"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="surveys",
    )
    question = models.OneToOneField(
        "conversations.Message",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="survey",
    )
    rating = models.PositiveSmallIntegerField(
        _("rating"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(5)],
    )
    created_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("survey")
        verbose_name_plural = _("surveys")
        ordering = ("-pk",)
        constraints = [
            # Never two questions about one resolution.
            models.UniqueConstraint(
                fields=["conversation", "resolution"], name="survey_once_per_resolution"
            ),
            models.CheckConstraint(
                condition=models.Q(rating__isnull=True) | models.Q(rating__gte=1, rating__lte=5),
                name="survey_rating_in_range",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.conversation_id} / {self.resolution}"
