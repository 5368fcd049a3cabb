"""Putting rules in order: by arrows, by a typed number, by dragging. One address does it all."""

import re
from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.forms.widgets import Script
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from conversations.admin.verbs import actor_of
from conversations.templatetags.relaydesk import icon
from routing.admin.rule_draft_bar import LIST
from routing.admin.rule_versions import RuleVersions
from routing.forms import LARGEST_ORDER
from routing.models import Rule
from routing.services import rules
from teams.viewers import viewer

#: A field of the list: which rule, and the number that it had when the page was made.
_FIELD = re.compile(r"^number-(\d{1,18})-(\d{1,5})\Z", re.ASCII)
_NUMBER = re.compile(r"^[1-9]\d{0,4}\Z", re.ASCII)


class RuleOrder(RuleVersions):
    @property
    def media(self) -> forms.Media:
        script: Any = Script("relaydesk/rules.js", defer=True)
        return forms.Media(css={"all": ["relaydesk/rules.css"]}, js=[script])

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("<path:pk>/move/up/", view(self.shift_view), {"by": -1}, name="routing_rule_up"),
            path(
                "<path:pk>/move/down/", view(self.shift_view), {"by": 1}, name="routing_rule_down"
            ),
            path("<path:pk>/move/", view(self.move_view), name="routing_rule_move"),
            path("renumber/", view(self.renumber_view), name="routing_rule_renumber"),
        ]
        return own + super().get_urls()

    def shift_view(self, request: HttpRequest, pk: str, by: int) -> HttpResponse:
        """Move a rule one place up or down, and go back to its button."""
        rule = self.changeable(request, pk)
        if rule is None or request.method != "POST" or self._refuse_filtered(request):
            return HttpResponseRedirect(_back_to(request))
        _move(request, rule, by=by)
        direction = "up" if by < 0 else "down"
        return HttpResponseRedirect(f"{reverse(LIST)}#move-{direction}-{rule.pk}")

    def move_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Move a rule to the number in the address: what dragging and Undo ask for."""
        rule = self.changeable(request, pk)
        if rule is None or request.method != "POST" or self._refuse_filtered(request):
            return HttpResponseRedirect(_back_to(request))
        number = request.GET.get("to", "")
        if not _NUMBER.match(number):
            messages.error(request, _("Nothing was moved: that is no number of a rule."))
        else:
            _move(request, rule, to=int(number))
        return HttpResponseRedirect(f"{reverse(LIST)}#number-{rule.pk}")

    def renumber_view(self, request: HttpRequest) -> HttpResponse:
        """Move each rule whose number somebody typed over."""
        if not request.user.has_perm("routing.change_rule"):
            raise PermissionDenied
        if request.method != "POST" or self._refuse_filtered(request):
            return HttpResponseRedirect(_back_to(request))
        moved = None
        for pk, typed in _typed(request.POST.items()):
            rule: Rule | None = self.get_object(request, pk)
            if rule is None:
                continue
            moved = rule
            if _NUMBER.match(typed):
                _move(request, rule, to=int(typed))
            else:
                text = _("“%(rule)s” stays where it is: type a whole number, 1 or more.")
                messages.error(request, text % {"rule": rule.name})
        anchor = f"#number-{moved.pk}" if moved else ""
        return HttpResponseRedirect(f"{reverse(LIST)}{anchor}")

    def changeable(self, request: HttpRequest, pk: str) -> Rule | None:
        """Return the rule that somebody wants to change by a button of the list."""
        if not request.user.has_perm("routing.change_rule"):
            raise PermissionDenied
        found: Rule | None = self.get_object(request, unquote(pk))
        return found

    def _refuse_filtered(self, request: HttpRequest) -> bool:
        """Say why nothing is moved in a list that does not show every rule."""
        is_filtered = "filtered" in request.POST
        if is_filtered:
            messages.error(
                request,
                _(
                    "Nothing was moved: the list shows only some of the rules, and a number "
                    "counts all of them. Clear the filter first."
                ),
            )
        return is_filtered

    @admin.display(description=gettext_lazy("Order"))
    def order_cell(self, rule: Any) -> SafeString:
        return format_html(
            '<span class="order-cell"><input type="text" inputmode="numeric" id="number-{}" '
            'name="number-{}-{}" value="{}" maxlength="5" autocomplete="off" aria-label="{}">'
            "{}{}</span>",
            rule.pk,
            rule.pk,
            rule.place,
            rule.place,
            _("Number of “%(rule)s”") % {"rule": rule.name},
            _move_button(rule, "up", _("Move “%(rule)s” up"), is_at_end=rule.place == 1),
            _move_button(
                rule, "down", _("Move “%(rule)s” down"), is_at_end=rule.place == rule.rule_count
            ),
        )


def _typed(fields: Iterable[tuple[str, Any]]) -> list[tuple[str, str]]:
    """Return the rules whose field does not say any more what it said, with what it says."""
    found = ((_FIELD.match(name), str(value).strip()) for name, value in fields)
    return [(match[1], value) for match, value in found if match and value != match[2]]


def _move(request: HttpRequest, rule: Any, *, to: int | None = None, by: int = 0) -> None:
    """Move a rule, and say its new number, with a way back."""
    actor, now = actor_of(viewer(request)), timezone.now()
    before = int(rule.place)
    try:
        if to is None:
            number = rules.shift(rule, by=by, actor=actor, now=now)
        else:
            number = rules.move(rule, to=min(to, LARGEST_ORDER), actor=actor, now=now)
    except Rule.DoesNotExist:
        messages.error(request, _("That rule is gone: somebody deleted it."))
        return
    if number == before:
        text = _("“%(rule)s” is number %(number)d already.")
        messages.info(request, text % {"rule": rule.name, "number": number})
        return
    text = _("“%(rule)s” is number %(number)d now.") % {"rule": rule.name, "number": number}
    undo = f"{reverse('admin:routing_rule_move', args=[rule.pk])}?to={before}"
    messages.success(
        request,
        format_html(
            '{} <button type="submit" class="button small" form="changelist-form" '
            'formaction="{}">{}</button>',
            text,
            undo,
            _("Undo"),
        ),
    )


def _back_to(request: HttpRequest) -> str:
    """Return the list as it was shown."""
    shown = request.POST.get("filtered", "")
    return f"{reverse(LIST)}?{shown}" if shown else reverse(LIST)


def _move_button(rule: Rule, direction: str, label: str, *, is_at_end: bool) -> SafeString:
    """Draw an arrow. At an end it stays where the focus is, and does nothing."""
    return format_html(
        '<button type="submit" formaction="{}" id="move-{}-{}" aria-label="{}"{}>{}</button>',
        reverse(f"admin:routing_rule_{direction}", args=[rule.pk]),
        direction,
        rule.pk,
        label % {"rule": rule.name},
        mark_safe(' aria-disabled="true"') if is_at_end else "",
        icon(direction),
    )
