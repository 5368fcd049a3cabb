"""The versions of the rules before: who published them, when and why, and one of them as draft."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from conversations.admin.verbs import actor_of
from routing.admin.rule_draft_bar import LIST, draft_bar, say_left_out
from routing.admin.rule_publishing import RulePublisher
from routing.models import RuleSet
from routing.rule_words import render_changes
from routing.services import rule_publishing, rule_versions
from teams.admin.console import Confirmation
from teams.texts import Text
from teams.viewers import viewer

_PER_PAGE = 25


class RuleVersions(RulePublisher):
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("versions/", view(self.versions_view), name="routing_rule_versions"),
            path("versions/<int:number>/", view(self.version_view), name="routing_rule_version"),
            path(
                "versions/<int:number>/restore/",
                view(self.restore_view),
                name="routing_rule_restore",
            ),
        ]
        return own + super().get_urls()

    def title_links(self, request: HttpRequest) -> list[tuple[Text, str]]:
        links = [(_("History"), reverse("admin:routing_rule_versions"))]
        return [*super().title_links(request), *links]

    def versions_view(self, request: HttpRequest) -> HttpResponse:
        """List what was published: who, when and why."""
        _require_reader(request)
        listed = rule_versions.list_versions().defer("rules", "ai_agents")
        page = Paginator(listed, _PER_PAGE).get_page(request.GET.get("p", "1"))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("History of the rules"),
            "page": page,
            "draft_bar": draft_bar(request),
        }
        return TemplateResponse(request, "admin/routing/rule/versions.html", context)

    def version_view(self, request: HttpRequest, number: int) -> HttpResponse:
        """Show a version beside the one before."""
        _require_reader(request)
        version = _find_version(number)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Version %(number)d of the rules") % {"number": number},
            "version": version,
            "changes": render_changes(rule_versions.compare_with_previous(version)),
            "may_restore": request.user.has_perm("routing.change_rule"),
        }
        return TemplateResponse(request, "admin/routing/rule/version.html", context)

    def restore_view(self, request: HttpRequest, number: int) -> HttpResponse:
        """Make a version the draft again, after asking."""
        if not request.user.has_perm("routing.change_rule"):
            raise PermissionDenied
        version = _find_version(number)
        if request.method == "POST":
            actor = actor_of(viewer(request))
            left_out = rule_publishing.restore(version, actor=actor, now=timezone.now())
            messages.success(
                request, _("The draft is version %(number)d again.") % {"number": number}
            )
            say_left_out(request, left_out)
            return HttpResponseRedirect(reverse(LIST))
        asked = Confirmation(
            title=_("Restore version %(number)d as draft?") % {"number": number},
            consequence=_what_restoring_does(len(rule_publishing.find_changes())),
            button=_("Restore as draft"),
            cancel_url=reverse("admin:routing_rule_version", args=[number]),
        )
        return self.confirm(request, confirmation=asked)


def _what_restoring_does(count: int) -> str:
    if count == 0:
        return _("The rules of that version become the draft. Nothing is published yet.")
    return ngettext(
        "The rules of that version become the draft. Nothing is published yet. "
        "%(count)d unpublished change is lost.",
        "The rules of that version become the draft. Nothing is published yet. "
        "%(count)d unpublished changes are lost.",
        count,
    ) % {"count": count}


def _find_version(number: int) -> RuleSet:
    version = rule_versions.list_versions().filter(number=min(number, 2**31 - 1)).first()
    if version is None:
        raise Http404
    return version


def _require_reader(request: HttpRequest) -> None:
    if not request.user.has_perm("routing.view_rule"):
        raise PermissionDenied
