"""Flows: what supervisors draw, the versions that were published, and every run of them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from conversations.models.event import ActorKind
from routing.engine.flow.specs import Kind, Trigger
from teams.identifiers import new_public_id


class FlowTrigger(models.TextChoices):
    ANY_MESSAGE = Trigger.ANY_MESSAGE.value, _("Any message")
    FIRST_MESSAGE = Trigger.FIRST_MESSAGE.value, _("First message of a new customer")
    EQUALS = Trigger.EQUALS.value, _("The message is one of the words")
    CONTAINS = Trigger.CONTAINS.value, _("The message contains one of the words")
    OUTSIDE_HOURS = Trigger.OUTSIDE_HOURS.value, _("A message outside business hours")
    NONE = Trigger.NONE.value, _("Only rules and the API start it")


class StepKind(models.TextChoices):
    MESSAGE = Kind.MESSAGE.value, _("Message")
    QUESTION = Kind.QUESTION.value, _("Question")
    CONDITION = Kind.CONDITION.value, _("Condition")
    UPDATE_CONTACT = Kind.UPDATE_CONTACT.value, _("Update customer")
    TEAM = Kind.TEAM.value, _("Assign team")
    PERSON = Kind.PERSON.value, _("Assign person")
    DELAY = Kind.DELAY.value, _("Delay")
    AI_AGENT = Kind.AI_AGENT.value, _("AI agent")
    GO_TO = Kind.GO_TO.value, _("Go to")
    END = Kind.END.value, _("End")


class Flow(models.Model):
    """A flow as it is being edited. What customers meet is `published`, and only if it is on."""

    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=120, unique=True)
    description = models.TextField(_("description"), blank=True, max_length=2000)
    trigger = models.CharField(
        _("trigger"), max_length=16, choices=FlowTrigger, default=FlowTrigger.ANY_MESSAGE
    )
    words = models.JSONField(_("words"), default=list, blank=True)
    channels = models.ManyToManyField(
        "channels.Channel",
        verbose_name=_("channels"),
        blank=True,
        related_name="flows",
        help_text=_("None chosen: messages of every channel start it."),
    )
    # Of several that a message could start, the first does.
    position = models.PositiveIntegerField(_("position"), default=0)
    is_active = models.BooleanField(_("on"), default=False)
    draft = models.JSONField(_("steps"), default=dict)
    # Counts the changes of the draft: whoever saves says which one they saw.
    draft_number = models.PositiveIntegerField(default=1)
    draft_changed_at = models.DateTimeField()
    draft_changed_by = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    published = models.ForeignKey(
        "routing.FlowVersion", null=True, blank=True, on_delete=models.RESTRICT, related_name="+"
    )

    class Meta:
        verbose_name = _("flow")
        verbose_name_plural = _("flows")
        ordering = ("position", "pk")
        constraints = [
            # What was never published cannot be on.
            models.CheckConstraint(
                condition=models.Q(is_active=False) | models.Q(published__isnull=False),
                name="flow_on_is_published",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class FlowVersion(models.Model):
    """A flow as it was published: its steps and what starts it. Append-only.

    A run finishes on the version that it began with.
    """

    flow = models.ForeignKey(Flow, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    document = models.JSONField()
    trigger = models.CharField(max_length=16, choices=FlowTrigger)
    words = models.JSONField(default=list)
    # Keys of channels; none: every channel.
    channel_ids = models.JSONField(default=list)
    published_at = models.DateTimeField()
    published_by = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = _("version of a flow")
        verbose_name_plural = _("versions of flows")
        ordering = ("flow_id", "-number")
        constraints = [
            models.UniqueConstraint(fields=["flow", "number"], name="flow_version_once"),
        ]

    def __str__(self) -> str:
        return f"v{self.number}"


class RunStatus(models.TextChoices):
    RUNNING = "running", _("Running")  # its next step is to be done now
    WAITING = "waiting", _("Waiting")  # for the customer, or for a time
    COMPLETED = "completed", _("Completed")
    EXPIRED = "expired", _("Expired")
    FAILED = "failed", _("Failed")
    CANCELED = "canceled", _("Canceled")


LIVE_RUN = models.Q(status__in=["running", "waiting"])


class RunProblem(models.TextChoices):
    """Why a run was canceled or failed, or what went otherwise than it was drawn."""

    # Canceled
    TAKEN = "taken", _("A person took the conversation")
    RESOLVED = "resolved", _("Somebody resolved the conversation")
    SNOOZED = "snoozed", _("Somebody set the conversation aside")
    STOPPED = "stopped", _("Somebody stopped it")
    REPLACED = "replaced", _("Another flow was started instead")
    # Failed
    ATTEMPTS = "attempts", _("The customer's answers did not fit")
    TEMPLATE_REQUIRED = "message.template_required", _("Only a template may be sent by now")
    OPTED_OUT = "contact.opted_out", _("The customer wants no messages")
    CHANNEL_INACTIVE = "channel.inactive", _("The channel is switched off")
    NOT_APPROVED = "template.not_approved", _("The template cannot be used")
    FILE_REFUSED = "file.refused", _("The file cannot be sent over this channel")
    BAD_VALUES = "template.values", _("A placeholder of the template has no usable value")
    TOO_MANY_STEPS = "too_many_steps", _("It went round in circles")
    NO_STEP = "no_step", _("A step that it was to go on with is not there")
    BROKEN_CONDITION = "broken_condition", _("A condition cannot be understood any more")
    ERROR = "error", _("It failed again and again")
    # Completed, with a warning
    NOBODY_THERE = "nobody_there", _("Nobody could take the conversation")
    TARGET_GONE = "target_gone", _("Whom it was to assign to is not there any more")
    AI_UNABLE = "ai_unable", _("The AI agent could not answer")


class FlowRun(models.Model):
    """A flow in a conversation, from its start to its end. Its contact is the conversation's."""

    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    conversation = models.ForeignKey(
        "conversations.Conversation", on_delete=models.CASCADE, related_name="flow_runs"
    )
    flow = models.ForeignKey(Flow, on_delete=models.PROTECT, related_name="runs")
    version = models.ForeignKey(FlowVersion, on_delete=models.PROTECT, related_name="runs")
    status = models.CharField(max_length=12, choices=RunStatus, default=RunStatus.RUNNING)
    # Where it stands, by the step's name; blank before the first.
    step = models.CharField(max_length=60, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)  # routing: go on when passed
    # Answers to the question where it stands that did not fit.
    attempts = models.PositiveSmallIntegerField(default=0)
    answers = models.JSONField(default=dict)
    # What it has to remember besides: whom it will assign to, and whether the contact was new.
    memory = models.JSONField(default=dict)
    # The conversation's last message that it was fed with.
    seen_sequence = models.PositiveIntegerField(default=0)
    step_count = models.PositiveIntegerField(default=0)
    # Tries in a row that broke off for a reason that nobody foresaw.
    failures = models.PositiveSmallIntegerField(default=0)
    retry_at = models.DateTimeField(null=True, blank=True)
    # What started it: a trigger, a rule, or whoever is named here.
    actor_kind = models.CharField(max_length=8, choices=ActorKind)
    actor = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    actor_label = models.CharField(max_length=120, blank=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=32, blank=True, choices=RunProblem)

    class Meta:
        verbose_name = _("run of a flow")
        verbose_name_plural = _("runs of flows")
        ordering = ("-pk",)
        constraints = [
            # One flow has a conversation.
            models.UniqueConstraint(
                fields=["conversation"], condition=LIVE_RUN, name="flow_run_one_live"
            ),
            models.CheckConstraint(
                condition=(LIVE_RUN & models.Q(ended_at=None, due_at__isnull=False))
                | (~LIVE_RUN & models.Q(ended_at__isnull=False, due_at=None)),
                name="flow_run_live_is_due",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(due_at__isnull=False),
                name="flow_run_due",
            ),
            models.Index(fields=["flow", "step"], condition=LIVE_RUN, name="flow_run_stuck_at"),
            models.Index(fields=["flow", "started_at"], name="flow_run_of_flow"),
        ]

    def __str__(self) -> str:
        return str(self.public_id)

    @property
    def is_live(self) -> bool:
        return self.ended_at is None


class FlowRunStep(models.Model):
    """One step of a run: what it was, what came of it, and the facts. Append-only."""

    run = models.ForeignKey(FlowRun, on_delete=models.CASCADE, related_name="log")
    position = models.PositiveIntegerField()
    step = models.CharField(max_length=60)
    kind = models.CharField(max_length=16, choices=StepKind)
    outcome = models.CharField(max_length=24)
    facts = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("step of a run")
        verbose_name_plural = _("steps of runs")
        ordering = ("run_id", "position")
        constraints = [
            # The fence: a step is done once.
            models.UniqueConstraint(fields=["run", "position"], name="flow_run_step_once"),
        ]

    def __str__(self) -> str:
        return f"{self.step} {self.outcome}"
