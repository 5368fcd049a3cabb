"""The supervisors' console: Django's admin with our navigation, language switch and first page."""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config import demo_door, overview
from config.menu import build_menu
from teams.models import Presence
from teams.services import preferences, presence
from teams.viewers import viewer

#: What other packages register stays out: their rows are machinery, and ours have better pages.
OUR_APPS = frozenset({"teams", "channels", "conversations", "routing", "callbacks"})
BADGES = {"development": "DEV", "test": "TEST"}
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]", "testserver"})
#: Languages in their own words: whoever looks for theirs may not read the current one.
OWN_NAMES = {"en": "English", "ja": "日本語", "fr": "Français", "zh-hans": "简体中文"}


class ConsoleSite(admin.AdminSite):
    site_header = site_title = "Relaydesk"
    index_title = gettext_lazy("Overview")
    enable_nav_sidebar = False
    site_url = None
    login_form = demo_door.SignInForm

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self.disable_action("delete_selected")

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Register our own models only."""
        several = model_or_iterable if isinstance(model_or_iterable, list | tuple) else None
        models = several or [model_or_iterable]
        ours = [model for model in models if model._meta.app_label in OUR_APPS]
        if ours:
            super().register(ours, admin_class, **options)

    def get_urls(self) -> list[URLResolver | URLPattern]:
        own: list[URLResolver | URLPattern] = [
            path("language/", self.language_view, name="language"),
            path("presence/", self.admin_view(self.presence_view), name="presence"),
        ]
        return own + super().get_urls()

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        may_enter = self.has_permission(request)
        return {
            **super().each_context(request),
            "menu": build_menu(request) if may_enter else [],
            "environment_badge": _environment_badge(),
            "is_debug_exposed": settings.DEBUG and _bare_host(request) not in LOCAL_HOSTS,
            "languages": [
                (code, OWN_NAMES.get(code, str(name))) for code, name in settings.LANGUAGES
            ],
            "presences": Presence.choices,
        }

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        now = timezone.now()
        cards = overview.build_cards(viewer(request))
        if request.user.has_perm("callbacks.view_callback"):
            cards += overview.build_callback_card(viewer(request), now=now)
        if request.user.has_perm("routing.view_aiagent"):
            cards += overview.build_ai_cards(now=now)
        context = {
            "cards": cards,
            "queues": overview.build_queues(viewer(request)),
            "notices": overview.build_notices(),
            "now": now,
        }
        return super().index(request, {**context, **(extra_context or {})})

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"demo_accounts": demo_door.demo_accounts(request)}
        return super().login(request, {**context, **(extra_context or {})})

    def language_view(self, request: HttpRequest) -> HttpResponse:
        """Set the language of the console: on the person if signed in, else in a cookie."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        language = request.POST.get("language", "")
        response = HttpResponseRedirect(self._way_back(request))
        if language not in dict(settings.LANGUAGES):
            return response
        if request.user.is_authenticated:
            preferences.set_language(request.user, language=language)
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=365 * 24 * 3600,
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )
        return response

    def presence_view(self, request: HttpRequest) -> HttpResponse:
        """Set whether the person who is signed in is there."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        wanted = request.POST.get("presence", "")
        if wanted in Presence.values:
            user = presence.set_presence(
                viewer(request), presence=Presence(wanted), by=viewer(request), now=timezone.now()
            )
            label = Presence(user.presence).label
            messages.success(request, _("You are %(presence)s now.") % {"presence": label})
        return HttpResponseRedirect(self._way_back(request))

    def _way_back(self, request: HttpRequest) -> str:
        wanted = request.POST.get("next", "")
        is_ours = url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()})
        return wanted if is_ours and "\x00" not in wanted else reverse("admin:index")


def _environment_badge() -> str:
    """Return what kind of installation this is; blank in production."""
    if demo_door.is_demo():
        return "DEMO"
    return "" if settings.IS_PRODUCTION else BADGES.get(settings.ENVIRONMENT, "TEST")


def _bare_host(request: HttpRequest) -> str:
    return request.get_host().rsplit(":", 1)[0] if ":" in request.get_host() else request.get_host()
