"""What every page of the console shares: guarded addresses, bounded counting, no bulk deleting."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Field, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from teams.texts import Text

LARGEST_KEY = 2**63 - 1
_LONG_NUMBER = re.compile(r"\d{19,}")
#: Nobody pages further; counting to the end would cost every page of a large desk.
MOST_COUNTED = 5000


@dataclass(frozen=True, slots=True)
class EmptyState:
    """What an empty list says: what is missing, what follows from it, and one way on."""

    title: Text
    consequence: Text = ""
    url: str = ""
    button: Text = ""


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A page before an effect: the verb, its consequence with numbers, and the button."""

    title: Text
    consequence: Text
    button: Text
    cancel_url: str
    form: forms.Form | None = None
    hidden: tuple[tuple[str, str], ...] = ()
    notes: tuple[Text, ...] = field(default=())


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts to a limit and no further."""

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        if isinstance(rows, QuerySet):
            return int(rows.order_by()[:MOST_COUNTED].count())
        return len(rows)


class GuardedAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A list and a form of our own rows, on which no address does harm."""

    #: Filters that an address may carry, beside those of `list_filter`.
    allowed_lookups: ClassVar[tuple[str, ...]] = ()
    list_title: ClassVar[Text] = ""
    #: What the button that makes a new row says.
    add_label: ClassVar[Text] = ""
    #: What the page says under its title, in one or two sentences.
    list_lead: ClassVar[Text] = ""
    paginator = CappedPaginator
    list_per_page = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    actions_on_top = True
    empty_value_display = "–"

    @property
    def media(self) -> forms.Media:
        """Leave out the scripts of pages that we do not have; inlines bring what they need."""
        return forms.Media()

    def empty_state(self, request: HttpRequest) -> EmptyState:
        """Return what the list says when it has no row. Override to state the consequence."""
        return EmptyState(_("Nothing here yet."))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing of ours is deleted unless its page says so: people and teams are deactivated."""
        return False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Allow the filters that the page offers, by equality; no patterns, no far tables."""
        return lookup in self.allowed_lookups or lookup in _offered(self.get_list_filter(request))

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        """Return the row; none for a key that no database could be asked about."""
        if "\x00" in object_id:
            return None
        return super().get_object(request, object_id, from_field)

    def find(self, request: HttpRequest, pk: str) -> Any:
        """Return the row that an address names, if this person may see it; else none."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return self.get_object(request, unquote(pk))

    def gone(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Answer an address whose row is not there, or not for this person."""
        response: HttpResponse = self._get_obj_does_not_exist_redirect(request, self.opts, pk)  # type: ignore[attr-defined]
        return response

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Refuse before anything is looked up: who may not look is not told what there is."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        return super().history_view(request, object_id, extra_context)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not _is_readable(request.GET):
            return HttpResponseRedirect(f"{request.path}?e=1")
        if request.method == "POST" and not _is_selectable(request.POST):
            messages.error(request, _("Nothing was changed: the selection could not be read."))
            return HttpResponseRedirect(request.get_full_path())
        if "e" in request.GET:
            messages.warning(
                request,
                _("The filter in the address could not be understood. This is the whole list."),
            )
        shown = {
            "title": self.list_title or self.opts.verbose_name_plural,
            "lead": self.list_lead,
            "add_label": self.add_label,
            "empty": self.empty_state(request),
        }
        return super().changelist_view(request, {**shown, **(extra_context or {})})

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        shown = {"show_save_and_add_another": False, **(extra_context or {})}
        return super().changeform_view(request, object_id, form_url, shown)

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        obj = kwargs.get("obj")
        context["title"] = str(obj) if obj else self.add_title()
        context["subtitle"] = None
        context["list_title"] = self.list_title
        return super().render_change_form(request, context, *args, **kwargs)

    def add_title(self) -> str:
        return str(self.add_label) or _("New")

    def formfield_for_dbfield(self, db_field: Field, request: HttpRequest, **kwargs: Any) -> Any:  # type: ignore[type-arg]
        """Leave out the pop-ups around related fields: they need JavaScript and a second window."""
        formfield = super().formfield_for_dbfield(db_field, request, **kwargs)
        if formfield is not None and isinstance(formfield.widget, RelatedFieldWidgetWrapper):
            formfield.widget = formfield.widget.widget
        return formfield

    def confirm(self, request: HttpRequest, *, confirmation: Confirmation) -> TemplateResponse:
        """Show what is about to happen. Its form posts back to the same address."""
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": confirmation.title,
            "confirmation": confirmation,
        }
        return TemplateResponse(request, "relaydesk/confirm.html", context)


def pill(tone: str, text: Text) -> SafeString:
    """Return a small label; `tone` is one of good, warn, bad, info, quiet and colours it."""
    return format_html('<span class="pill {}">{}</span>', tone, text)


def initials(name: str) -> str:
    """Return one or two letters that stand for a person."""
    words = name.split()
    if len(words) > 1:
        return (words[0][0] + words[-1][0]).upper()
    return name[:2].upper()


def person_chip(name: str) -> SafeString:
    return format_html(
        '<span class="person"><span class="avatar" aria-hidden="true">{}</span>{}</span>',
        initials(name),
        name,
    )


def selected_hidden(request: HttpRequest, *, action: str) -> tuple[tuple[str, str], ...]:
    """Return the fields with which a confirmation page repeats a bulk action."""
    chosen = request.POST.getlist(ACTION_CHECKBOX_NAME)
    across = request.POST.get("select_across", "0")
    return (
        ("action", action),
        ("index", "0"),
        ("select_across", across),
        ("confirmed", "1"),
        *((ACTION_CHECKBOX_NAME, value) for value in chosen),
    )


def pick_fields(form: forms.ModelForm, *, names: Iterable[str]) -> dict[str, Any]:  # type: ignore[type-arg]
    """Return what a person changed among these fields of a form."""
    return {name: form.cleaned_data[name] for name in names if name in form.changed_data}


def _offered(filters: Iterable[Any]) -> set[str]:
    """Return the parameters that the filters of a list write into addresses."""
    endings = ("", "__exact", "__id__exact", "__isnull")
    names = {item for item in filters if isinstance(item, str)}
    own = {str(item.parameter_name) for item in filters if hasattr(item, "parameter_name")}
    return {f"{name}{ending}" for name in names for ending in endings} | own


def _is_readable(query: QueryDict) -> bool:
    """Say whether every value fits into a query; the search box checks its own text."""
    values = [value for key, values in query.lists() if key != "q" for value in (key, *values)]
    return not any("\x00" in value or _has_huge_number(value) for value in values)


def _has_huge_number(value: str) -> bool:
    return any(not _is_key(digits) for digits in _LONG_NUMBER.findall(value))


def _is_selectable(form: QueryDict) -> bool:
    chosen = form.getlist(ACTION_CHECKBOX_NAME)
    return all(value.isascii() and value.isdigit() and _is_key(value) for value in chosen)


def _is_key(digits: str) -> bool:
    return len(digits) <= len(str(LARGEST_KEY)) and int(digits) <= LARGEST_KEY
