"""Two contacts that turned out to be one person, and what it takes to part them again."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from conversations.models.event import ActorKind
from teams.identifiers import new_public_id


class ContactMerge(models.Model):
    """`source` went into `target` and is empty since, until it is undone.

    `identities` holds the keys of the addresses that moved. `changes` says of each field of the
    target what it was before and after: `{"name": ["", "Dora"]}`.
    """

    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    source = models.ForeignKey(
        "conversations.Contact", on_delete=models.PROTECT, related_name="merges_away"
    )
    target = models.ForeignKey(
        "conversations.Contact", on_delete=models.PROTECT, related_name="merges"
    )
    identities = models.JSONField(default=list)
    conversation_count = models.PositiveIntegerField(default=0)
    changes = models.JSONField(default=dict)
    actor_kind = models.CharField(max_length=8, choices=ActorKind)
    actor = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    actor_label = models.CharField(max_length=120, blank=True)
    merged_at = models.DateTimeField(_("merged"))
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("merge of contacts")
        verbose_name_plural = _("merges of contacts")
        ordering = ("-pk",)
        constraints = [
            # Nobody can go into two others: of two merges at once one is made.
            models.UniqueConstraint(
                fields=["source"],
                condition=models.Q(undone_at__isnull=True),
                name="contact_merge_one_of_source",
            ),
            models.CheckConstraint(
                condition=~models.Q(source=models.F("target")), name="contact_merge_of_two"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source_id} → {self.target_id}"
