"""What a team allows and does about callbacks."""

from datetime import time

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from callbacks.models.callback import E164
from channels.models import Provider

MINUTE_S = 60
HOUR_S = 60 * MINUTE_S
DAY_S = 24 * HOUR_S
OWNED_AHEAD_S = (HOUR_S, 30 * DAY_S)
OWNED_HOLD_S = (HOUR_S, 7 * DAY_S)


class OnExpiry(models.TextChoices):
    """What becomes of a callback whose owner does not come in time."""

    RELEASE = "release", _("Give it to the team")
    MISS = "miss", _("Close it as missed")


class Dialling(models.TextChoices):
    BY_HAND = "by_hand", _("By hand")
    AGENT_FIRST = "agent_first", _("Ring the agent first")
    CUSTOMER_FIRST = "customer_first", _("Ring the customer first")


class CallbackSettings(models.Model):
    """One row per team that differs from the defaults; without a row the defaults hold."""

    team = models.OneToOneField(
        "teams.Team", on_delete=models.CASCADE, related_name="callback_settings"
    )
    is_team_choosable = models.BooleanField(
        _("let people choose the team"),
        default=False,
        help_text=_("Off: a callback goes to the team that has the conversation."),
    )
    is_owning_enabled = models.BooleanField(_("let people own callbacks"), default=False)
    owned_ahead_s = models.PositiveIntegerField(
        _("own at most so far ahead (seconds)"),
        default=OWNED_AHEAD_S[1],
        validators=[MinValueValidator(OWNED_AHEAD_S[0]), MaxValueValidator(OWNED_AHEAD_S[1])],
        help_text=_("From 3600 (one hour) to 2592000 (30 days)."),
    )
    owned_hold_s = models.PositiveIntegerField(
        _("wait for the owner (seconds)"),
        default=DAY_S,
        validators=[MinValueValidator(OWNED_HOLD_S[0]), MaxValueValidator(OWNED_HOLD_S[1])],
        help_text=_("From its time on. From 3600 (one hour) to 604800 (seven days)."),
    )
    on_expiry = models.CharField(
        _("if the owner does not come"), max_length=8, choices=OnExpiry, default=OnExpiry.RELEASE
    )
    alerting_s = models.PositiveIntegerField(
        _("offer to the next person after (seconds)"),
        default=30,
        validators=[MinValueValidator(7), MaxValueValidator(HOUR_S)],
    )
    late_after_s = models.PositiveIntegerField(
        _("late after (seconds)"), default=5 * MINUTE_S, validators=[MaxValueValidator(DAY_S)]
    )
    # By the customer's clock. Outside of it a reason is asked for.
    call_from = models.TimeField(_("call from"), default=time(8))
    call_until = models.TimeField(_("call until"), default=time(21))
    # Where a callback is opened that another system schedules without a conversation.
    channel = models.ForeignKey(
        "channels.Channel",
        verbose_name=_("channel for callbacks without a conversation"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    dialling = models.CharField(
        _("dialling"), max_length=16, choices=Dialling, default=Dialling.BY_HAND
    )
    # Whose account calls: a Twilio channel.
    voice_channel = models.ForeignKey(
        "channels.Channel",
        verbose_name=_("call with the account of"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    caller_id = models.CharField(
        _("caller ID"),
        max_length=16,
        blank=True,
        validators=[RegexValidator(E164, _("For example +81312345678."))],
        help_text=_("A number of that account. Empty: the channel's own number."),
    )
    caller_id_name = models.CharField(_("caller name"), max_length=120, blank=True)
    ring_s = models.PositiveIntegerField(
        _("let it ring for (seconds)"),
        default=30,
        validators=[MinValueValidator(5), MaxValueValidator(600)],
    )
    is_detecting_machines = models.BooleanField(
        _("hang up on answering machines"),
        default=False,
        help_text=_("Only where the customer is rung first."),
    )
    most_retries = models.PositiveSmallIntegerField(
        _("try again at most (times)"), default=2, validators=[MaxValueValidator(20)]
    )
    retry_after_s = models.PositiveIntegerField(
        _("try again after (seconds)"),
        default=5 * MINUTE_S,
        validators=[MinValueValidator(MINUTE_S), MaxValueValidator(DAY_S)],
    )

    class Meta:
        verbose_name = _("callback settings")
        verbose_name_plural = _("callback settings")
        constraints = [
            models.CheckConstraint(
                condition=Q(owned_ahead_s__gte=HOUR_S, owned_ahead_s__lte=30 * DAY_S),
                name="callback_settings_ahead_in_range",
            ),
            models.CheckConstraint(
                condition=Q(owned_hold_s__gte=HOUR_S, owned_hold_s__lte=7 * DAY_S),
                name="callback_settings_hold_in_range",
            ),
            models.CheckConstraint(
                condition=Q(alerting_s__gte=7), name="callback_settings_alerting_in_range"
            ),
            # Nobody can be rung without an account to ring with.
            models.CheckConstraint(
                condition=Q(dialling="by_hand") | Q(voice_channel__isnull=False),
                name="callback_settings_dialling_needs_account",
            ),
        ]

    def __str__(self) -> str:
        return str(self.team)

    def clean(self) -> None:
        """Say of which field it is that a promise of the table would be broken."""
        if self.dialling != Dialling.BY_HAND and self.voice_channel_id is None:
            raise ValidationError({"voice_channel": _("Choose the account to call with.")})
        account = self.voice_channel
        if account is not None and account.provider != Provider.TWILIO:
            raise ValidationError({"voice_channel": _("Only Twilio channels can call.")})
        if account is not None and not (account.phone_number or self.caller_id):
            raise ValidationError(
                {"caller_id": _("Enter one: the channel has no number of its own.")}
            )
        if self.call_from >= self.call_until:
            raise ValidationError({"call_until": _("Choose a time after the first one.")})
