"""Teams (also the queues of callbacks) and their ordered members."""

from collections.abc import Iterator

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from teams.identifiers import new_public_id
from teams.querysets import TeamQuerySet
from teams.texts import Text

MINUTE_S = 60
WEEK_S = 7 * 24 * 60 * 60
MOST_TRIES = 100


class Strategy(models.TextChoices):
    MANUAL = "manual", _("By hand")
    ROUND_ROBIN = "round_robin", _("Round robin")
    LEAST_BUSY = "least_busy", _("Least busy")
    DEFAULT_USER = "default_user", _("Default user")
    SHIFT = "shift", _("Shift")


#: Strategies under which a conversation can move on to somebody else of the team.
REASSIGNING = frozenset({Strategy.ROUND_ROBIN, Strategy.LEAST_BUSY, Strategy.SHIFT})


class ReassignClock(models.TextChoices):
    WALL = "wall", _("All the time")
    OPEN_HOURS = "open_hours", _("Only while the team is open")


class Team(models.Model):
    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    code = models.CharField(
        _("code"),
        max_length=64,
        unique=True,
        validators=[RegexValidator(r"\A[A-Za-z0-9][A-Za-z0-9._-]*\Z")],
        help_text=_("Used by the API and by imports, for example “support”. Cannot be changed."),
    )
    name = models.CharField(_("name"), max_length=120)
    description = models.TextField(_("description"), blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    members = models.ManyToManyField("teams.User", through="teams.Membership", related_name="teams")
    strategy = models.CharField(
        _("how a person is chosen"),
        max_length=16,
        choices=Strategy,
        default=Strategy.ROUND_ROBIN,
    )
    default_user = models.ForeignKey(
        "teams.User",
        verbose_name=_("default user"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    # Round robin goes on after this member. Kept as a person, so that adding or removing
    # people does not start the circle anew.
    cursor_member = models.ForeignKey(
        "teams.User",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        editable=False,
    )
    is_reassigning = models.BooleanField(
        _("reassign when nobody answers"),
        default=False,
        help_text=_("Only for round robin, least busy and shift."),
    )
    reassign_after_s = models.PositiveIntegerField(
        _("reassign after (seconds)"),
        default=15 * MINUTE_S,
        validators=[MinValueValidator(MINUTE_S), MaxValueValidator(WEEK_S)],
        help_text=_("From 60 (one minute) to 604800 (seven days)."),
    )
    reassign_clock = models.CharField(
        _("time that counts"), max_length=16, choices=ReassignClock, default=ReassignClock.WALL
    )
    hours = models.ForeignKey(
        "teams.BusinessHours",
        verbose_name=_("business hours"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="teams",
    )
    escalation_team = models.ForeignKey(
        "self",
        verbose_name=_("escalate to"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text=_("The team that gets what nobody here answers."),
    )
    escalate_after_tries = models.PositiveSmallIntegerField(
        _("escalate after (people)"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_TRIES)],
        help_text=_("How many people may let it lapse before it goes to the other team."),
    )
    escalate_after_s = models.PositiveIntegerField(
        _("escalate after (seconds)"),
        null=True,
        blank=True,
        validators=[MinValueValidator(MINUTE_S), MaxValueValidator(WEEK_S)],
        help_text=_("How long it may stay in this team without an answer."),
    )
    is_returning_when_offline = models.BooleanField(
        _("back to the queue when offline"),
        default=False,
        help_text=_("New conversations without an answer leave whoever goes offline."),
    )
    capacity = models.PositiveIntegerField(
        _("capacity per person"),
        null=True,
        blank=True,
        help_text=_("For people without a limit of their own. Empty: no limit."),
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = TeamQuerySet.as_manager()

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        ordering = ("name", "pk")
        constraints = [
            # The limits of the seed: one minute to seven days.
            models.CheckConstraint(
                condition=Q(reassign_after_s__gte=MINUTE_S, reassign_after_s__lte=WEEK_S),
                name="team_reassign_delay_in_range",
            ),
            # Only where somebody else of the team could be chosen is there a timer.
            models.CheckConstraint(
                condition=Q(is_reassigning=False)
                | Q(strategy__in=("round_robin", "least_busy", "shift")),
                name="team_reassigns_where_it_chooses",
            ),
            # A timer that runs while the team is open needs to know when that is.
            models.CheckConstraint(
                condition=~Q(reassign_clock="open_hours") | Q(hours__isnull=False),
                name="team_open_hours_need_hours",
            ),
            # An escalation says to whom and when; neither alone.
            models.CheckConstraint(
                condition=Q(escalation_team__isnull=False)
                & (Q(escalate_after_tries__isnull=False) | Q(escalate_after_s__isnull=False))
                | Q(
                    escalation_team__isnull=True,
                    escalate_after_tries__isnull=True,
                    escalate_after_s__isnull=True,
                ),
                name="team_escalation_whole",
            ),
            # A team that escalates to itself would never be done.
            models.CheckConstraint(
                condition=Q(escalation_team__isnull=True) | ~Q(escalation_team=F("id")),
                name="team_escalates_to_another",
            ),
            models.CheckConstraint(
                condition=Q(escalate_after_tries__isnull=True)
                | Q(escalate_after_tries__gte=1, escalate_after_tries__lte=MOST_TRIES),
                name="team_escalation_tries_in_range",
            ),
            models.CheckConstraint(
                condition=Q(escalate_after_s__isnull=True)
                | Q(escalate_after_s__gte=MINUTE_S, escalate_after_s__lte=WEEK_S),
                name="team_escalation_delay_in_range",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Say of which field it is that a promise of the table would be broken."""
        errors = {name: text for name, text, is_wrong in self._mistakes() if is_wrong}
        if errors:
            raise ValidationError(errors)

    def _mistakes(self) -> Iterator[tuple[str, Text, bool]]:
        tries, seconds = self.escalate_after_tries, self.escalate_after_s
        has_limit = tries is not None or seconds is not None
        team_id = self.escalation_team_id
        yield (
            "is_reassigning",
            _("Only for round robin, least busy and shift."),
            self.is_reassigning and self.strategy not in REASSIGNING,
        )
        yield (
            "hours",
            _("Choose the business hours that count."),
            self.reassign_clock == ReassignClock.OPEN_HOURS and self.hours_id is None,
        )
        yield (
            "escalate_after_tries",
            _("People let it lapse only where the team reassigns: switch that on."),
            tries is not None and not self.is_reassigning,
        )
        yield (
            "escalation_team",
            _("A team cannot escalate to itself: choose another."),
            team_id is not None and team_id == self.pk,
        )
        yield "escalation_team", _("Choose the team that gets it."), has_limit and team_id is None
        yield (
            "escalate_after_s",
            _("Say after how many people, or after how long."),
            team_id is not None and not has_limit,
        )


class Membership(models.Model):
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(
        "teams.User", verbose_name=_("person"), on_delete=models.CASCADE, related_name="memberships"
    )
    position = models.PositiveIntegerField(_("position"), default=0)
    # When this member's next shift in the team begins: a mark for the sweep that lets them take
    # what waits. Kept by the service that writes shifts.
    starts_due_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        ordering = ("position", "pk")
        constraints = [
            # Being a member twice would mean being offered twice as much.
            models.UniqueConstraint(fields=["team", "user"], name="membership_once_per_team"),
        ]
        indexes = [
            # The next in turn, however large the team.
            models.Index(fields=["team", "position"], name="membership_in_order"),
            models.Index(
                fields=["starts_due_at"],
                condition=Q(starts_due_at__isnull=False),
                name="membership_shift_start_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.team} · {self.user}"
