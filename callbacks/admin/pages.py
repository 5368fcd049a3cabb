"""The page of one callback: when, whom, who has it, every try, and what can be done with it."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from callbacks.admin import cells
from callbacks.admin.asking import CAN_BE_REFUSED, DEEDS, Deed, explain_refusal
from callbacks.admin.forms import OverrideForm, WhenForm
from callbacks.admin.listing import CallbackListAdmin
from callbacks.admin.when_line import WhenLine, build_line, line_of_errors
from callbacks.models import Callback
from callbacks.refusal_words import WARNINGS
from callbacks.refusals import WarnedError
from callbacks.services.checks import settings_of
from conversations.admin.history import Line, build_history
from conversations.models import Event
from teams.admin.console import Confirmation
from teams.viewers import posted, viewer

HISTORY_SHOWN = 200


class CallbackPages(CallbackListAdmin):
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.deed_view)
        own = [
            path(
                f"<path:pk>/{deed.key}/",
                view,
                {"deed": deed},
                name=f"callbacks_callback_{deed.key}",
            )
            for deed in DEEDS
        ]
        return [*own, *super().get_urls()]

    # --- The page

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        callback = self.find(request, object_id)
        if callback is None:
            return self.gone(request, object_id)
        now = timezone.now()
        context = {
            **self._shell(request, callback),
            "state": cells.state(callback),
            "when": cells.when(callback, now=now),
            "who": cells.who(callback),
            "settings": settings_of(callback.team),
            "attempts": list(callback.attempts.select_related("agent").order_by("position")),
            "lines": _history(callback),
            "deeds": self._buttons(request, callback),
        }
        return TemplateResponse(request, "admin/callbacks/callback/page.html", context)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The history is a part of the page."""
        callback = self.find(request, object_id)
        if callback is None:
            return self.gone(request, object_id)
        return self.change_view(request, object_id)

    def _shell(self, request: HttpRequest, callback: Callback) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "callback": callback,
            "title": _("Call %(who)s") % {"who": cells.name_of(callback)},
            "list_title": self.list_title,
            "page_url": _address(callback, "change"),
        }

    def _buttons(self, request: HttpRequest, callback: Callback) -> list[dict[str, Any]]:
        return [
            {
                "deed": deed,
                "url": _address(callback, deed.key),
                "consequence": deed.consequence(callback),
            }
            for deed in DEEDS
            if request.user.has_perm(deed.permission) and deed.is_possible(callback)
        ]

    # --- What can be done: GET asks, POST does it

    def deed_view(self, request: HttpRequest, pk: str, deed: Deed) -> HttpResponse:
        callback = self.find(request, pk)
        if callback is None:
            return self.gone(request, pk)
        if not request.user.has_perm(deed.permission):
            raise PermissionDenied
        now, form = timezone.now(), None
        if deed.form is not None:
            form = deed.form(posted(request), callback=callback, user=viewer(request), now=now)
        if request.method != "POST" or (form is not None and not form.is_valid()):
            return self._ask(request, callback, deed, form, warned=())
        try:
            messages.success(request, deed.run(callback, form, viewer(request), now))
        except WarnedError as error:
            return self._ask(request, callback, deed, form, warned=error.warnings)
        except CAN_BE_REFUSED as error:
            messages.error(request, explain_refusal(error))
        return HttpResponseRedirect(_address(callback, "change"))

    def _ask(
        self,
        request: HttpRequest,
        callback: Callback,
        deed: Deed,
        form: Any,
        *,
        warned: tuple[str, ...],
    ) -> HttpResponse:
        if deed.is_page:
            return self._when_page(request, callback, deed, form, warned=warned)
        verb = str(deed.label).rstrip("…")
        confirmation = Confirmation(
            _("%(verb)s: call to %(who)s") % {"verb": verb, "who": cells.name_of(callback)},
            deed.consequence(callback),
            verb,
            _address(callback, "change"),
            form=form,
        )
        return self.confirm(request, confirmation=confirmation)

    def _when_page(
        self,
        request: HttpRequest,
        callback: Callback,
        deed: Deed,
        form: OverrideForm,
        *,
        warned: tuple[str, ...],
    ) -> HttpResponse:
        """Ask for a time, on a page that says as one types what it means."""
        context = {
            **self._shell(request, callback),
            "title": _("Reschedule the call to %(who)s") % {"who": cells.name_of(callback)},
            "lead": deed.consequence(callback),
            "form": form,
            "warnings": [WARNINGS[name] for name in warned],
            "line": _line(request, form, callback=callback, now=timezone.now()),
            "button": _("Reschedule"),
            "button_anyway": _("Reschedule anyway"),
            "back": ((self.list_title, reverse("admin:callbacks_callback_changelist")),),
            "cancel_url": _address(callback, "change"),
        }
        return TemplateResponse(request, "admin/callbacks/callback/when.html", context)


def _line(request: HttpRequest, form: WhenForm, *, callback: Callback, now: datetime) -> WhenLine:
    asked = WhenForm(asked_when(request, form), now=now)
    if not asked.is_valid():
        return line_of_errors(asked)
    return build_line(asked.slot(), team=callback.team, owner=callback.owner, now=now)


def asked_when(request: HttpRequest, form: WhenForm) -> Any:
    """Return the time that is asked for: as it was sent, as it is being typed, or as offered."""
    if request.method == "POST":
        return request.POST
    names = WhenForm.base_fields
    if "day" in request.GET:
        return request.GET
    return {name: form[name].value() for name in names}


def _address(callback: Callback, name: str) -> str:
    return reverse(f"admin:callbacks_callback_{name}", args=[callback.pk])


def _history(callback: Callback) -> list[Line]:
    """Return what happened to the callback, the latest first."""
    about = Q(contact=callback.identity.contact_id, conversation__isnull=True)
    if callback.conversation_id is not None:
        about |= Q(conversation=callback.conversation_id)
    events = Event.objects.filter(about, data__callback=str(callback.public_id))
    return build_history(list(events.order_by("-pk")[:HISTORY_SHOWN]))
