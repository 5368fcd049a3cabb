"""Filters of the list of callbacks that a column alone does not give."""

from datetime import timedelta
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from callbacks.admin.views import between
from callbacks.models import Callback
from teams.models import User

MOST_DIGITS = 15
LEAST_DIGITS = 3


class DayFilter(admin.SimpleListFilter):
    """A day or a week on the reader's clock; an address may also name any single day."""

    title = gettext_lazy("day")
    parameter_name = "day"
    _SPANS: ClassVar[dict[str, tuple[int, int]]] = {
        "yesterday": (-1, 1),
        "today": (0, 1),
        "tomorrow": (1, 1),
        "next7": (0, 7),
        "last7": (-7, 7),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        named = [
            ("yesterday", _("Yesterday")),
            ("today", _("Today")),
            ("tomorrow", _("Tomorrow")),
            ("next7", _("The next 7 days")),
            ("last7", _("The last 7 days")),
        ]
        given = request.GET.get(self.parameter_name, "")
        day = _day(given)
        return [*named, (given, date_format(day, "DATE_FORMAT"))] if day else named

    def queryset(self, request: HttpRequest, queryset: QuerySet[Callback]) -> QuerySet[Callback]:
        value = self.value() or ""
        day = _day(value)
        if day is not None:
            found: QuerySet[Callback] = between(queryset, day, days=1)
            return found
        if value not in self._SPANS:
            return queryset
        first, days = self._SPANS[value]
        today = localtime(timezone.now()).date()
        spanned: QuerySet[Callback] = between(queryset, today + timedelta(days=first), days=days)
        return spanned


class OwnerFilter(admin.SimpleListFilter):
    """Whose it is: anybody's, somebody's, or one person's, as owner or as the preferred one."""

    title = gettext_lazy("owner")
    parameter_name = "owner"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        callbacks = model_admin.get_queryset(request).order_by()
        named = Q(pk__in=callbacks.values("owner")) | Q(pk__in=callbacks.values("preferred_agent"))
        people = User.objects.filter(named).order_by("name", "pk").values_list("pk", "name")
        fixed = [("any", _("Any agent")), ("owned", _("Owned by somebody"))]
        return [*fixed, *((str(pk), name) for pk, name in people)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Callback]) -> QuerySet[Callback]:
        value = self.value() or ""
        if value == "any":
            return queryset.filter(owner__isnull=True, preferred_agent__isnull=True)
        if value == "owned":
            return queryset.filter(owner__isnull=False)
        if value.isascii() and value.isdigit():
            return queryset.filter(Q(owner=int(value)) | Q(preferred_agent=int(value)))
        return queryset


def search(rows: QuerySet[Callback], *, text: str) -> QuerySet[Callback]:
    """Find by name, by any part of the number in any spelling, or by the conversation's #number."""
    text = text.strip()
    digits = "".join(char for char in text if char.isdecimal())
    if text.startswith("#"):
        number = int(digits) if digits and len(digits) <= MOST_DIGITS else 0
        return rows.filter(conversation=number)
    found = Q(name__icontains=text) | Q(identity__contact__name__icontains=text)
    if len(digits) >= LEAST_DIGITS and not any(char.isalpha() for char in text):
        found |= Q(number__contains=digits.lstrip("0"))
    return rows.filter(found)


def _day(text: str) -> Any:
    """Return the date that an address names; None where it names none."""
    try:
        return parse_date(text)
    except ValueError:
        return None
