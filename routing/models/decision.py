"""Every decision, with what it knew and how it went, so that it can be explained and replayed."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from routing.engine.facts import Outcome, Trigger
from teams.identifiers import new_public_id


class Decision(models.Model):
    """Append-only. `facts` is the whole input; `steps` are codes and facts, never sentences."""

    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    conversation = models.ForeignKey(
        "conversations.Conversation", on_delete=models.CASCADE, related_name="decisions"
    )
    assignment = models.OneToOneField(
        "conversations.Assignment",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="decision",
    )
    trigger = models.CharField(max_length=16, choices=[(t.value, t.value) for t in Trigger])
    outcome = models.CharField(max_length=16, choices=[(o.value, o.value) for o in Outcome])
    rule_set_version = models.UUIDField(null=True, blank=True)
    # The rule that decided, as the answer says: here to be counted. The rule may be gone since.
    rule_id = models.BigIntegerField(null=True, blank=True)
    facts = models.JSONField()
    steps = models.JSONField()
    answer = models.JSONField()
    decided_at = models.DateTimeField()

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        ordering = ("pk",)
        indexes = [
            models.Index(
                fields=["rule_id", "decided_at"],
                condition=models.Q(rule_id__isnull=False),
                name="decision_of_rule",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.trigger} → {self.outcome}"
