"""Which texts nobody wrote: sent once, or why not."""

from datetime import UTC, datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from channels.greetings import WhyNot
from channels.models.text import TEXT_KIND_CHOICES

#: Stands for the beginning of a closure that began before anybody remembers.
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
#: Why an unavailable message was not sent when no closure was known.
NO_CLOSURE = (WhyNot.OFF.value, WhyNot.OPEN.value)


class AutomaticText(models.Model):
    """The greeting of a conversation, or what it was told in one closure of its channel.

    Either `message` is set, or `reason` is: a code of `channels.greetings.WhyNot`. Where a
    conversation starts, both kinds are kept, also one that was off, or not due while it was open.
    """

    conversation = models.ForeignKey(
        "conversations.Conversation", on_delete=models.CASCADE, related_name="automatic_texts"
    )
    kind = models.CharField(_("kind"), max_length=16, choices=TEXT_KIND_CHOICES)
    # The closure, for the unavailable message; none where it was off or the channel was open.
    # One that began more than a year ago has no beginning that anybody knows: see LONG_AGO.
    closed_since = models.DateTimeField(null=True, blank=True)
    closed_until = models.DateTimeField(null=True, blank=True)
    message = models.OneToOneField(
        "conversations.Message",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="automatic_text",
    )
    language = models.CharField(_("language"), max_length=12, blank=True)
    reason = models.CharField(max_length=16, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("automatic text")
        verbose_name_plural = _("automatic texts")
        ordering = ("pk",)
        constraints = [
            # A conversation is greeted once.
            models.UniqueConstraint(
                fields=["conversation"],
                condition=models.Q(kind="greeting"),
                name="automatic_text_one_greeting",
            ),
            # Nobody is told twice in one closure that it is closed.
            models.UniqueConstraint(
                fields=["conversation", "closed_since"],
                condition=models.Q(kind="unavailable"),
                name="automatic_text_once_per_closure",
            ),
            models.CheckConstraint(
                condition=models.Q(kind="greeting", closed_since__isnull=True)
                | models.Q(kind="unavailable", closed_since__isnull=False)
                | models.Q(kind="unavailable", reason__in=NO_CLOSURE),
                name="automatic_text_has_its_closure",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.conversation_id} {self.kind}"
