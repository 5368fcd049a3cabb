"""One number or service through which customers reach us."""

import secrets

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from channels.languages import validate_language
from channels.rates import FASTEST, SLOWEST
from channels.secrets import EncryptedTextField, is_readable
from channels.stop_words import START_WORDS, STOP_WORDS
from teams.identifiers import new_public_id

DAY_S = 24 * 60 * 60


class Provider(models.TextChoices):
    TWILIO = "twilio", "Twilio"
    WHATSAPP_CLOUD = "whatsapp_cloud", "WhatsApp Cloud"
    ENGAGELAB = "engagelab", "EngageLab"
    SIMULATOR = "simulator", _("Simulator")


#: What each provider wants to know of a channel, in the order in which a form asks for it.
PROVIDER_FIELDS: dict[str, tuple[str, ...]] = {
    Provider.TWILIO: (
        "account_sid",
        "auth_token",
        "phone_number",
        "messaging_service_sid",
        "api_key_sid",
        "api_key_secret",
    ),
    Provider.WHATSAPP_CLOUD: (
        "phone_number_id",
        "business_account_id",
        "access_token",
        "app_secret",
        "phone_number",
    ),
    Provider.ENGAGELAB: ("phone_number", "business_account_id", "dev_key", "dev_secret"),
    Provider.SIMULATOR: (),
}
#: Without these a channel can neither receive nor send. Twilio's are checked one by one.
REQUIRED_FIELDS: dict[str, tuple[str, ...]] = {
    Provider.WHATSAPP_CLOUD: ("phone_number_id", "access_token", "app_secret"),
    Provider.ENGAGELAB: ("phone_number", "dev_key", "dev_secret"),
}
#: The secrets that a provider's channel cannot do without.
PROVIDER_SECRETS: dict[str, tuple[str, ...]] = {
    Provider.TWILIO: ("auth_token",),
    Provider.SIMULATOR: ("auth_token",),
    Provider.WHATSAPP_CLOUD: ("access_token", "app_secret"),
    Provider.ENGAGELAB: ("dev_secret",),
}


class Medium(models.TextChoices):
    WHATSAPP = "whatsapp", "WhatsApp"
    SMS = "sms", "SMS"


class Distribution(models.TextChoices):
    """How the channel's own human agents are chosen."""

    CONCURRENT_LOAD = "concurrent_load", _("By load: whoever has fewest conversations")
    SEQUENTIAL = "sequential", _("In turn, whatever the load")


def new_token() -> str:
    """Return an unguessable path segment of unreserved characters (32 of them, 192 bits)."""
    return secrets.token_urlsafe(24)


class Channel(models.Model):
    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=120)
    provider = models.CharField(_("provider"), max_length=16, choices=Provider)
    medium = models.CharField(_("medium"), max_length=16, choices=Medium, default=Medium.WHATSAPP)
    is_active = models.BooleanField(_("active"), default=True)
    token = models.CharField(max_length=64, unique=True, default=new_token, editable=False)
    account_sid = models.CharField(
        _("account SID"),
        max_length=34,
        blank=True,
        validators=[RegexValidator(r"\AAC[0-9a-fA-F]{32}\Z", _("AC and 32 hexadecimal digits."))],
    )
    auth_token = EncryptedTextField(_("auth token"), blank=True)
    # While tokens are changed, the provider may sign with either; nothing is sent with this one.
    second_auth_token = EncryptedTextField(_("second auth token"), blank=True, editable=False)
    second_token_drop_due_at = models.DateTimeField(null=True, blank=True, editable=False)
    # To send with, in place of account and token. Signatures are always made with the token.
    api_key_sid = models.CharField(
        _("API key SID"),
        max_length=34,
        blank=True,
        validators=[RegexValidator(r"\ASK[0-9a-fA-F]{32}\Z", _("SK and 32 hexadecimal digits."))],
    )
    api_key_secret = EncryptedTextField(_("API key secret"), blank=True)
    phone_number = models.CharField(
        _("number"),
        max_length=16,
        blank=True,
        validators=[RegexValidator(r"\A\+[1-9][0-9]{6,14}\Z", _("For example +81312345678."))],
    )
    messaging_service_sid = models.CharField(
        _("messaging service SID"),
        max_length=34,
        blank=True,
        validators=[RegexValidator(r"\AMG[0-9a-fA-F]{32}\Z", _("MG and 32 hexadecimal digits."))],
    )
    # WhatsApp Cloud.
    phone_number_id = models.CharField(
        _("phone number ID"),
        max_length=32,
        blank=True,
        validators=[RegexValidator(r"\A[0-9]+\Z", _("Digits only."))],
    )
    access_token = EncryptedTextField(_("access token"), blank=True)
    app_secret = EncryptedTextField(_("app secret"), blank=True)
    # Of our own making, like `token`: Meta says it when it asks whether the address is ours.
    verify_token = models.CharField(max_length=64, default=new_token, editable=False)
    # WhatsApp Cloud and EngageLab.
    business_account_id = models.CharField(
        _("WhatsApp business account ID"),
        max_length=32,
        blank=True,
        validators=[RegexValidator(r"\A[0-9]+\Z", _("Digits only."))],
    )
    # EngageLab.
    dev_key = models.CharField(_("dev key"), max_length=100, blank=True)
    dev_secret = EncryptedTextField(_("dev secret"), blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    members = models.ManyToManyField(
        "teams.User", through="channels.ChannelMember", related_name="channels"
    )
    distribution = models.CharField(
        _("how its agents are chosen"),
        max_length=16,
        choices=Distribution,
        default=Distribution.CONCURRENT_LOAD,
    )
    capacity = models.PositiveIntegerField(
        _("capacity per person"),
        null=True,
        blank=True,
        help_text=_("For people without a limit of their own. Empty: no limit."),
    )
    cursor_member = models.ForeignKey(
        "teams.User",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        editable=False,
    )
    language = models.CharField(
        _("language"),
        max_length=12,
        default="en",
        validators=[validate_language],
        help_text=_("Of automatic texts, where a customer's own language is not known."),
    )
    # Empty: always open.
    hours = models.ForeignKey(
        "teams.BusinessHours",
        verbose_name=_("business hours"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="channels",
    )
    has_greeting = models.BooleanField(_("greet whoever starts a conversation"), default=False)
    has_unavailable_message = models.BooleanField(
        _("answer automatically outside business hours"), default=False
    )
    has_survey = models.BooleanField(_("ask for a rating when resolved"), default=False)
    survey_wait_s = models.PositiveIntegerField(
        _("wait for the rating (seconds)"), default=DAY_S, validators=[MinValueValidator(60)]
    )
    # Words that count as "no more messages" and "again", besides what the provider knows.
    stop_words = models.CharField(
        _("words to unsubscribe"),
        max_length=500,
        blank=True,
        default=STOP_WORDS,
        db_default=STOP_WORDS,
        help_text=_(
            "A message that is one of these words alone. Separated by commas; empty: no word."
        ),
    )
    start_words = models.CharField(
        _("words to subscribe again"),
        max_length=500,
        blank=True,
        default=START_WORDS,
        db_default=START_WORDS,
    )
    survey_delay_s = models.PositiveIntegerField(
        _("ask for the rating after (seconds)"),
        default=0,
        validators=[MaxValueValidator(DAY_S)],
        help_text=_("Whoever comes back before that is not asked."),
    )
    survey_pause_days = models.PositiveIntegerField(
        _("ask the same customer again after (days)"),
        default=0,
        validators=[MaxValueValidator(3650)],
        help_text=_("0: after every conversation."),
    )
    # Empty: nothing is resolved by itself.
    auto_resolve_after_s = models.PositiveIntegerField(
        _("resolve after nobody wrote for (seconds)"),
        null=True,
        blank=True,
        validators=[MinValueValidator(60), MaxValueValidator(365 * DAY_S)],
    )
    is_resolving_unanswered = models.BooleanField(
        _("also where the customer waits for an answer"), default=False
    )
    # Empty: what the provider grants for the medium (channels/rates.py).
    rate_per_s = models.FloatField(
        _("messages a second"),
        null=True,
        blank=True,
        validators=[MinValueValidator(SLOWEST), MaxValueValidator(FASTEST)],
        help_text=_("At most. Empty: 80 on WhatsApp, 1 by SMS, as providers grant without asking."),
    )
    reopen_window_s = models.PositiveIntegerField(
        _("reopen within (seconds)"),
        default=DAY_S,
        help_text=_("A customer who writes later starts a new conversation."),
    )
    # Set when the provider refuses our credentials; cleared by the next success or by saving.
    broken_at = models.DateTimeField(null=True, blank=True, editable=False)
    broken_reason = models.CharField(max_length=250, blank=True, editable=False)
    # What the last test of this channel found: a list of steps, as channels/checks.py writes it.
    checked_at = models.DateTimeField(null=True, blank=True, editable=False)
    check_report = models.JSONField(default=list, blank=True, editable=False)
    # Every message that the provider took before this instant was compared with ours; when to
    # compare again (and, while a worker does, until when it may); how often that failed in a row.
    fetched_until = models.DateTimeField(null=True, blank=True, editable=False)
    fetch_due_at = models.DateTimeField(null=True, blank=True, editable=False)
    fetch_failures = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("channel")
        verbose_name_plural = _("channels")
        ordering = ("name", "pk")
        constraints = [
            # Twilio by number or by Messaging Service: exactly one.
            models.CheckConstraint(
                condition=~models.Q(provider="twilio")
                | models.Q(phone_number="", messaging_service_sid__gt="")
                | models.Q(phone_number__gt="", messaging_service_sid=""),
                name="channel_number_or_service",
            ),
            # Two channels on one number would both claim its messages.
            models.UniqueConstraint(
                fields=["provider", "medium", "account_sid", "phone_number"],
                condition=models.Q(phone_number__gt=""),
                name="channel_number_once",
            ),
            models.CheckConstraint(
                condition=~models.Q(provider="whatsapp_cloud") | models.Q(phone_number_id__gt=""),
                name="channel_cloud_has_number_id",
            ),
            models.CheckConstraint(
                condition=~models.Q(provider="engagelab") | models.Q(phone_number__gt=""),
                name="channel_engagelab_has_number",
            ),
            models.CheckConstraint(
                condition=~models.Q(provider__in=["whatsapp_cloud", "engagelab"])
                | models.Q(medium="whatsapp"),
                name="channel_whatsapp_alone",
            ),
            models.UniqueConstraint(
                fields=["phone_number_id"],
                condition=models.Q(phone_number_id__gt=""),
                name="channel_number_id_once",
                violation_error_message=_("Another channel has this already."),
            ),
            models.UniqueConstraint(
                fields=["messaging_service_sid"],
                condition=models.Q(messaging_service_sid__gt=""),
                name="channel_service_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["second_token_drop_due_at"],
                condition=models.Q(second_token_drop_due_at__isnull=False),
                name="channel_second_token_due",
            ),
            models.Index(
                fields=["fetch_due_at"],
                condition=models.Q(fetch_due_at__isnull=False),
                name="channel_fetch_due",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def has_readable_secrets(self) -> bool:
        """Whether every secret that this channel needs can be used, or is not set."""
        return all(is_readable(self, name) for name in PROVIDER_SECRETS[self.provider])


class ChannelMember(models.Model):
    """A human agent of a channel, in the order of the rota."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(
        "teams.User",
        verbose_name=_("person"),
        on_delete=models.CASCADE,
        related_name="channel_memberships",
    )
    position = models.PositiveIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("human agent")
        verbose_name_plural = _("human agents")
        ordering = ("position", "pk")
        constraints = [
            models.UniqueConstraint(fields=["channel", "user"], name="channel_member_once"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} · {self.user}"
