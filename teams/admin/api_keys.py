"""API keys: issued once, shown once, revoked for good.

The new key waits for its page in a cookie of the person who issued it, signed and short-lived, so
that the page can be reloaded without issuing another one, and the server still keeps only a hash.
"""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from teams.admin.console import Confirmation, EmptyState, GuardedAdmin, pill
from teams.models import ApiKey, User
from teams.scopes import Scope
from teams.services import api_keys
from teams.viewers import posted, viewer

SCOPE_SENTENCES = {
    Scope.READ: gettext_lazy("read: everything its owner may see"),
    Scope.MESSAGES: gettext_lazy("messages: write replies and notes"),
    Scope.CONVERSATIONS: gettext_lazy("conversations: change status and tags"),
    Scope.ASSIGN: gettext_lazy("assign: give conversations to people and teams"),
    Scope.CONTACTS: gettext_lazy("contacts: change contacts"),
    Scope.TEAMS: gettext_lazy("teams: change teams and their members"),
    Scope.USERS: gettext_lazy("users: change people and their presence"),
    Scope.IMPORTS: gettext_lazy("imports: change many people and teams by files"),
    Scope.CHANNELS: gettext_lazy("channels: set up channels"),
    Scope.CALLBACKS: gettext_lazy("callbacks: schedule, change and cancel callbacks"),
    Scope.RULES: gettext_lazy("rules: edit and publish rules"),
    Scope.ENDPOINTS: gettext_lazy("endpoints: set up endpoints, send events again"),
}


#: What a browser's field for an instant takes.
LOCAL_FORMAT = "%Y-%m-%dT%H:%M"
USUAL_LIFE = timedelta(days=365)
#: A key that nobody used for so long is probably forgotten.
FORGOTTEN_AFTER = timedelta(days=90)
NEW_KEY_COOKIE = "new_api_key"
NEW_KEY_SHOWN_S = 120


class NewKeyForm(forms.Form):
    """What a key is for. Its owner can be nobody above the person who issues it."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=50,
        help_text=gettext_lazy("Which system will use it, for example “CRM in Paris”."),
    )
    user = forms.ModelChoiceField(
        label=gettext_lazy("Owner"),
        queryset=User.objects.none(),
        help_text=gettext_lazy("The key sees and may do what its owner may, within its scopes."),
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("Scopes"),
        choices=[(scope.value, SCOPE_SENTENCES[scope]) for scope in Scope],
        initial=[Scope.READ.value],
        widget=forms.CheckboxSelectMultiple(attrs={"class": "checklist"}),
    )
    expires_at = forms.DateTimeField(
        label=gettext_lazy("Expires"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=LOCAL_FORMAT),
        help_text=gettext_lazy("Empty: never. A key that nobody looks after should end by itself."),
    )

    def __init__(self, *args: Any, issuer: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owners = User.objects.active().filter(role__lte=issuer.role)
        self.fields["user"].queryset = owners  # type: ignore[attr-defined]
        self.fields["user"].initial = issuer.pk
        self.fields["expires_at"].initial = timezone.now() + USUAL_LIFE

    def clean_expires_at(self) -> datetime | None:
        expires_at: datetime | None = self.cleaned_data["expires_at"]
        if expires_at is not None and expires_at <= timezone.now():
            raise forms.ValidationError(_("Choose an instant that is still to come."))
        return expires_at


@admin.register(ApiKey)
class ApiKeyAdmin(GuardedAdmin):
    list_title = gettext_lazy("API keys")
    add_label = gettext_lazy("Issue a key")
    list_lead = gettext_lazy("Keys with which other systems call the API. Only a hash is stored.")
    list_display = (
        "name",
        "prefix_cell",
        "user",
        "scopes_cell",
        "used_cell",
        "expiry_cell",
        "state_cell",
    )
    list_filter = ("revoked",)
    list_select_related = ("user",)
    ordering = ("revoked", "-created")
    actions = None
    fields = ("name", "prefix_cell", "user", "scopes_cell", "created", "used_cell", "expiry_cell")
    readonly_fields: ClassVar[Any] = fields

    def empty_state(self, request: HttpRequest) -> EmptyState:
        return EmptyState(
            _("No key yet."),
            _("No other system can read conversations or answer through the API."),
            reverse("admin:teams_apikey_add"),
            _("Issue a key"),
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiKey]:
        """Show the keys of people up to one's own role: a higher key is not for one's eyes."""
        rows: QuerySet[ApiKey] = super().get_queryset(request)
        return rows.filter(user__role__lte=viewer(request).role)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("issued/", view(self.issued_view), name="teams_apikey_issued"),
            path("<path:pk>/revoke/", view(self.revoke_view), name="teams_apikey_revoke"),
        ]
        return own + super().get_urls()

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Issue a key. The page that the POST leads to shows it, once."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = NewKeyForm(posted(request), issuer=viewer(request))
        if request.method == "POST" and form.is_valid():
            return self._issue(request, form)
        return self.confirm(
            request,
            confirmation=Confirmation(
                _("Issue an API key"),
                _("The key is shown once, right after this. It cannot be shown again."),
                _("Issue the key"),
                reverse("admin:teams_apikey_changelist"),
                form=form,
            ),
        )

    def _issue(self, request: HttpRequest, form: NewKeyForm) -> HttpResponse:
        given = form.cleaned_data
        issued = api_keys.issue(
            given["user"],
            name=given["name"],
            scopes=given["scopes"],
            expires_at=given["expires_at"],
        )
        self.log_addition(request, issued.api_key, [{"added": {}}])
        address = reverse("admin:teams_apikey_issued")
        response = HttpResponseRedirect(address)
        response.set_signed_cookie(
            NEW_KEY_COOKIE,
            issued.key,
            salt=_salt(request),
            max_age=NEW_KEY_SHOWN_S,
            path=address,
            secure=request.is_secure(),
            httponly=True,
            samesite="Strict",
        )
        return response

    def issued_view(self, request: HttpRequest) -> HttpResponse:
        """Show the key that was just issued, and let go of it."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        address = reverse("admin:teams_apikey_issued")
        key = request.get_signed_cookie(
            NEW_KEY_COOKIE, default=None, salt=_salt(request), max_age=NEW_KEY_SHOWN_S
        )
        prefix = (key or "").partition(".")[0]
        api_key = self.get_queryset(request).filter(prefix=prefix).order_by("pk").first()
        if key is None or api_key is None:
            messages.warning(
                request,
                _("A new key is shown once, and that was it. If it is lost, issue another one."),
            )
            return HttpResponseRedirect(reverse("admin:teams_apikey_changelist"))
        context = {
            **self.admin_site.each_context(request),
            "title": _("The new key"),
            "api_key": api_key,
            "key": key,
            "base_url": request.build_absolute_uri("/")[:-1],
        }
        response = TemplateResponse(request, "relaydesk/new_key.html", context)
        response["Cache-Control"] = "no-store"
        response.delete_cookie(NEW_KEY_COOKIE, path=address, samesite="Strict")
        return response

    def revoke_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Make a key useless, after asking."""
        api_key = self.get_object(request, unquote(pk))
        if api_key is None:
            return self.gone(request, pk)
        if not request.user.has_perm("teams.revoke_apikey"):
            raise PermissionDenied
        keys = reverse("admin:teams_apikey_changelist")
        if request.method == "POST":
            api_keys.revoke(api_key)
            self.log_change(request, api_key, "revoked")
            messages.success(
                request, _("“%(name)s” was revoked and opens nothing now.") % {"name": api_key.name}
            )
            return HttpResponseRedirect(keys)
        return self.confirm(
            request,
            confirmation=Confirmation(
                _("Revoke “%(name)s”?") % {"name": api_key.name},
                _("Whatever uses this key is refused from now on. This cannot be undone."),
                _("Revoke the key"),
                keys,
            ),
        )

    @admin.display(description=gettext_lazy("Begins with"))
    def prefix_cell(self, api_key: ApiKey) -> SafeString:
        return format_html("<code>{}.…</code>", api_key.prefix)

    @admin.display(description=gettext_lazy("Scopes"))
    def scopes_cell(self, api_key: ApiKey) -> SafeString:
        return format_html_join(" ", '<span class="tag">{}</span>', ((s,) for s in api_key.scopes))

    @admin.display(description=gettext_lazy("Last used"), ordering="last_used_at")
    def used_cell(self, api_key: ApiKey) -> Any:
        return api_key.last_used_at or _("never")

    @admin.display(description=gettext_lazy("Expires"), ordering="expiry_date")
    def expiry_cell(self, api_key: ApiKey) -> Any:
        return api_key.expiry_date or _("never")

    @admin.display(description=gettext_lazy("State"))
    def state_cell(self, api_key: ApiKey) -> SafeString:
        now = timezone.now()
        if api_key.revoked:
            return pill("quiet", _("Revoked"))
        if api_key.expiry_date and api_key.expiry_date <= now:
            return pill("warn", _("Expired"))
        is_forgotten = (api_key.last_used_at or api_key.created) <= now - FORGOTTEN_AFTER
        address = reverse("admin:teams_apikey_revoke", args=[quote(api_key.pk)])
        return format_html(
            '{} <a class="button small" href="{}" data-dialog>{}</a>',
            pill("warn", _("Unused for 90 days")) if is_forgotten else pill("good", _("Works")),
            address,
            _("Revoke…"),
        )


def _salt(request: HttpRequest) -> str:
    """Bind the cookie to whoever issued the key."""
    return f"new-api-key-{request.user.pk}"
