"""Business hours: named calendars that channels and teams go by."""

from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from teams.identifiers import new_public_id
from teams.time_zones import validate_time_zone

SUNDAY = 6


class Weekday(models.IntegerChoices):
    MONDAY = 0, _("Monday")
    TUESDAY = 1, _("Tuesday")
    WEDNESDAY = 2, _("Wednesday")
    THURSDAY = 3, _("Thursday")
    FRIDAY = 4, _("Friday")
    SATURDAY = 5, _("Saturday")
    SUNDAY = 6, _("Sunday")


class BusinessHours(models.Model):
    """A calendar in one time zone: its week, and the dates on which it is another one."""

    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    code = models.CharField(
        _("code"),
        max_length=64,
        unique=True,
        validators=[RegexValidator(r"\A[A-Za-z0-9][A-Za-z0-9._-]*\Z")],
        help_text=_("Used by the API, for example “tokyo-office”. Cannot be changed."),
    )
    name = models.CharField(_("name"), max_length=120)
    time_zone = models.CharField(
        _("time zone"),
        max_length=64,
        default="UTC",
        validators=[validate_time_zone],
        help_text=_("For example Asia/Tokyo or Europe/Paris."),
    )
    # Weekday -> times, as they were typed; the form gives them back when a day is switched on.
    times_of_closed_days = models.JSONField(default=dict, blank=True, editable=False)
    # Another one after every change, so that whoever has read a calendar can keep it.
    version = models.UUIDField(default=new_public_id, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("business hours")
        verbose_name_plural = _("business hours")
        ordering = ("name", "pk")

    def __str__(self) -> str:
        return self.name


class HoursInterval(models.Model):
    """Open every week from `start` on this weekday. An end that is not later is the next day's."""

    hours = models.ForeignKey(BusinessHours, on_delete=models.CASCADE, related_name="intervals")
    weekday = models.PositiveSmallIntegerField(
        _("weekday"), choices=Weekday, validators=[MaxValueValidator(SUNDAY)]
    )
    start = models.TimeField(_("from"))
    end = models.TimeField(_("to"))

    class Meta:
        verbose_name = _("opening hours")
        verbose_name_plural = _("opening hours")
        ordering = ("weekday", "start", "pk")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(weekday__lte=SUNDAY), name="hours_interval_weekday"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.start:%H:%M}–{self.end:%H:%M}"


class HoursException(models.Model):
    """Other hours on one date, or none: without times it is closed. Several rows, several times."""

    hours = models.ForeignKey(BusinessHours, on_delete=models.CASCADE, related_name="exceptions")
    date = models.DateField(_("date"))
    label = models.CharField(_("label"), max_length=120, blank=True)
    is_yearly = models.BooleanField(_("every year"), default=False)
    is_holiday = models.BooleanField(_("holiday"), default=False)
    start = models.TimeField(_("from"), null=True, blank=True)
    end = models.TimeField(_("to"), null=True, blank=True)

    class Meta:
        verbose_name = _("exception")
        verbose_name_plural = _("exceptions")
        ordering = ("date", "start", "pk")
        constraints = [
            # Closed is neither; open is both.
            models.CheckConstraint(
                condition=models.Q(start__isnull=True, end__isnull=True)
                | models.Q(start__isnull=False, end__isnull=False),
                name="hours_exception_closed_or_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.date} {self.label}".strip()
