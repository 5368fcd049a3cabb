"""Who is planned to work when."""

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from teams.models.hours import SUNDAY, Weekday
from teams.models.team import Membership
from teams.shifts import ShiftKind
from teams.time_zones import validate_time_zone

_KINDS = (
    (ShiftKind.WEEKLY.value, _("Every week")),
    (ShiftKind.SINGLE.value, _("On one date")),
    (ShiftKind.OFF.value, _("Off")),
)
_TIMED = Q(start__isnull=False, end__isnull=False)
_UNTIMED = Q(start__isnull=True, end__isnull=True)


class Shift(models.Model):
    """One line of a member's plan in one team; `teams.shifts` says what it means."""

    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="shifts")
    kind = models.CharField(_("kind"), max_length=8, choices=_KINDS, default=_KINDS[0][0])
    weekday = models.PositiveSmallIntegerField(
        _("weekday"),
        choices=Weekday,
        null=True,
        blank=True,
        validators=[MaxValueValidator(SUNDAY)],
    )
    date = models.DateField(_("date"), null=True, blank=True)
    start = models.TimeField(_("from"), null=True, blank=True)
    end = models.TimeField(_("to"), null=True, blank=True)
    time_zone = models.CharField(
        _("time zone"), max_length=64, default="UTC", validators=[validate_time_zone]
    )
    valid_from = models.DateField(_("first date"), null=True, blank=True)
    valid_until = models.DateField(_("last date"), null=True, blank=True)

    class Meta:
        verbose_name = _("shift")
        verbose_name_plural = _("shifts")
        ordering = ("kind", "weekday", "date", "valid_from", "start", "pk")
        constraints = [
            # Each kind says when it is in its own columns, and in no others.
            models.CheckConstraint(
                condition=Q(
                    _TIMED,
                    kind="weekly",
                    weekday__isnull=False,
                    weekday__lte=SUNDAY,
                    date__isnull=True,
                )
                | Q(
                    _TIMED,
                    kind="single",
                    date__isnull=False,
                    weekday__isnull=True,
                    valid_from__isnull=True,
                    valid_until__isnull=True,
                )
                | Q(
                    _UNTIMED,
                    kind="off",
                    valid_from__isnull=False,
                    valid_until__isnull=False,
                    weekday__isnull=True,
                    date__isnull=True,
                ),
                name="shift_columns_of_its_kind",
            ),
            models.CheckConstraint(
                condition=Q(valid_from__isnull=True)
                | Q(valid_until__isnull=True)
                | Q(valid_until__gte=F("valid_from")),
                name="shift_dates_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.membership}"
