"""AI agents: who they are, what they know, which channels they serve, and what they did."""

from django.core.validators import (
    MaxLengthValidator,
    MaxValueValidator,
    MinValueValidator,
    RegexValidator,
)
from django.db import models
from django.utils.translation import gettext_lazy as _

from channels.secrets import EncryptedTextField
from conversations.states import Status
from routing.ai.base import TIMEOUT_S
from routing.engine.handovers import HandoverReason
from teams.identifiers import new_public_id

LONGEST_INSTRUCTIONS = 20_000
LONGEST_TEXT = 1600


class AiKind(models.TextChoices):
    OPENAI = "openai", _("OpenAI-compatible model")
    SELF_HOSTED = "self_hosted", _("Your own server")
    FAQ = "faq", _("Questions and answers")


class AiAgent(models.Model):
    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    name = models.CharField(
        _("name"),
        max_length=120,
        unique=True,
        help_text=_("As customers and colleagues know it."),
    )
    kind = models.CharField(_("kind"), max_length=12, choices=AiKind)
    is_running = models.BooleanField(_("running"), default=False)
    instructions = models.TextField(
        _("instructions"),
        blank=True,
        validators=[MaxLengthValidator(LONGEST_INSTRUCTIONS)],
        help_text=_("What it should know and how it should speak. Customers never see this."),
    )
    languages = models.JSONField(_("languages"), default=list, blank=True)
    base_url = models.CharField(_("address"), max_length=2000, blank=True)
    model = models.CharField(_("model"), max_length=120, blank=True)
    key = EncryptedTextField(_("key"), blank=True)
    handover_words = models.JSONField(_("words that mean a person"), default=list, blank=True)
    handover_text = models.TextField(
        _("text at hand-over"),
        blank=True,
        validators=[MaxLengthValidator(LONGEST_TEXT)],
        help_text=_("Sent when people take over, unless the AI agent has just said something."),
    )
    allowed_tags = models.JSONField(_("tags it may set"), default=list, blank=True)
    max_turns = models.PositiveSmallIntegerField(
        _("answers per conversation"),
        default=10,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text=_("After so many answers people take over."),
    )
    timeout_s = models.PositiveSmallIntegerField(
        _("seconds to answer"),
        default=int(TIMEOUT_S),
        validators=[MinValueValidator(1), MaxValueValidator(int(TIMEOUT_S))],
        help_text=_("Later than that, people take over. At most 45."),
    )
    messages_per_hour = models.PositiveIntegerField(
        _("messages per hour"), null=True, blank=True, help_text=_("Empty: no limit.")
    )
    tokens_per_day = models.PositiveBigIntegerField(
        _("tokens per day"),
        null=True,
        blank=True,
        help_text=_("What a model reads and writes, over 24 hours. Empty: no limit."),
    )
    currency = models.CharField(
        _("currency"),
        max_length=3,
        default="USD",
        validators=[RegexValidator(r"^[A-Z]{3}\Z", _("Three capital letters, such as USD."))],
        help_text=_("Of the prices and of the budget."),
    )
    price_in = models.DecimalField(
        _("price of a million tokens read"),
        max_digits=10,
        decimal_places=4,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text=_("As your model's provider says. Without prices nothing is added up."),
    )
    price_out = models.DecimalField(
        _("price of a million tokens written"),
        max_digits=10,
        decimal_places=4,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
    )
    budget_per_day = models.DecimalField(
        _("budget of a day"),
        max_digits=10,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text=_(
            "From midnight on. When the next answer could cost more than is left, people take "
            "over. Empty: no limit."
        ),
    )
    budget_per_month = models.DecimalField(
        _("budget of a month"),
        max_digits=10,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text=_("From the first of the month on. Empty: no limit."),
    )
    channels = models.ManyToManyField(
        "channels.Channel",
        verbose_name=_("channels"),
        through="AiAgentChannel",
        related_name="ai_agents",
    )
    # The last health check; no error and an instant: it answered.
    checked_at = models.DateTimeField(null=True, blank=True, editable=False)
    check_error = models.CharField(max_length=24, blank=True, editable=False)
    created_at = models.DateTimeField(editable=False)

    class Meta:
        verbose_name = _("AI agent")
        verbose_name_plural = _("AI agents")
        ordering = ("name", "pk")

    def __str__(self) -> str:
        return self.name

    @property
    def is_limited(self) -> bool:
        """Whether anything must be counted before it may answer."""
        limits = (
            self.messages_per_hour,
            self.tokens_per_day,
            self.budget_per_day,
            self.budget_per_month,
        )
        return any(limit is not None for limit in limits)


class AiAgentChannel(models.Model):
    """An AI agent of a channel. Of several that run, the lowest position answers."""

    ai_agent = models.ForeignKey(AiAgent, on_delete=models.CASCADE, related_name="links")
    channel = models.ForeignKey(
        "channels.Channel",
        verbose_name=_("channel"),
        on_delete=models.CASCADE,
        related_name="ai_links",
    )
    position = models.PositiveSmallIntegerField(
        _("order"), default=0, help_text=_("Of several that run, the lowest answers.")
    )

    class Meta:
        verbose_name = _("channel")
        verbose_name_plural = _("channels")
        ordering = ("position", "pk")
        constraints = [
            # A channel asks an AI agent once.
            models.UniqueConstraint(fields=["ai_agent", "channel"], name="ai_agent_channel_once"),
        ]

    def __str__(self) -> str:
        return f"{self.ai_agent_id} → {self.channel_id}"


class KnowledgeEntry(models.Model):
    """A question and its answer, which an AI agent looks up or is told of."""

    ai_agent = models.ForeignKey(AiAgent, on_delete=models.CASCADE, related_name="entries")
    position = models.PositiveSmallIntegerField(_("order"), default=0)
    question = models.CharField(_("question"), max_length=500)
    answer = models.TextField(_("answer"), validators=[MaxLengthValidator(LONGEST_TEXT)])
    keywords = models.JSONField(_("keywords"), default=list, blank=True)

    class Meta:
        verbose_name = _("question and answer")
        verbose_name_plural = _("questions and answers")
        ordering = ("position", "pk")

    def __str__(self) -> str:
        return self.question


class RunEnd(models.TextChoices):
    """Why an AI agent has a conversation no more. Most are reasons to hand it over."""

    ASKED = HandoverReason.ASKED.value, _("It asked for a person")
    NO_ANSWER = HandoverReason.NO_ANSWER.value, _("It knew no answer")
    WORDS = HandoverReason.WORDS.value, _("The customer asked for a person")
    CALLBACK = HandoverReason.CALLBACK.value, _("The customer wants to be phoned")
    TURNS = HandoverReason.TURNS.value, _("It answered as often as it may")
    BUDGET = HandoverReason.BUDGET.value, _("Its budget was used up")
    TIMEOUT = HandoverReason.TIMEOUT.value, _("It did not answer in time")
    ERROR = HandoverReason.ERROR.value, _("It failed")
    OFF = HandoverReason.OFF.value, _("It was stopped")
    UNSENDABLE = HandoverReason.UNSENDABLE.value, _("The customer may not be written to")
    TAKEN = HandoverReason.TAKEN.value, _("A person took it")
    RESOLVED = Status.RESOLVED.value, _("Resolved")
    SNOOZED = Status.SNOOZED.value, _("Snoozed")


#: Ends after which an AI agent may answer in the same conversation again.
MAY_RETURN = (RunEnd.RESOLVED, RunEnd.SNOOZED)


class AiRun(models.Model):
    """One stretch during which an AI agent has a conversation; it runs while `ended_at` is empty.

    While a worker asks the model it holds a lease: nobody else asks before `lease_until`, and
    `attempt` is the fence on whatever it writes afterwards.
    """

    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    ai_agent = models.ForeignKey(AiAgent, on_delete=models.PROTECT, related_name="runs")
    conversation = models.ForeignKey(
        "conversations.Conversation", on_delete=models.CASCADE, related_name="ai_runs"
    )
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(max_length=12, blank=True, choices=RunEnd)
    turns = models.PositiveIntegerField(default=0)  # answers that the customer got
    failures = models.PositiveSmallIntegerField(default=0)  # claims since the last answer
    overtaken = models.PositiveSmallIntegerField(default=0)  # answers that came too late, likewise
    retry_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    attempt = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("conversation of an AI agent")
        verbose_name_plural = _("conversations of AI agents")
        ordering = ("-pk",)
        constraints = [
            # One AI agent has a conversation.
            models.UniqueConstraint(
                fields=["conversation"],
                condition=models.Q(ended_at__isnull=True),
                name="ai_run_one_active",
            ),
        ]
        indexes = [
            models.Index(
                fields=["lease_until"],
                condition=models.Q(ended_at__isnull=True),
                name="ai_run_active",
            ),
            models.Index(fields=["ai_agent", "started_at"], name="ai_run_of_agent"),
        ]

    def __str__(self) -> str:
        return str(self.public_id)


class TurnOutcome(models.TextChoices):
    STARTED = "started", _("asked")
    REPLIED = "replied", _("answered")
    HANDED_OVER = "handed_over", _("handed over")
    OVERTAKEN = "overtaken", _("too late")
    FAILED = "failed", _("failed")
    LOST = "lost", _("lost")


class AiTurn(models.Model):
    """One time that a model was asked: what it was shown, what it did, and what that used.

    Texts stay in the conversation: here are numbers and codes, and no secrets.
    """

    run = models.ForeignKey(AiRun, on_delete=models.CASCADE, related_name="turns_taken")
    ai_agent = models.ForeignKey(AiAgent, on_delete=models.PROTECT, related_name="+")
    attempt = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    took_ms = models.PositiveIntegerField(default=0)
    # The request: how many messages it saw, and the number of the last one.
    lines = models.PositiveIntegerField(default=0)
    last_sequence = models.PositiveIntegerField(default=0)
    outcome = models.CharField(max_length=12, choices=TurnOutcome, default=TurnOutcome.STARTED)
    # The answer: what it did, what it tried besides, and the message that came of it.
    actions = models.JSONField(default=list)
    ignored = models.JSONField(default=list)
    message = models.ForeignKey(
        "conversations.Message", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    tokens_in = models.PositiveIntegerField(default=0)
    tokens_out = models.PositiveIntegerField(default=0)
    # While it is asked, the most that it may cost; then what it did cost.
    cost = models.DecimalField(max_digits=18, decimal_places=8, default=0)
    currency = models.CharField(max_length=3, blank=True)
    error = models.CharField(max_length=24, blank=True)
    error_detail = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = _("turn of an AI agent")
        verbose_name_plural = _("turns of AI agents")
        ordering = ("pk",)
        constraints = [
            # The fence: an attempt is begun once.
            models.UniqueConstraint(fields=["run", "attempt"], name="ai_turn_once"),
        ]
        indexes = [models.Index(fields=["ai_agent", "started_at"], name="ai_turn_of_agent")]

    def __str__(self) -> str:
        return f"{self.run_id}/{self.attempt} {self.outcome}"
