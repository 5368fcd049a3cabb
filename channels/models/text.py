"""What a channel writes by itself."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from channels.greetings import TextKind
from channels.languages import validate_language

LONGEST_TEXT = 1000
TEXT_KIND_CHOICES = [
    (TextKind.GREETING.value, _("Greeting")),
    (TextKind.UNAVAILABLE.value, _("Outside business hours")),
    (TextKind.SURVEY_QUESTION.value, _("Question for a rating")),
    (TextKind.SURVEY_COMMENT.value, _("Question for a comment")),
    (TextKind.SURVEY_THANKS.value, _("Thanks for a rating")),
]


class ChannelText(models.Model):
    """One text in one language."""

    channel = models.ForeignKey("channels.Channel", on_delete=models.CASCADE, related_name="texts")
    kind = models.CharField(_("kind"), max_length=16, choices=TEXT_KIND_CHOICES)
    language = models.CharField(_("language"), max_length=12, validators=[validate_language])
    text = models.TextField(_("text"), max_length=LONGEST_TEXT)

    class Meta:
        verbose_name = _("automatic text")
        verbose_name_plural = _("automatic texts")
        ordering = ("kind", "language", "pk")
        constraints = [
            # A language has one text: otherwise nobody could say which one is sent.
            models.UniqueConstraint(
                fields=["channel", "kind", "language"], name="channel_text_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.language})"
