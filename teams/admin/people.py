"""People: who they are, what they may do, whether they are there and how much they have."""

from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import SetPasswordForm
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from teams.admin import cells
from teams.admin.console import (
    Confirmation,
    EmptyState,
    initials,
    pick_fields,
    pill,
    selected_hidden,
)
from teams.admin.exports import ExportingAdmin
from teams.directory_rows import export_people
from teams.models import Presence, Role, User
from teams.permissions import Right, is_allowed
from teams.services import directory, people, preferences, presence
from teams.time_zones import time_zones
from teams.viewers import posted, viewer

#: What the page of a person tells, and does not ask.
SHOWN = ("teams_cell", "load_cell")
LONGEST_REASON = 120
MOST_CHANGES = 10


def may_edit(editor: User, person: User | None) -> bool:
    """Say whether somebody may change this person: never one above them."""
    if not is_allowed(editor, Right.EDIT_PEOPLE):
        return False
    return person is None or person.role <= editor.role


#: Columns that the form writes as they are.
COLUMNS = (
    "name",
    "email",
    "role",
    "capacity",
    "is_receiving",
    "phone",
    "language",
    "time_zone",
    "code",
    "external_id",
)


class PersonForm(forms.ModelForm):  # type: ignore[type-arg]
    """A person, without anything that grants rights beside the role."""

    language = forms.ChoiceField(label=gettext_lazy("Console language"), required=False)
    time_zone = forms.ChoiceField(label=gettext_lazy("Time zone"), initial="UTC")

    class Meta:
        model = User
        fields = COLUMNS
        help_texts: ClassVar[dict[str, Any]] = {
            "phone": gettext_lazy(
                "Rung for callbacks of teams that dial, for example +81312345678. "
                "Empty: they call by hand."
            ),
        }

    #: Set for each request by the page: who is changing this person.
    editor: ClassVar[User | None] = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "language" in self.fields:
            by_browser = [("", _("As the browser says"))]
            self.fields["language"].choices = [*by_browser, *settings.LANGUAGES]  # type: ignore[attr-defined]
        if "time_zone" in self.fields:
            self.fields["time_zone"].choices = [(z, z) for z in sorted(time_zones())]  # type: ignore[attr-defined]
        if "role" in self.fields and self.editor is not None:
            self.fields["role"].choices = self._roles(self.editor)  # type: ignore[attr-defined]

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()

    def clean_code(self) -> str | None:
        return self.cleaned_data["code"] or None

    def clean_external_id(self) -> str | None:
        return self.cleaned_data["external_id"] or None

    def _roles(self, editor: User) -> list[tuple[int, Any]]:
        """Offer the roles that the editor may give, and the one that the person has."""
        kept = self.instance.role if self.instance.pk else None
        if kept == Role.OWNER:
            return [(Role.OWNER.value, Role.OWNER.label)]
        return [(r.value, r.label) for r in Role if r <= editor.role and r != Role.OWNER]


class NewPersonForm(PersonForm):
    password = forms.CharField(
        label=gettext_lazy("Password"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("Empty: nobody can sign in as this person until one is set."),
    )


class PersonAdmin(ExportingAdmin):
    form = PersonForm
    export_filename = "users.csv"
    list_title = gettext_lazy("People")
    add_label = gettext_lazy("Add a person")
    list_lead = gettext_lazy("Load counts new and in-progress conversations over all channels.")
    list_display = ("name_cell", "role_cell", "teams_cell", "presence_cell", "load_cell")
    list_filter = ("presence", "role", "is_active", "teams")
    search_fields = ("name", "email", "code", "external_id")
    actions = ("set_online", "set_away", "set_offline", "export_selected")
    fieldsets: ClassVar[Any] = (
        (gettext_lazy("Person"), {"fields": ("name", "email", "role")}),
        (gettext_lazy("Work"), {"fields": (*SHOWN, "capacity", "is_receiving", "phone")}),
        (gettext_lazy("Console"), {"fields": ("language", "time_zone")}),
        (gettext_lazy("Other systems"), {"fields": ("code", "external_id")}),
    )

    def export(self, rows: QuerySet[User]) -> str:
        return export_people(rows)

    def empty_state(self, request: HttpRequest) -> EmptyState:
        return EmptyState(_("Nobody here."), _("Without people, every message waits."))

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        rows: QuerySet[User] = super().get_queryset(request)
        return rows.prefetch_related("teams")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is not None:
            return self.fieldsets
        (title, _options), (work, options), *others = self.fieldsets
        asked = tuple(name for name in options["fields"] if name not in SHOWN)
        who = {"fields": ("name", "email", "role", "password")}
        return ((title, who), (work, {"fields": asked}), *others)

    def get_form(
        self,
        request: HttpRequest,
        obj: Any = None,
        change: bool = False,  # noqa: FBT001, FBT002 - Django's signature
        **kw: Any,
    ) -> Any:
        base = PersonForm if obj else NewPersonForm
        form = super().get_form(request, obj, change, form=base, **kw)
        return type(form.__name__, (form,), {"editor": viewer(request)})

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Let nobody change their own role."""
        is_own = obj is not None and obj.pk == request.user.pk
        return ("role", *SHOWN) if is_own else SHOWN

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and may_edit(viewer(request), obj)

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:  # noqa: FBT001
        return form.instance

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:  # noqa: FBT001
        now = timezone.now()
        if change:
            changes = pick_fields(form, names=COLUMNS)
            person = User.objects.get(pk=obj.pk)
            directory.update_person(person, now=now, **changes)
            return
        given = form.cleaned_data
        person = people.create(
            email=given["email"],
            name=given["name"],
            role=Role(int(given["role"])),
            password=given["password"] or None,
            capacity=given["capacity"],
            code=given["code"],
            external_id=given["external_id"],
            phone=given["phone"],
            language=given["language"],
            time_zone=given["time_zone"],
        )
        if not given["is_receiving"]:
            directory.update_person(person, now=now, is_receiving=False)
        obj.pk = person.pk
        obj._state.adding = False

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001
        """Nothing hangs on this form."""

    # --- Addresses beside the form

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("<path:pk>/password/", view(self.password_view), name="teams_user_password"),
            path(
                "<path:pk>/presence/", view(self.person_presence_view), name="teams_user_presence"
            ),
        ]
        return own + super().get_urls()

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        person = kwargs.get("obj")
        context["can_set_password"] = person is not None and may_edit(viewer(request), person)
        context["presence_choices"] = (
            Presence.choices if person and _may_set_presence(request, person) else []
        )
        context["presence_changes"] = (
            person.presence_changes.select_related("by").order_by("-pk")[:MOST_CHANGES]
            if person
            else []
        )
        return super().render_change_form(request, context, *args, **kwargs)

    def password_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Give somebody a new password."""
        person = self.get_object(request, unquote(pk))
        if person is None:
            return self.gone(request, pk)
        if not may_edit(viewer(request), person):
            raise PermissionDenied
        form = SetPasswordForm(person, posted(request))
        if request.method == "POST" and form.is_valid():
            preferences.set_password(person, password=form.cleaned_data["new_password1"])
            self.log_change(request, person, _("Changed the password."))
            if person.pk == request.user.pk:
                update_session_auth_hash(request, person)
            messages.success(request, _("%(name)s has a new password.") % {"name": person.name})
            return HttpResponseRedirect(_page(person))
        return self.confirm(
            request,
            confirmation=Confirmation(
                _("New password for %(name)s") % {"name": person.name},
                _("Whoever is signed in as %(name)s is signed out.") % {"name": person.name},
                _("Set the password"),
                _page(person),
                form=form,
            ),
        )

    def person_presence_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Set the presence of one person, from their page."""
        person = self.get_object(request, unquote(pk))
        if person is None:
            return self.gone(request, pk)
        if not _may_set_presence(request, person):
            raise PermissionDenied
        wanted = request.POST.get("presence", "")
        if request.method == "POST" and wanted in Presence.values:
            reason = request.POST.get("reason", "").replace("\x00", "").strip()
            self._set_presence(request, [person], Presence(wanted), reason=reason)
        return HttpResponseRedirect(_page(person))

    # --- Bulk actions: the first POST asks, the second one does it

    def get_actions(self, request: HttpRequest) -> Any:
        actions = super().get_actions(request)
        return actions if request.user.has_perm("teams.set_presence") else {}

    @admin.action(description=gettext_lazy("Set online…"))
    def set_online(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        return self._ask_presence(request, queryset, Presence.ONLINE)

    @admin.action(description=gettext_lazy("Set away…"))
    def set_away(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        return self._ask_presence(request, queryset, Presence.AWAY)

    @admin.action(description=gettext_lazy("Set offline…"))
    def set_offline(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        return self._ask_presence(request, queryset, Presence.OFFLINE)

    def _ask_presence(
        self, request: HttpRequest, queryset: QuerySet[User], wanted: Presence
    ) -> HttpResponse | None:
        able = [person for person in queryset if _may_set_presence(request, person)]
        changing = [person for person in able if person.presence != wanted]
        if request.POST.get("confirmed"):
            self._set_presence(request, changing, wanted)
            return None
        count = len(changing)
        title = ngettext(
            "Set %(n)d person %(presence)s?", "Set %(n)d people %(presence)s?", count
        ) % {"n": count, "presence": str(wanted.label).lower()}
        unchanged = queryset.count() - count
        notes = (_("%(n)d stay as they are.") % {"n": unchanged},) if unchanged else ()
        confirmation = Confirmation(
            title,
            _CONSEQUENCES[wanted],
            _("Set %(presence)s") % {"presence": str(wanted.label).lower()},
            request.get_full_path(),
            hidden=selected_hidden(request, action=f"set_{wanted}"),
            notes=(", ".join(person.name for person in changing[:20]), *notes),
        )
        return self.confirm(request, confirmation=confirmation)

    def _set_presence(
        self, request: HttpRequest, persons: list[User], wanted: Presence, *, reason: str = ""
    ) -> None:
        now = timezone.now()
        for person in persons:
            presence.set_presence(
                person,
                presence=wanted,
                reason=reason[:LONGEST_REASON],
                by=viewer(request),
                now=now,
            )
            self.log_change(request, person, f"presence: {wanted}")
        text = ngettext(
            "%(n)d person is %(presence)s now.", "%(n)d people are %(presence)s now.", len(persons)
        )
        label = str(wanted.label).lower()
        messages.success(request, text % {"n": len(persons), "presence": label})

    # --- Columns

    @admin.display(description=gettext_lazy("Name"), ordering="name")
    def name_cell(self, person: User) -> SafeString:
        return format_html(
            '<span class="person"><span class="avatar" aria-hidden="true">{}</span>'
            '<span>{}<span class="sub">{}</span></span></span>',
            initials(person.name),
            person.name,
            person.email,
        )

    @admin.display(description=gettext_lazy("Role"), ordering="role")
    def role_cell(self, person: User) -> SafeString | str:
        if not person.is_active:
            return pill("quiet", _("Left"))
        return person.get_role_display()

    @admin.display(description=gettext_lazy("Teams"))
    def teams_cell(self, person: User) -> SafeString | str:
        names = sorted(team.name for team in person.teams.all())
        return format_html_join(" ", '<span class="tag">{}</span>', ((n,) for n in names)) or "–"

    @admin.display(description=gettext_lazy("Presence"), ordering="presence")
    def presence_cell(self, person: User) -> SafeString:
        return cells.presence_cell(person)

    @admin.display(description=gettext_lazy("Load"), ordering="load")
    def load_cell(self, person: User) -> SafeString:
        return cells.load_cell(person)


_CONSEQUENCES = {
    Presence.ONLINE: gettext_lazy(
        "They can be given conversations again; those that wait may come at once."
    ),
    Presence.AWAY: gettext_lazy(
        "They get nothing new automatically. What they have stays with them."
    ),
    Presence.OFFLINE: gettext_lazy(
        "They get nothing new automatically. What they have stays with them."
    ),
}


def _may_set_presence(request: HttpRequest, person: User) -> bool:
    """Say whether the viewer may: their own always, others' with the right, nobody's above them."""
    if not person.is_active:
        return False
    if person.pk == request.user.pk:
        return True
    return request.user.has_perm("teams.set_presence") and person.role <= viewer(request).role


def _page(person: User) -> str:
    return reverse("admin:teams_user_change", args=[person.pk])
