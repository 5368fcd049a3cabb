"""Publishing the rules, now or later, and discarding what is not published."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from conversations.admin.verbs import actor_of
from routing import loaders
from routing.admin.rule_draft_bar import LIST, draft_bar, planned_words, say_left_out
from routing.admin.rule_publish_forms import PlanForm, PublishForm
from routing.admin.rule_trust import RuleTrust
from routing.rule_words import render_changes
from routing.services import rule_publishing, saved_tests
from routing.services.rule_publishing import (
    DraftChangedError,
    NothingToPublishError,
    RedTestsError,
)
from teams.admin.console import Confirmation
from teams.viewers import posted, viewer


class RulePublisher(RuleTrust):
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("publish/", view(self.publish_view), name="routing_rule_publish"),
            path("publish/plan/", view(self.plan_view), name="routing_rule_plan"),
            path("publish/cancel/", view(self.cancel_view), name="routing_rule_cancel_plan"),
            path("discard/", view(self.discard_view), name="routing_rule_discard"),
        ]
        return own + super().get_urls()

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        shown = {"draft_bar": draft_bar(request), **(extra_context or {})}
        return super().changelist_view(request, shown)

    def publish_view(self, request: HttpRequest) -> HttpResponse:
        """Show what is different, and publish just that."""
        now = timezone.now()
        form = PublishForm(posted(request), initial={"revision": rule_publishing.read().revision})
        return self._publish_or_plan(
            request,
            form=form,
            plan_form=_fresh_plan_form(now),
            act=lambda: _publish(request, form, now),
        )

    def plan_view(self, request: HttpRequest) -> HttpResponse:
        """Publish what the page showed, at a time to come."""
        _require_publisher(request)
        now = timezone.now()
        if request.method != "POST":
            return HttpResponseRedirect(reverse("admin:routing_rule_publish"))
        form = PublishForm(initial={"revision": rule_publishing.read().revision})
        plan_form = PlanForm(request.POST, now=now)
        return self._publish_or_plan(
            request, form=form, plan_form=plan_form, act=lambda: _plan(request, plan_form, now)
        )

    def _publish_or_plan(
        self,
        request: HttpRequest,
        *,
        form: PublishForm,
        plan_form: PlanForm,
        act: Callable[[], None],
    ) -> HttpResponse:
        _require_publisher(request)
        sent = next((each for each in (form, plan_form) if each.is_bound), None)
        if sent is not None and sent.is_valid():
            try:
                act()
            except DraftChangedError:
                return self._ask_again(request, sent)
            except NothingToPublishError:
                messages.warning(request, _("There is nothing to publish any more."))
                return HttpResponseRedirect(reverse(LIST))
            except RedTestsError as error:
                text = _("These saved tests fail: %(tests)s. Say in the note why that is right.")
                names = ", ".join(f"“{name}”" for name in error.names)
                sent.add_error("note", text % {"tests": names})
            except ValidationError as error:
                plan_form.add_error("time", error.message_dict["at"])
            else:
                return HttpResponseRedirect(reverse(LIST))
        return self._publish_page(request, form=form, plan_form=plan_form)

    def _ask_again(self, request: HttpRequest, sent: PublishForm) -> HttpResponse:
        """Show the draft as it is now: somebody changed it after the page was opened."""
        messages.warning(
            request,
            _(
                "Nothing was published: somebody changed the rules after you opened this page. "
                "This is what is different now."
            ),
        )
        kept = {"note": sent.cleaned_data["note"], "revision": rule_publishing.read().revision}
        form = PublishForm(initial=kept)
        return self._publish_page(
            request, form=form, plan_form=_fresh_plan_form(timezone.now(), **kept)
        )

    def _publish_page(
        self, request: HttpRequest, *, form: PublishForm, plan_form: PlanForm
    ) -> HttpResponse:
        changes = rule_publishing.find_changes()
        if not changes:
            messages.info(request, _("There is nothing to publish: the draft is what decides."))
            return HttpResponseRedirect(reverse(LIST))
        bar = draft_bar(request, changes=changes)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Publish the rules"),
            "form": form,
            "plan_form": plan_form,
            "is_planning": plan_form.is_bound,
            "changes": render_changes(changes),
            "tests": saved_tests.run_against(loaders.load_draft(), now=timezone.now()),
            "draft_bar": bar,
        }
        return TemplateResponse(request, "admin/routing/rule/publish.html", context)

    def cancel_view(self, request: HttpRequest) -> HttpResponse:
        """Let nothing be published by itself."""
        _require_publisher(request)
        if request.method == "POST":
            actor = actor_of(viewer(request))
            if rule_publishing.cancel_plan(actor=actor, now=timezone.now()):
                messages.success(request, _("Nothing will be published by itself."))
        return HttpResponseRedirect(reverse(LIST))

    def discard_view(self, request: HttpRequest) -> HttpResponse:
        """Throw the unpublished changes away, after asking."""
        _require_publisher(request)
        draft, count = rule_publishing.read(), len(rule_publishing.find_changes())
        if request.method == "POST":
            _discard(request)
            return HttpResponseRedirect(reverse(LIST))
        if not count:
            messages.info(request, _("There is nothing to discard: the draft is what decides."))
            return HttpResponseRedirect(reverse(LIST))
        text = ngettext(
            "%(count)d unpublished change is lost, whoever made it. "
            "The rules are then what is published.",
            "%(count)d unpublished changes are lost, whoever made them. "
            "The rules are then what is published.",
            count,
        )
        asked = Confirmation(
            title=_("Discard the unpublished changes?"),
            consequence=text % {"count": count},
            button=_("Discard"),
            cancel_url=reverse(LIST),
            hidden=(("revision", str(draft.revision)),),
        )
        return self.confirm(request, confirmation=asked)


def _fresh_plan_form(now: datetime, **initial: Any) -> PlanForm:
    given = {"revision": rule_publishing.read().revision, **initial}
    return PlanForm(None, now=now, initial=given)


def _publish(request: HttpRequest, form: PublishForm, now: datetime) -> None:
    made = rule_publishing.publish(
        actor=actor_of(viewer(request)),
        note=form.cleaned_data["note"],
        revision=form.cleaned_data["revision"],
        now=now,
    )
    messages.success(
        request,
        _("Version %(number)d is published. It decides from the next message on.")
        % {"number": made.number},
    )


def _plan(request: HttpRequest, form: PlanForm, now: datetime) -> None:
    draft = rule_publishing.plan(
        form.plan(),
        actor=actor_of(viewer(request)),
        revision=form.cleaned_data["revision"],
        now=now,
    )
    messages.success(request, planned_words(draft))


def _discard(request: HttpRequest) -> None:
    form = PublishForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Nothing was discarded."))
        return
    try:
        left_out = rule_publishing.discard(
            actor=actor_of(viewer(request)),
            revision=form.cleaned_data["revision"],
            now=timezone.now(),
        )
    except DraftChangedError:
        text = _("Nothing was discarded: somebody changed the rules in the meantime. Look again.")
        messages.warning(request, text)
    except NothingToPublishError:
        messages.info(request, _("There was nothing to discard."))
    else:
        messages.success(request, _("The unpublished changes are gone."))
        say_left_out(request, left_out)


def _require_publisher(request: HttpRequest) -> None:
    if not request.user.has_perm("routing.publish"):
        raise PermissionDenied
