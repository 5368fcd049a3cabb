"""The people outside: who they are, where they write from, and who is the same person."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from conversations import scope
from conversations.admin.history import build_history
from conversations.admin.verbs import actor_of
from conversations.duplicates import likely_same
from conversations.models import Contact, Conversation, Event, Identity
from conversations.phones import mask_phone
from conversations.services import merging
from conversations.services.merging import MergeRefusedError, Plan
from teams.admin.console import Confirmation, EmptyState, GuardedAdmin
from teams.models import User
from teams.texts import Text
from teams.viewers import viewer

SHOWN = 20
#: Fewer digits name nobody.
LEAST_DIGITS = 4
MOST_DIGITS = 15
FIELD_LABELS: dict[str, Text] = {
    "name": gettext_lazy("Name"),
    "phone": gettext_lazy("Number"),
    "language": gettext_lazy("Language"),
    "tags": gettext_lazy("Tags"),
    "attributes": gettext_lazy("Properties"),
    "permanent_agent_id": gettext_lazy("Permanent agent"),
}
#: Of what happened in conversations, what is about the customer.
_TOLD = Q(conversation=None) | Q(type__in=("contact.opted_out", "contact.opted_in"))
REFUSALS: dict[str, Text] = {
    "contact.same": gettext_lazy("Nothing was changed: that is the same customer."),
    "contact.merged": gettext_lazy(
        "Nothing was changed: one of the two was merged into another customer. Part those first."
    ),
    "contact.not_merged": gettext_lazy("Nothing was changed: they are not merged any more."),
    "contact.merge_busy": gettext_lazy(
        "Nothing was changed: messages keep coming in. Try again in a moment."
    ),
}


class IntoForm(forms.Form):
    """Who it is the same as: a number in any spelling, or #number."""

    into = forms.CharField(
        label=gettext_lazy("The same person as"),
        max_length=40,
        help_text=gettext_lazy("The number or #id of the customer who stays."),
    )


class ContactAdmin(GuardedAdmin):
    list_title = gettext_lazy("Customers")
    list_lead = gettext_lazy("Everybody who ever wrote. They come by themselves.")
    list_display = (
        "name_cell",
        "number_cell",
        "tags_cell",
        "permanent_agent",
        "conversations_cell",
        "seen_cell",
    )
    list_filter = ("permanent_agent",)
    search_fields = ("name",)
    list_select_related = ("permanent_agent",)
    actions = None

    def empty_state(self, request: HttpRequest) -> EmptyState:
        return EmptyState(_("No customer yet."), _("Whoever writes first is listed here."))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody edits a customer as a form here."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Contact]:
        return scope.contacts_of(viewer(request))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path(
                f"<path:pk>/{name}/",
                view(getattr(self, f"{name}_view")),
                name=f"conversations_contact_{name}",
            )
            for name in ("merge", "unmerge")
        ]
        return [*own, *super().get_urls()]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return (_search(queryset, text=search_term) if search_term else queryset), False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        hint = {"search_hint": _("Name, number or #id")}
        return super().changelist_view(request, {**hint, **(extra_context or {})})

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """List who is there; whoever went into somebody else is found on their page."""
        listed = super().get_changelist_instance(request)
        listed.result_list = list(_with_traffic(listed.result_list, user=viewer(request)))
        return listed

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
        contact = self.find(request, object_id)
        if contact is None:
            return self.gone(request, object_id)
        return TemplateResponse(
            request,
            "admin/conversations/contact/page.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": str(contact),
                "contact": contact,
                "may_see_phone": request.user.has_perm("conversations.view_phone"),
                "may_merge": self._may_merge(request) and contact.merged_into_id is None,
                **_facts(contact, user=viewer(request)),
            },
        )

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the page: what happened stands on it."""
        return self.change_view(request, object_id)

    # --- Merging: GET shows what it would do, POST does it

    def merge_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        contact = self.find(request, pk)
        if contact is None:
            return self.gone(request, pk)
        if not self._may_merge(request):
            raise PermissionDenied
        page = _page_of(contact)
        form = IntoForm(request.POST or request.GET or None)
        into = None
        if form.is_bound and form.is_valid():
            into = self._named(request, form.cleaned_data["into"], but=contact)
            if into is None:
                form.add_error("into", _("There is no other customer of this number."))
        if into is None:
            title = _("Merge %(who)s") % {"who": contact}
            text = _("Everything of this customer goes to the other one. It can be undone.")
            shown = Confirmation(title, text, _("Go on"), page, form=form)
            return self.confirm(request, confirmation=shown)
        if "confirmed" in request.POST:
            return self._merge(request, contact, into)
        return self.confirm(request, confirmation=_preview(merging.plan(contact, into=into), page))

    def _merge(self, request: HttpRequest, contact: Contact, into: Contact) -> HttpResponse:
        try:
            merging.merge(contact, into=into, actor=actor_of(viewer(request)), now=timezone.now())
        except MergeRefusedError as error:
            messages.error(request, explain_refusal(error))
            return HttpResponseRedirect(_page_of(contact))
        text = _("%(source)s is merged into %(target)s.")
        messages.success(request, text % {"source": contact, "target": into})
        return HttpResponseRedirect(_page_of(into))

    def unmerge_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        contact = self.find(request, pk)
        if contact is None:
            return self.gone(request, pk)
        if not self._may_merge(request):
            raise PermissionDenied
        page = _page_of(contact.merged_into or contact)
        if request.method != "POST":
            text = _(
                "Its addresses go back, and every conversation with its address, also later ones. "
                "What somebody changed since stays as it is."
            )
            title = _("Part %(who)s again") % {"who": contact}
            return self.confirm(
                request, confirmation=Confirmation(title, text, _("Part them"), page)
            )
        try:
            merging.unmerge(contact, actor=actor_of(viewer(request)), now=timezone.now())
        except MergeRefusedError as error:
            messages.error(request, explain_refusal(error))
            return HttpResponseRedirect(page)
        messages.success(request, _("They are two customers again."))
        return HttpResponseRedirect(_page_of(contact))

    def _may_merge(self, request: HttpRequest) -> bool:
        return request.user.has_perm("conversations.merge_contact")

    def _named(self, request: HttpRequest, text: str, *, but: Contact) -> Contact | None:
        """Return the customer that somebody named, as far as they may see them."""
        rows = scope.contacts_of(viewer(request)).filter(merged_into=None).exclude(pk=but.pk)
        found: Contact | None = _search(rows, text=text).order_by("-pk").first()
        return found

    # --- Columns

    @admin.display(description=gettext_lazy("Name"), ordering="name")
    def name_cell(self, contact: Contact) -> str:
        return str(contact)

    @admin.display(description=gettext_lazy("Number"))
    def number_cell(self, contact: Contact) -> str:
        return mask_phone(contact.phone) or "–"

    @admin.display(description=gettext_lazy("Tags"))
    def tags_cell(self, contact: Contact) -> SafeString | str:
        rows = ((tag,) for tag in contact.tags)
        return format_html_join("", '<span class="tag">{}</span>', rows) or "–"

    @admin.display(description=gettext_lazy("Conversations"))
    def conversations_cell(self, contact: Any) -> SafeString:
        return format_html('<span class="number">{}</span>', contact.talks or 0)

    @admin.display(description=gettext_lazy("Last message"))
    def seen_cell(self, contact: Any) -> datetime | None:
        seen: datetime | None = contact.seen_at
        return seen


def explain_refusal(error: MergeRefusedError) -> Text:
    """Say what did not happen, why, and what to do."""
    if error.code == "contact.both_open":
        return _both_open(error.channels)
    return REFUSALS[error.code]


def _both_open(channels: tuple[str, ...]) -> Text:
    text = _(
        "Both have an open conversation on %(channels)s. Resolve one of them first: two "
        "transcripts that were put together could not be parted again."
    )
    return text % {"channels": ", ".join(channels)}


def _preview(plan: Plan, page: str) -> Confirmation:
    """Say what merging would do, in numbers and by field; or why it cannot be."""
    names = {"source": plan.source, "target": plan.target}
    title = _("Merge %(source)s into %(target)s") % names
    if plan.refusal:
        code = plan.refusal
        text = _both_open(plan.channels) if code == "contact.both_open" else REFUSALS[code]
        hidden = (("into", ""),)
        return Confirmation(title, text, _("Choose somebody else"), page, hidden=hidden)
    notes = [_change(name, after) for name, (_before, after) in plan.changes.items()]
    kept = [
        _("%(field)s: that of %(target)s stays.")
        % {"field": FIELD_LABELS[name], "target": plan.target}
        for name in plan.kept
    ]
    return Confirmation(
        title,
        _moved(plan),
        _("Merge"),
        page,
        hidden=(("into", f"#{plan.target.pk}"), ("confirmed", "1")),
        notes=(*notes, *kept, _("It can be undone.")),
    )


def _moved(plan: Plan) -> Text:
    talks = ngettext(
        "%(n)d conversation goes to %(who)s, with the address it came from.",
        "%(n)d conversations go to %(who)s, with the addresses they came from.",
        len(plan.conversation_ids),
    )
    return talks % {"n": len(plan.conversation_ids), "who": plan.target}


def _change(name: str, after: Any) -> Text:
    if name == "attributes":
        after = ", ".join(f"{key}: {value}" for key, value in after.items())
    elif name == "tags":
        after = ", ".join(after)
    elif name == "phone":
        after = mask_phone(after)
    elif name == "permanent_agent_id":
        after = User.objects.get(pk=after).name
    return _("%(field)s afterwards: %(value)s") % {"field": FIELD_LABELS[name], "value": after}


def _facts(contact: Contact, *, user: User) -> dict[str, Any]:
    talks = Conversation.objects.visible_to(user).filter(contact=contact)
    merges = contact.merges.filter(undone_at=None).select_related("source")
    told = Event.objects.filter(_TOLD, contact=contact).order_by("-pk")[:SHOWN]
    identities = list(contact.identities.all())
    return {
        "identities": identities,
        "has_reachable": any(each.opted_out_at is None for each in identities),
        "has_opted_out": any(each.opted_out_at is not None for each in identities),
        "talks": list(talks.select_related("channel", "assignee").order_by("-pk")[:SHOWN]),
        "merges": list(merges),
        "lines": build_history(list(told)),
        "likely": [
            {
                "contact": other,
                "url": f"{_address(contact, 'merge')}?{urlencode({'into': f'#{other.pk}'})}",
            }
            for other in likely_same(contact, user=user).order_by("-pk")[:SHOWN]
        ],
    }


def _search(rows: QuerySet[Contact], *, text: str) -> QuerySet[Contact]:
    """Find by name, by digits of the number in any spelling, or by #number."""
    text = text.strip()
    digits = "".join(char for char in text if char.isdecimal())
    if text.startswith("#"):
        return rows.filter(pk=int(digits) if digits and len(digits) <= MOST_DIGITS else 0)
    found: Any = Q(name__icontains=text)
    if len(digits) >= LEAST_DIGITS and not any(char.isalpha() for char in text):
        same = Identity.objects.filter(contact=OuterRef("pk"), address__contains=digits.lstrip("0"))
        found |= Exists(same)
    return rows.filter(found)


def _with_traffic(rows: Any, *, user: User) -> QuerySet[Contact]:
    """Count the conversations of the page's rows that this person may see, and read the last."""
    keys = [row.pk for row in rows]
    theirs = (
        Conversation.objects.visible_to(user)
        .filter(contact=OuterRef("pk"))
        .order_by()
        .values("contact")
    )
    counted = Contact.objects.filter(pk__in=keys).annotate(
        talks=Subquery(theirs.annotate(n=Count("pk")).values("n")),
        seen_at=Subquery(theirs.annotate(at=Max("last_message_at")).values("at")),
    )
    by_key = {row.pk: row for row in counted.select_related("permanent_agent")}
    return [by_key[key] for key in keys]  # type: ignore[return-value]


def _address(contact: Contact, name: str) -> str:
    return reverse(f"admin:conversations_contact_{name}", args=[contact.pk])


def _page_of(contact: Contact) -> str:
    return _address(contact, "change")
