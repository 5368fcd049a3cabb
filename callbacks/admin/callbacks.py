"""The pages of callbacks, with what is done to several at once."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from callbacks.admin import cells
from callbacks.admin.asking import (
    CAN_BE_REFUSED,
    CANCEL,
    MANAGE,
    REASSIGN,
    RESCHEDULE,
    Deed,
    explain_refusal,
)
from callbacks.admin.forms import CancelForm, ReassignForm, RescheduleForm, initial_when
from callbacks.admin.pages import CallbackPages
from callbacks.models import Callback
from callbacks.slots import usual_slot
from conversations.admin.listing import unchanged_note
from teams.admin.console import Confirmation, selected_hidden
from teams.models import User
from teams.viewers import viewer

#: Why a refusal is told of each, and of the others how many there are.
MOST_TOLD = 10


@admin.register(Callback)
class CallbackAdmin(CallbackPages):
    actions: Any = ("reschedule_selected", "reassign_selected", "cancel_selected")

    def get_actions(self, request: HttpRequest) -> Any:
        actions = super().get_actions(request)
        return actions if request.user.has_perm(MANAGE) else {}

    # --- Several: the first POST asks, the second one does it

    @admin.action(description=gettext_lazy("Reschedule…"))
    def reschedule_selected(
        self, request: HttpRequest, queryset: QuerySet[Callback]
    ) -> HttpResponse | None:
        text = _("All of them are promised for the same time; whoever has them keeps them.")
        return self._do_to_all(request, queryset, RESCHEDULE, _when_of_all, consequence=text)

    @admin.action(description=gettext_lazy("Reassign…"))
    def reassign_selected(
        self, request: HttpRequest, queryset: QuerySet[Callback]
    ) -> HttpResponse | None:
        text = _("The times stay as they are. What is due is offered anew at once.")
        return self._do_to_all(request, queryset, REASSIGN, _who_of_all, consequence=text)

    @admin.action(description=gettext_lazy("Cancel…"))
    def cancel_selected(
        self, request: HttpRequest, queryset: QuerySet[Callback]
    ) -> HttpResponse | None:
        text = _("Nobody is asked to call any more. They stay in the list, as cancelled.")
        return self._do_to_all(request, queryset, CANCEL, _why_of_all, consequence=text)

    def _do_to_all(
        self,
        request: HttpRequest,
        queryset: QuerySet[Callback],
        deed: Deed,
        make_form: Callable[..., Any],
        *,
        consequence: str,
    ) -> HttpResponse | None:
        if not request.user.has_perm(deed.permission):
            raise PermissionDenied
        rows = list(queryset)
        able = [row for row in rows if deed.is_possible(row)]
        now, is_answer = timezone.now(), bool(request.POST.get("confirmed"))
        form = make_form(
            request.POST if is_answer else None, rows=able, user=viewer(request), now=now
        )
        if is_answer and form.is_valid():
            self._run_all(request, able, deed, form, now=now)
            return None
        verb = str(deed.label).rstrip("…")
        confirmation = Confirmation(
            ngettext("%(verb)s %(n)d callback", "%(verb)s %(n)d callbacks", len(able))
            % {"verb": verb, "n": len(able)},
            consequence,
            verb,
            request.get_full_path(),
            form=form,
            hidden=selected_hidden(request, action=f"{deed.key}_selected"),
            notes=unchanged_note(len(rows) - len(able)),
        )
        return self.confirm(request, confirmation=confirmation)

    def _run_all(
        self, request: HttpRequest, rows: list[Callback], deed: Deed, form: Any, *, now: datetime
    ) -> None:
        done, refused = 0, []
        for row in rows:
            try:
                deed.run(row, form, viewer(request), now)
                done += 1
            except CAN_BE_REFUSED as error:
                refused.append(f"{cells.name_of(row)}: {explain_refusal(error)}")
        text = ngettext("%(n)d callback was changed.", "%(n)d callbacks were changed.", done)
        messages.success(request, text % {"n": done})
        for sentence in refused[:MOST_TOLD]:
            messages.error(request, sentence)
        if len(refused) > MOST_TOLD:
            messages.error(request, unchanged_note(len(refused) - MOST_TOLD)[0])


def _when_of_all(data: Any, *, rows: list[Callback], user: User, now: datetime) -> RescheduleForm:
    """Offer half an hour from now, where the first of the customers is."""
    zone = rows[0].zone if rows else user.time_zone
    return RescheduleForm(data, now=now, initial=initial_when(usual_slot(zone=zone, now=now)))


def _who_of_all(data: Any, *, rows: list[Callback], user: User, now: datetime) -> ReassignForm:
    initial = {"team": rows[0].team} if rows else {}
    return ReassignForm(data, user=user, initial=initial)


def _why_of_all(data: Any, *, rows: list[Callback], user: User, now: datetime) -> CancelForm:
    return CancelForm(data)
