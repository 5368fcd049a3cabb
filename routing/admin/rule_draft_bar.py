"""What stands above the rules: how much of them is unpublished, and what is planned."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from routing.engine.rule_diff import Change
from routing.models import RuleDraft
from routing.models.rule import PlanProblem
from routing.services import rule_publishing
from teams.texts import Text

LIST = "admin:routing_rule_changelist"
_WAS_CHANGED = gettext_lazy(
    "The rules were to be published by themselves, and were not: the draft had changed. Look at "
    "it, and publish it or plan it again."
)
_WAS_NOT_ALLOWED = gettext_lazy(
    "The rules were to be published by themselves, and were not: whoever planned it may not "
    "publish any more. Look at them, and publish them or plan it again."
)
_IS_CHANGED = gettext_lazy(
    "The draft was changed afterwards: it will not be published by itself unless somebody looks "
    "at it and plans it again."
)
_IS_NOT_ALLOWED = gettext_lazy(
    "Whoever planned it may not publish any more: the draft will not be published by itself "
    "unless somebody else plans it again."
)


@dataclass(frozen=True, slots=True)
class DraftBar:
    """What stands above the list: how much is unpublished, and what is planned."""

    draft: RuleDraft
    count: int
    may_publish: bool

    @property
    def text(self) -> str:
        if not self.count:
            return ""
        return ngettext(
            "%(count)d unpublished change.", "%(count)d unpublished changes.", self.count
        ) % {"count": self.count}

    @property
    def plan(self) -> str:
        """Return when the draft is to be published by itself, on the clock that was meant."""
        return planned_words(self.draft)

    @property
    def problem(self) -> Text:
        """Return why what was planned will not happen, or did not."""
        if self.draft.skipped_at:
            is_changed = self.draft.skipped_because != PlanProblem.NOT_ALLOWED
            return _WAS_CHANGED if is_changed else _WAS_NOT_ALLOWED
        if self.draft.publish_due_at is None or not self.draft.plan_problem:
            return ""
        is_changed = self.draft.plan_problem == PlanProblem.DRAFT_CHANGED
        return _IS_CHANGED if is_changed else _IS_NOT_ALLOWED


def draft_bar(request: HttpRequest, *, changes: tuple[Change, ...] | None = None) -> DraftBar:
    """Return what is unpublished and what is planned, as this person may see it."""
    found = rule_publishing.find_changes() if changes is None else changes
    may_publish = request.user.has_perm("routing.publish")
    return DraftBar(rule_publishing.read(), len(found), may_publish)


def planned_words(draft: RuleDraft) -> str:
    """Say when the draft is to be published by itself; blank if it is not."""
    if draft.publish_due_at is None:
        return ""
    there = draft.publish_due_at.astimezone(ZoneInfo(draft.publish_zone or settings.TIME_ZONE))
    return _("The draft will be published by itself on %(at)s (%(zone)s).") % {
        "at": date_format(there, "DATETIME_FORMAT"),
        "zone": draft.publish_zone or settings.TIME_ZONE,
    }


def say_left_out(request: HttpRequest, names: list[str]) -> None:
    """Name the rules that are not in the draft although they were in the version."""
    for name in names:
        messages.warning(
            request,
            _("“%(rule)s” could not be brought back: where it sends to is gone.") % {"rule": name},
        )
