"""One question per resolution, and the customer's answer."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from conversations.querysets import SurveyQuerySet

#: A longer comment is cut; the whole of it stands in the transcript.
COMMENT_LENGTH = 1000
LONGEST_DETAIL = 500


class SurveyStatus(models.TextChoices):
    PLANNED = "planned", _("Not sent yet")
    SENT = "sent", _("Sent")
    ANSWERED = "answered", _("Answered")
    EXPIRED = "expired", _("Not answered")
    SKIPPED = "skipped", _("Not sent")


class SkipReason(models.TextChoices):
    """Why a customer was not asked."""

    WINDOW_CLOSED = "window_closed", _("the 24-hour window was closed and no template is set")
    TEMPLATE_UNUSABLE = (
        "template_unusable",
        _("the 24-hour window was closed and the template could not be used"),
    )
    OPTED_OUT = "opted_out", _("opted out")
    ASKED_RECENTLY = "asked_recently", _("asked not long ago")
    CHANNEL_INACTIVE = "channel_inactive", _("the channel is switched off")
    REOPENED = "reopened", _("it went on before that")
    CLOSED = "closed", _("it was closed before that")


class Survey(models.Model):
    """Credited to the person and team who had the conversation when it was resolved."""

    conversation = models.ForeignKey(
        "conversations.Conversation", on_delete=models.CASCADE, related_name="surveys"
    )
    # Which resolution of the conversation this asks about: 1 for the first.
    resolution = models.PositiveIntegerField()
    status = models.CharField(_("status"), max_length=8, choices=SurveyStatus)
    skip_reason = models.CharField(max_length=64, blank=True, choices=SkipReason)
    # What the provider says of the template that would have asked.
    skip_detail = models.CharField(max_length=LONGEST_DETAIL, blank=True, db_default="")
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
    # What the customer wrote after the rating, where the channel asked for it.
    comment = models.CharField(_("comment"), max_length=COMMENT_LENGTH, blank=True)
    # A supervisor keeps the comment from agents: who, when, and why.
    comment_hidden_at = models.DateTimeField(null=True, blank=True)
    comment_hidden_by = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    comment_hidden_reason = models.CharField(max_length=200, blank=True, db_default="")
    created_at = models.DateTimeField(_("resolved"))
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    comment_asked_at = models.DateTimeField(null=True, blank=True)

    objects = SurveyQuerySet.as_manager()

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
            # Whoever comments has given a rating first.
            models.CheckConstraint(
                condition=models.Q(comment="") | models.Q(rating__isnull=False),
                name="survey_comment_of_a_rating",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.conversation_id} / {self.resolution}"

    @property
    def comment_for_agents(self) -> str:
        return "" if self.comment_hidden_at else self.comment
