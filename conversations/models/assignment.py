"""Who had a conversation, from when to when, and why."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class AssignmentKind(models.TextChoices):
    PERMANENT = "permanent", _("Permanent agent")
    MANUAL = "manual", _("By hand")
    RULE = "rule", _("Routing rule")
    STRATEGY = "strategy", _("Human agents")
    REASSIGN = "reassign", _("Reassigned: no answer")
    CLAIM = "claim", _("Taken")
    RETURNED = "returned", _("Had it before")
    FLOW = "flow", _("Flow")
    TRANSFER = "transfer", _("Transferred")
    CALLBACK = "callback", _("Callback")


class EndReason(models.TextChoices):
    LAPSED = "lapsed", _("No answer in time")
    UNASSIGNED = "unassigned", _("Unassigned")
    REPLACED = "replaced", _("Given to somebody else")
    RESOLVED = "resolved", _("Resolved")
    SNOOZED = "snoozed", _("Snoozed")
    WENT_OFFLINE = "went_offline", _("Went offline")
    BOT = "bot", _("Given to a bot")


class Assignment(models.Model):
    """One stretch of ownership. At most one per conversation is active (`ended_at` empty)."""

    conversation = models.ForeignKey(
        "conversations.Conversation", on_delete=models.CASCADE, related_name="assignments"
    )
    team = models.ForeignKey(
        "teams.Team", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    user = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.PROTECT, related_name="assignments"
    )
    kind = models.CharField(max_length=12, choices=AssignmentKind)
    actor = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(max_length=12, blank=True, choices=EndReason)

    class Meta:
        verbose_name = _("assignment")
        verbose_name_plural = _("assignments")
        ordering = ("pk",)
        constraints = [
            # Exactly one owner: two offers at once cannot both win.
            models.UniqueConstraint(
                fields=["conversation"],
                condition=models.Q(ended_at__isnull=True),
                name="assignment_one_active",
            ),
            models.CheckConstraint(
                condition=models.Q(team__isnull=False) | models.Q(user__isnull=False),
                name="assignment_has_owner",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.conversation_id} {self.kind}"
