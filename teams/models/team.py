"""Teams (also the queues of callbacks) and their ordered members."""

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from teams.identifiers import new_public_id
from teams.querysets import TeamQuerySet

MINUTE_S = 60
WEEK_S = 7 * 24 * 60 * 60


class Strategy(models.TextChoices):
    MANUAL = "manual", _("By hand")
    ROUND_ROBIN = "round_robin", _("Round robin")
    LEAST_BUSY = "least_busy", _("Least busy")
    DEFAULT_USER = "default_user", _("Default user")


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
        help_text=_("Only for round robin and least busy."),
    )
    reassign_after_s = models.PositiveIntegerField(
        _("reassign after (seconds)"),
        default=15 * MINUTE_S,
        validators=[MinValueValidator(MINUTE_S), MaxValueValidator(WEEK_S)],
        help_text=_("From 60 (one minute) to 604800 (seven days)."),
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
                condition=models.Q(reassign_after_s__gte=MINUTE_S, reassign_after_s__lte=WEEK_S),
                name="team_reassign_delay_in_range",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(
        "teams.User", verbose_name=_("person"), on_delete=models.CASCADE, related_name="memberships"
    )
    position = models.PositiveIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        ordering = ("position", "pk")
        constraints = [
            # Being a member twice would mean being offered twice as much.
            models.UniqueConstraint(fields=["team", "user"], name="membership_once_per_team"),
        ]

    def __str__(self) -> str:
        return f"{self.team} · {self.user}"
