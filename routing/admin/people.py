"""The pages of people with what only routing knows: where open work goes when somebody leaves."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from conversations.admin.verbs import actor_of
from routing.engine.facts import Target, TargetKind
from routing.forms import PersonChoice
from routing.services import leaving
from routing.services.assignment import AssignmentRefusedError
from routing.services.decisions import DecisionContentionError
from routing.services.leaving import Belongings, HandOver
from routing.services.rule_uses import rules_that_name
from teams.admin.console import Confirmation
from teams.admin.people import PersonAdmin, may_edit
from teams.models import Role, Team, User
from teams.services import directory
from teams.services.directory import PersonHasWorkError
from teams.viewers import posted, viewer

OWN_TEAM, PERSON, TEAM = "own_team", "person", "team"
CAN_BE_REFUSED = (
    AssignmentRefusedError,
    DecisionContentionError,
    PersonHasWorkError,
    ValidationError,
)


class HandOverForm(forms.Form):
    """Where the open conversations of somebody who leaves go."""

    to = forms.ChoiceField(
        label=gettext_lazy("Their open conversations go"),
        choices=[
            (OWN_TEAM, gettext_lazy("each to its own team, or back to the queue of its channel")),
            (TEAM, gettext_lazy("all to one team, whose strategy chooses")),
            (PERSON, gettext_lazy("all to one person")),
        ],
        widget=forms.RadioSelect,
    )
    team = forms.ModelChoiceField(
        label=gettext_lazy("Team"), queryset=Team.objects.none(), required=False
    )
    person = PersonChoice(
        label=gettext_lazy("Person"),
        queryset=User.objects.none(),
        required=False,
        help_text=gettext_lazy("Gets them whatever their presence and load."),
    )

    def __init__(self, *args: Any, leaver: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        everybody = User.objects.active().exclude(pk=leaver.pk).order_by("name", "pk")
        self.fields["person"].queryset = everybody  # type: ignore[attr-defined]
        self.fields["team"].queryset = Team.objects.active()  # type: ignore[attr-defined]
        for name in (TEAM, PERSON):
            attributes = {"data-decides": "to", "data-only-for": name}
            self.fields[name].widget.attrs.update(attributes)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("to") == TEAM and not cleaned.get("team"):
            self.add_error("team", _("Choose the team."))
        if cleaned.get("to") == PERSON and not cleaned.get("person"):
            self.add_error("person", _("Choose the person."))
        return cleaned

    def hand_over(self) -> HandOver:
        chosen = self.cleaned_data
        return HandOver(
            person=chosen["person"] if chosen["to"] == PERSON else None,
            team=chosen["team"] if chosen["to"] == TEAM else None,
        )


@admin.register(User)
class LeavingPersonAdmin(PersonAdmin):
    """People, who may leave and come back."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("<path:pk>/leave/", view(self.leave_view), name="teams_user_leave"),
            path("<path:pk>/return/", view(self.return_view), name="teams_user_return"),
        ]
        return own + super().get_urls()

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        person = kwargs.get("obj")
        if person is not None and _may_send_away(viewer(request), person):
            name = "leave" if person.is_active else "return"
            context[f"{name}_url"] = reverse(f"admin:teams_user_{name}", args=[person.pk])
        return super().render_change_form(request, context, *args, **kwargs)

    def leave_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Let somebody leave, after asking where their open work goes."""
        person = self._pick(request, pk)
        if person is None or not person.is_active:
            return HttpResponseRedirect(reverse("admin:teams_user_changelist"))
        had = leaving.count_belongings(person)
        form = HandOverForm(posted(request), leaver=person) if had.conversations else None
        if request.method == "POST" and (form is None or form.is_valid()):
            return self._leave(request, person, form.hand_over() if form else None)
        return self.confirm(request, confirmation=_ask(person, had, form))

    def return_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Let somebody work here again. They begin offline, with their old teams."""
        person = self._pick(request, pk)
        if person is None:
            return HttpResponseRedirect(reverse("admin:teams_user_changelist"))
        if request.method == "POST":
            directory.update_person(person, is_active=True, now=timezone.now())
            self.log_change(request, person, "reactivated")
            messages.success(
                request,
                _("%(name)s works here again, and is offline until they say otherwise.")
                % {"name": person.name},
            )
        return HttpResponseRedirect(_page(person))

    def _pick(self, request: HttpRequest, pk: str) -> User | None:
        person: User | None = self.get_object(request, unquote(pk))
        if person is not None and not _may_send_away(viewer(request), person):
            raise PermissionDenied
        return person

    def _leave(
        self, request: HttpRequest, person: User, hand_over: HandOver | None
    ) -> HttpResponse:
        actor = actor_of(viewer(request))
        try:
            had = leaving.leave(person, hand_over=hand_over, actor=actor, now=timezone.now())
        except CAN_BE_REFUSED:
            messages.error(
                request,
                _("Nothing was changed: the work or its new place changed meanwhile. Look again."),
            )
            return HttpResponseRedirect(_page(person))
        self.log_change(request, person, "deactivated")
        messages.success(request, _told(person, had))
        return HttpResponseRedirect(_page(person))


def _ask(person: User, had: Belongings, form: HandOverForm | None) -> Confirmation:
    rules = rules_that_name(Target(TargetKind.PERSON, person.pk))
    notes = [
        _("These rules name %(name)s and will be passed over: %(rules)s.")
        % {"name": person.name, "rules": ", ".join(f"“{rule}”" for rule in rules)}
        if rules
        else "",
        ngettext(
            "%(n)d customer has %(name)s as permanent agent and will have none.",
            "%(n)d customers have %(name)s as permanent agent and will have none.",
            had.contacts,
        )
        % {"n": had.contacts, "name": person.name}
        if had.contacts
        else "",
        ngettext("%(n)d API key of theirs ends.", "%(n)d API keys of theirs end.", had.api_keys)
        % {"n": had.api_keys}
        if had.api_keys
        else "",
    ]
    return Confirmation(
        _("Deactivate %(name)s?") % {"name": person.name},
        _open_work(had),
        _("Deactivate"),
        _page(person),
        form=form,
        notes=tuple(note for note in notes if note),
    )


def _open_work(had: Belongings) -> str:
    if not had.conversations:
        return _("They have no open conversation. They cannot sign in any more, and get nothing.")
    text = ngettext(
        "They have %(n)d open conversation. Say where it goes.",
        "They have %(n)d open conversations. Say where these go.",
        had.conversations,
    )
    return text % {"n": had.conversations}


def _told(person: User, had: Belongings) -> str:
    text = ngettext(
        "%(name)s left; %(n)d open conversation went on.",
        "%(name)s left; %(n)d open conversations went on.",
        had.conversations,
    )
    return text % {"name": person.name, "n": had.conversations}


def _may_send_away(editor: User, person: User) -> bool:
    """Say whether somebody may: nobody sends away themselves, the owner, or one above them."""
    return may_edit(editor, person) and person.pk != editor.pk and person.role != Role.OWNER


def _page(person: User) -> str:
    return reverse("admin:teams_user_change", args=[person.pk])
