"""What supervisors keep to trust their rules: cases that must come out, and replays of history."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from routing.engine.written import TYPES
from teams.identifiers import new_public_id


class SavedTest(models.Model):
    """A message that did not come, and where rules must send it. At least one thing is expected.

    The customer is described, not named: a test must not change when somebody writes again.
    """

    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=120, unique=True)
    channel = models.ForeignKey(
        "channels.Channel",
        verbose_name=_("channel"),
        on_delete=models.PROTECT,
        related_name="saved_tests",
    )
    text = models.TextField(_("text"), max_length=4096, blank=True)
    type = models.CharField(
        _("type"), max_length=16, choices=[(t, t) for t in TYPES], default="text"
    )
    # None: the instant at which it is run.
    at = models.DateTimeField(
        _("when"), null=True, blank=True, help_text=_("Empty: the moment at which it is run.")
    )
    is_new_contact = models.BooleanField(_("the customer is new"), default=True)
    phone = models.CharField(_("number"), max_length=16, blank=True)
    language = models.CharField(_("language"), max_length=12, blank=True)
    tags = models.JSONField(_("tags"), default=list, blank=True)
    attributes = models.JSONField(_("properties"), default=dict, blank=True)
    # Exactly these people are online, by key; None: everybody as they are.
    online_ids = models.JSONField(null=True, blank=True)
    expected_team = models.ForeignKey(
        "teams.Team",
        verbose_name=_("team"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    expected_person = models.ForeignKey(
        "teams.User",
        verbose_name=_("person"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    expected_ai_agent = models.ForeignKey(
        "routing.AiAgent",
        verbose_name=_("AI agent"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    expected_flow = models.ForeignKey(
        "routing.Flow",
        verbose_name=_("flow"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    # A rule may be deleted from the draft and be published still: the row is no matter.
    expected_rule = models.ForeignKey(
        "routing.Rule",
        verbose_name=_("rule"),
        null=True,
        blank=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="+",
    )
    expects_nobody = models.BooleanField(_("nobody: it waits"), default=False)
    created_by = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("saved test")
        verbose_name_plural = _("saved tests")
        ordering = ("name", "pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(expected_team__isnull=False)
                | Q(expected_person__isnull=False)
                | Q(expected_ai_agent__isnull=False)
                | Q(expected_flow__isnull=False)
                | Q(expected_rule__isnull=False)
                | Q(expects_nobody=True),
                name="saved_test_expects_something",
                violation_error_message=_("Say where it must go."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ReplayBasis(models.TextChoices):
    DRAFT = "draft", _("Draft")
    PUBLISHED = "published", _("Published")
    VERSION = "version", _("An earlier version")


class ReplayStatus(models.TextChoices):
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    CANCELED = "canceled", _("Canceled")


class RuleReplay(models.Model):
    """Rules over decisions that were made, in slices. The rules are kept as they were at its start.

    Each slice adds to the counts and moves `next_id` on in one transaction: a killed worker loses
    what it did not commit, and nothing is counted twice.
    """

    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    basis = models.CharField(_("rules"), max_length=12, choices=ReplayBasis)
    version = models.UUIDField(null=True, blank=True)
    rules = models.JSONField()
    # So many conversations, the latest first, that began since then; None: since ever.
    wanted = models.PositiveIntegerField(_("conversations"))
    since = models.DateTimeField(null=True, blank=True)
    status = models.CharField(
        _("status"), max_length=12, choices=ReplayStatus, default=ReplayStatus.RUNNING
    )
    # When the next slice is due; once it is over: when the row is removed.
    due_at = models.DateTimeField(null=True)
    # Decisions before this key are still to be done.
    next_id = models.BigIntegerField()
    total = models.PositiveIntegerField(_("conversations"), default=0)
    done = models.PositiveIntegerField(_("done"), default=0)
    moved = models.PositiveIntegerField(_("moved"), default=0)
    # Same place, but somebody else there.
    changed_hands = models.PositiveIntegerField(default=0)
    # Looked at a desk as it is now, because the decision did not know it.
    guessed = models.PositiveIntegerField(default=0)
    # Could not be decided again.
    unknown = models.PositiveIntegerField(default=0)
    # What `routing.engine.tally` counts.
    tally = models.JSONField(default=dict)
    started_by = models.ForeignKey(
        "teams.User",
        verbose_name=_("started by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    created_at = models.DateTimeField(_("started"))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("replay of history")
        verbose_name_plural = _("replays of history")
        ordering = ("-pk",)
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(due_at__isnull=False), name="rule_replay_due"
            )
        ]

    def __str__(self) -> str:
        return str(self.public_id)
