"""The conversation pages with what only callbacks know: promising to call, and what is promised."""

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from callbacks.admin import cells
from callbacks.admin.asking import CAN_BE_REFUSED, SCHEDULE, explain_refusal
from callbacks.admin.forms import ScheduleForm, WhenForm
from callbacks.admin.pages import asked_when
from callbacks.admin.when_line import WhenLine, build_line, line_of_errors
from callbacks.models import Callback, OnExpiry
from callbacks.refusal_words import WARNINGS, explain, in_hours_or_days
from callbacks.refusals import CallbackRefusedError, WarnedError
from callbacks.services import scheduling
from callbacks.services.checks import Claim
from callbacks.services.scheduling import Usual, Wish
from conversations.admin.verbs import actor_of
from conversations.models import Conversation
from routing.admin.conversations import RoutedConversationAdmin
from teams.instants import written_instant
from teams.models import Team, User
from teams.texts import Text
from teams.viewers import posted, viewer

#: What the service calls the value at fault -> the field of the form.
_FIELDS = {
    "phone": "number",
    "team": "team",
    "owner": "agent",
    "preferred_agent": "agent",
    "local_time": "clock",
    "due_at": "clock",
    "timezone": "zone",
}
LATEST_SHOWN = 3


class ScheduleButton:
    """The button that leads to a page of its own."""

    label: Text = gettext_lazy("Schedule callback…")
    icon, shortcut = "phone", "c"
    asks_more = is_page = True


@admin.register(Conversation)
class CallbackConversationAdmin(RoutedConversationAdmin):
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.schedule_view)
        own = path("<path:pk>/callback/", view, name="conversations_conversation_callback")
        return [own, *super().get_urls()]

    def explanation_context(self, conversation: Conversation) -> dict[str, Any]:
        rows = Callback.objects.filter(conversation=conversation).select_related(
            "team__callback_settings", "owner", "preferred_agent", "offered_to", "identity__contact"
        )
        now = timezone.now()
        return {
            **super().explanation_context(conversation),
            "callbacks": [
                {
                    "url": reverse("admin:callbacks_callback_change", args=[row.pk]),
                    "when": cells.when(row, now=now),
                    "state": cells.state(row),
                }
                for row in rows.order_by("-pk")[:LATEST_SHOWN]
            ],
        }

    def _buttons(self, request: HttpRequest, conversation: Conversation) -> list[dict[str, Any]]:
        buttons = super()._buttons(request, conversation)
        if not request.user.has_perm(SCHEDULE):
            return buttons
        url = self._address(conversation, "callback")
        return [*buttons, {"verb": ScheduleButton(), "url": url, "consequence": ""}]

    # --- Promising a call: GET asks, POST does it

    def schedule_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        conversation = self.find(request, pk)
        if conversation is None:
            return self.gone(request, pk)
        if not request.user.has_perm(SCHEDULE):
            raise PermissionDenied
        now, user = timezone.now(), viewer(request)
        usual = scheduling.usual(conversation, now=now, user=user)
        form = ScheduleForm(posted(request), usual=usual, user=user, now=now)
        warned: tuple[str, ...] = ()
        if request.method == "POST" and form.is_valid():
            try:
                return self._schedule(request, conversation, form, now=now)
            except WarnedError as error:
                warned = error.warnings
            except CallbackRefusedError as error:
                _add(form, error)
            except CAN_BE_REFUSED as error:
                form.add_error(None, str(explain_refusal(error)))
            usual = scheduling.usual(conversation, now=now, user=user)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Schedule a callback"),
            "lead": _("A promise to call %(who)s. At that time somebody is given the call.")
            % {"who": conversation.contact},
            "form": form,
            "pending": _pending(usual.pending),
            "warnings": [WARNINGS[name] for name in warned],
            "line": _line(request, form, usual=usual, user=user, now=now),
            "notes": _notes(usual),
            "button": _("Schedule"),
            "button_anyway": _("Schedule anyway"),
            "back": (
                (self.list_title, reverse("admin:conversations_conversation_changelist")),
                (self._title(conversation), self._address(conversation, "change")),
            ),
            "cancel_url": self._address(conversation, "change", query=self._kept_query(request)),
        }
        return TemplateResponse(request, "admin/callbacks/callback/when.html", context)

    def _schedule(
        self, request: HttpRequest, conversation: Conversation, form: ScheduleForm, *, now: datetime
    ) -> HttpResponse:
        given = form.cleaned_data
        wish = Wish(
            number=given["number"],
            # What the customer writes from is a number, whatever a table of numbers says.
            is_checked="number" in form.changed_data,
            team=given.get("team"),
            slot=form.slot(),
            claim=form.claim(),
            agent=form.person(),
            note=given["note"],
            override_reason=given["override_reason"],
        )
        actor = actor_of(viewer(request))
        callback = scheduling.schedule(conversation, wish=wish, actor=actor, now=now)
        text = _("A call is promised for %(when)s.") % {"when": written_instant(callback.due_at)}
        page = reverse("admin:callbacks_callback_change", args=[callback.pk])
        messages.success(request, format_html('{} <a href="{}">{}</a>', text, page, _("Show it")))
        query = self._kept_query(request)
        return HttpResponseRedirect(self._address(conversation, "change", query=query))


def _add(form: ScheduleForm, error: CallbackRefusedError) -> None:
    """Say at the field at fault why it was refused; the page itself tells of a second one."""
    if error.code == "callback.already_scheduled":
        return
    field = _FIELDS.get(error.field)
    form.add_error(field if field in form.fields else None, explain(error))


def _pending(callback: Callback | None) -> dict[str, Any] | None:
    """Return what is to be said of the promise that there is already."""
    if callback is None:
        return None
    name = "reschedule" if callback.status == "scheduled" else "change"
    return {
        "text": _("This conversation already has a callback on %(when)s.")
        % {"when": written_instant(callback.due_at)},
        "url": reverse(f"admin:callbacks_callback_{name}", args=[callback.pk]),
        "button": _("Reschedule it") if name == "reschedule" else _("Show it"),
    }


def _line(
    request: HttpRequest, form: ScheduleForm, *, usual: Usual, user: User, now: datetime
) -> WhenLine:
    asked = WhenForm(asked_when(request, form), now=now)
    if not asked.is_valid():
        return line_of_errors(asked)
    choices = asked.data
    return build_line(
        asked.slot(),
        team=_team(choices.get("team"), usual=usual),
        owner=_owner(choices, user=user),
        now=now,
    )


def _team(key: Any, *, usual: Usual) -> Team | None:
    """Return the team that is chosen, as far as it may be; else the usual one."""
    if not usual.may_choose_team or not str(key or "").isdecimal():
        return usual.team
    return Team.objects.active().filter(pk=int(key)).first() or usual.team


def _owner(choices: Any, *, user: User) -> User | None:
    if choices.get("whom") != Claim.OWNED.value:
        return None
    key = str(choices.get("agent") or "")
    return User.objects.active().filter(pk=int(key)).first() if key.isdecimal() else user


def _notes(usual: Usual) -> list[str]:
    """Say what follows from owning it, where that is possible, and where the zone is from."""
    notes = []
    if usual.is_zone_guessed:
        notes.append(_("The time zone is guessed from the number."))
    if usual.settings is not None and usual.may_own:
        facts = {
            "ahead": in_hours_or_days(usual.settings.owned_ahead_s),
            "hold": in_hours_or_days(usual.settings.owned_hold_s),
        }
        notes.append(_what_owning_means(usual) % facts)
    return notes


def _what_owning_means(usual: Usual) -> str:
    if usual.settings is not None and usual.settings.on_expiry == OnExpiry.MISS:
        return _(
            "A callback that one person owns may be at most %(ahead)s ahead. After its time it "
            "waits for them for %(hold)s, then it is closed as missed."
        )
    return _(
        "A callback that one person owns may be at most %(ahead)s ahead. After its time it waits "
        "for them for %(hold)s, then it goes to the next free person of the team."
    )
