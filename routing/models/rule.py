"""Rules that supervisors set, tried from top to bottom."""

from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _

from routing.engine.fields import Operator
from teams.identifiers import new_public_id
from teams.permissions import Right, is_allowed


class Match(models.TextChoices):
    ALL = "all", _("all conditions")
    ANY = "any", _("any condition")


#: As long as a supervisor's words about a version may be.
LONGEST_NOTE = 500


class PlanProblem(models.TextChoices):
    """Why rules that were to be published by themselves are not."""

    DRAFT_CHANGED = "draft_changed", _("The draft was changed afterwards")
    NOT_ALLOWED = "not_allowed", _("Whoever planned it may not publish any more")


class RuleSet(models.Model):
    """What is published: the rules, the channels' AI agents and the flows that are on. Append-only.

    The newest counts.

    A decision names the version that it used, so that it can be made again years later. Processes
    keep the parsed rules of a version in memory: a message costs no query for unchanged rules.
    """

    version = models.UUIDField(default=new_public_id, unique=True, editable=False)
    # As supervisors count. None: the same rules as before, with other AI agents or flows.
    number = models.PositiveIntegerField(_("number"), null=True, unique=True)
    # All rules in their order, also those that are off: see `engine.rule_sets`.
    rules = models.JSONField()
    published_by = models.ForeignKey(
        "teams.User",
        verbose_name=_("published by"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    note = models.CharField(_("note"), max_length=LONGEST_NOTE, blank=True, db_default="")
    # How many rules it made different; None in versions from before this was counted.
    change_count = models.PositiveIntegerField(_("changes"), null=True)
    # The version that was made the draft again before this one was published.
    restored_from = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    # The AI agents of each channel, in the order in which they are asked: {channel: [agent, …]}.
    ai_agents = models.JSONField(default=dict)
    # What starts the flows that are on, in their order.
    flows = models.JSONField(default=list)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("version of the rules")
        verbose_name_plural = _("versions of the rules")
        ordering = ("pk",)

    def __str__(self) -> str:
        return str(self.version)

    @property
    def public_id(self) -> UUID:
        """Its name for other systems, as of other rows."""
        return UUID(str(self.version))


class RuleDraft(models.Model):
    """How far the editing of the rules has got: one row, and the lock of whoever edits.

    The draft itself are the rows of `Rule`. `revision` moves on with each change and each
    publishing: who publishes names the one that they looked at.
    """

    revision = models.PositiveIntegerField(default=0)
    restored_from = models.ForeignKey(
        RuleSet, null=True, on_delete=models.PROTECT, related_name="+"
    )
    # When a revision is to be published by itself; whose wish that is, in their words and zone.
    publish_due_at = models.DateTimeField(null=True)
    publish_revision = models.PositiveIntegerField(null=True)
    publish_by = models.ForeignKey(
        "teams.User", null=True, on_delete=models.PROTECT, related_name="+"
    )
    publish_note = models.CharField(max_length=LONGEST_NOTE, blank=True, db_default="")
    publish_zone = models.CharField(max_length=64, blank=True, db_default="")
    # When it was to be published, and was not, and why.
    skipped_at = models.DateTimeField(null=True)
    skipped_because = models.CharField(
        max_length=16, choices=PlanProblem, blank=True, db_default=""
    )

    class Meta:
        indexes = [
            models.Index(
                fields=["publish_due_at"],
                condition=models.Q(publish_due_at__isnull=False),
                name="rule_draft_publish_due",
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(pk=1), name="rule_draft_once"),
        ]

    def __str__(self) -> str:
        return str(self.revision)

    @property
    def is_plan_confirmed(self) -> bool:
        """Whether what is planned will be published: nothing changed that speaks against it."""
        return self.publish_due_at is not None and not self.plan_problem

    @property
    def plan_problem(self) -> str:
        """Why what is planned is not published when its time comes; blank if it is."""
        if self.publish_revision != self.revision:
            return PlanProblem.DRAFT_CHANGED.value
        by = self.publish_by
        if by is None or not by.is_active or not is_allowed(by, Right.PUBLISH_RULES):
            return PlanProblem.NOT_ALLOWED.value
        return ""


class Rule(models.Model):
    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=120)
    position = models.PositiveIntegerField(_("position"), default=0)
    is_active = models.BooleanField(_("active"), default=True)
    channels = models.ManyToManyField(
        "channels.Channel",
        verbose_name=_("channels"),
        blank=True,
        related_name="rules",
        help_text=_("None chosen: the rule applies to every channel."),
    )
    match = models.CharField(_("match"), max_length=3, choices=Match, default=Match.ALL)
    team = models.ForeignKey(
        "teams.Team",
        verbose_name=_("team"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="rules",
    )
    person = models.ForeignKey(
        "teams.User",
        verbose_name=_("person"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="rules",
    )
    ai_agent = models.ForeignKey(
        "routing.AiAgent",
        verbose_name=_("AI agent"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="rules",
    )
    flow = models.ForeignKey(
        "routing.Flow",
        verbose_name=_("flow"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="rules",
    )
    add_tags = models.JSONField(_("add tags"), default=list, blank=True)
    set_priority = models.SmallIntegerField(_("set priority"), null=True, blank=True)
    # The person becomes the contact's permanent agent.
    pins_contact = models.BooleanField(
        _("for good"),
        default=False,
        help_text=_(
            "The person becomes the customer's permanent agent: later conversations go to them, "
            "whatever their presence and load."
        ),
    )
    note = models.TextField(_("note for colleagues"), blank=True)

    class Meta:
        verbose_name = _("routing rule")
        verbose_name_plural = _("routing rules")
        ordering = ("position", "pk")
        constraints = [
            # A rule sends to one place: a team, a person, an AI agent or a flow.
            models.CheckConstraint(
                condition=models.Q(team__isnull=False, person=None, ai_agent=None, flow=None)
                | models.Q(team=None, person__isnull=False, ai_agent=None, flow=None)
                | models.Q(team=None, person=None, ai_agent__isnull=False, flow=None)
                | models.Q(team=None, person=None, ai_agent=None, flow__isnull=False),
                name="rule_one_target",
            ),
            # A permanent agent is a person whom the rule names.
            models.CheckConstraint(
                condition=models.Q(pins_contact=False) | models.Q(person__isnull=False),
                name="rule_pins_a_person",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Condition(models.Model):
    rule = models.ForeignKey(Rule, on_delete=models.CASCADE, related_name="conditions")
    position = models.PositiveIntegerField(default=0)
    field = models.CharField(_("field"), max_length=96)
    operator = models.CharField(
        _("operator"), max_length=16, choices=[(o.value, o.value) for o in Operator]
    )
    value = models.CharField(
        _("value"),
        max_length=500,
        blank=True,
        help_text=_("Several values: separate them with a comma; one of them is enough."),
    )
    # Conditions of one letter count as one: where all must hold, one of them is enough.
    group = models.CharField(_("group"), max_length=1, blank=True, db_default="")

    class Meta:
        verbose_name = _("condition")
        verbose_name_plural = _("conditions")
        ordering = ("position", "pk")

    def __str__(self) -> str:
        return f"{self.field} {self.operator} {self.value}"
