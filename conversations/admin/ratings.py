"""What customers answered when asked how it went."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import floatformat
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels.models import Channel
from conversations.csat import HIGHEST
from conversations.delivery_states import DeliveryStatus
from conversations.models import Conversation, Survey, SurveyStatus
from conversations.ratings import Summary
from teams.admin.console import EmptyState, GuardedAdmin, pill
from teams.texts import Text
from teams.viewers import viewer

RATING_WORDS = {
    1: gettext_lazy("bad"),
    2: gettext_lazy("poor"),
    3: gettext_lazy("fair"),
    4: gettext_lazy("good"),
    5: gettext_lazy("great"),
}
STATUS_TONES = {
    SurveyStatus.PLANNED: "quiet",
    SurveyStatus.SENT: "info",
    SurveyStatus.ANSWERED: "good",
    SurveyStatus.EXPIRED: "quiet",
    SurveyStatus.SKIPPED: "warn",
}


def stars(rating: int) -> SafeString:
    """Return the rating as stars, with the number and the word for whoever cannot see them."""
    return format_html(
        '<span class="stars" aria-hidden="true">{}{}</span> <span class="number">{} {}</span>',
        "★" * rating,
        "☆" * (HIGHEST - rating),
        rating,
        RATING_WORDS[rating],
    )


class CommentFilter(admin.SimpleListFilter):
    title = gettext_lazy("comment")
    parameter_name = "comment"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("With a comment"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.exclude(comment="") if self.value() == "yes" else queryset


class ResolvedFilter(admin.SimpleListFilter):
    title = gettext_lazy("resolved")
    parameter_name = "resolved"
    _DAYS: ClassVar[dict[str, int]] = {"1": 1, "7": 7, "30": 30, "90": 90}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("1", _("Last 24 hours")),
            ("7", _("Last 7 days")),
            ("30", _("Last 30 days")),
            ("90", _("Last 90 days")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        days = self._DAYS.get(self.value() or "")
        if days is None:
            return queryset
        return queryset.filter(created_at__gte=timezone.now() - timedelta(days=days))


@dataclass(frozen=True, slots=True)
class Bar:
    """How often one rating was given, and how long that is drawn, in percent of the longest."""

    rating: int
    word: Text
    count: int
    width: int


def build_numbers(summary: Summary) -> dict[str, Any]:
    """Return what stands above the list, about the rows that are filtered."""
    most = max(summary.counts.values()) or 1
    bars = [
        Bar(rating, RATING_WORDS[rating], count, round(100 * count / most))
        for rating, count in sorted(summary.counts.items(), reverse=True)
    ]
    share = None if summary.share is None else round(100 * summary.share)
    mean = None if summary.mean is None else floatformat(summary.mean, 1)
    return {
        "asked": summary.asked,
        "answered": summary.answered,
        "share": share,
        "mean": mean,
        "bars": bars,
    }


@admin.register(Survey)
class RatingAdmin(GuardedAdmin):
    list_title = gettext_lazy("Ratings")
    list_lead = gettext_lazy(
        "One question per resolution, credited to whoever had the conversation then."
    )
    list_display = (
        "rating_cell",
        "comment_cell",
        "contact_cell",
        "agent",
        "team",
        "channel_cell",
        "asked_cell",
        "answered_cell",
    )
    list_filter = (
        "status",
        "rating",
        CommentFilter,
        "agent",
        "team",
        "conversation__channel",
        ResolvedFilter,
    )
    list_select_related = (
        "conversation__contact",
        "conversation__channel",
        "agent",
        "team",
        "question",
    )
    list_display_links = None
    actions = None
    change_list_template = "admin/conversations/survey/change_list.html"
    fields: ClassVar[Any] = (
        "rating_cell",
        "comment_cell",
        "contact_cell",
        "agent",
        "team",
        "asked_cell",
        "answered_cell",
    )
    readonly_fields: ClassVar[Any] = fields

    def empty_state(self, request: HttpRequest) -> EmptyState:
        total = Channel.objects.filter(is_active=True).count()
        off = Channel.objects.filter(is_active=True, has_survey=False).count()
        text = _("The question is off on %(off)d of %(total)d channels.") % {
            "off": off,
            "total": total,
        }
        channels = reverse("admin:channels_channel_changelist")
        return EmptyState(_("Nobody was asked yet."), text, channels, _("Open the channels"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Survey]:
        rows: QuerySet[Survey] = super().get_queryset(request)
        return rows.filter(conversation__in=Conversation.objects.visible_to(viewer(request)))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Put the numbers of whatever is filtered above the list."""
        page = super().changelist_view(request, extra_context)
        context = getattr(page, "context_data", None) or {}
        if "cl" in context:
            context["summary"] = build_numbers(context["cl"].queryset.summary())
        return page

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("Rating"), ordering="rating")
    def rating_cell(self, survey: Survey) -> SafeString:
        if survey.rating is not None:
            return stars(survey.rating)
        shown = pill(STATUS_TONES[SurveyStatus(survey.status)], survey.get_status_display())
        why = self._why_no_answer(survey)
        return format_html('{}<span class="sub why">{}</span>', shown, why) if why else shown

    @admin.display(description=gettext_lazy("Comment"))
    def comment_cell(self, survey: Survey) -> SafeString | str:
        return (
            format_html('<span class="comment">{}</span>', survey.comment)
            if survey.comment
            else "–"
        )

    def _why_no_answer(self, survey: Survey) -> Text:
        """Say why the customer was not asked, or that the question never arrived."""
        if survey.status == SurveyStatus.SKIPPED:
            why = survey.get_skip_reason_display()
            return f"{why} ({survey.skip_detail})" if survey.skip_detail else why
        if survey.question and survey.question.delivery_status == DeliveryStatus.FAILED:
            return _("the question did not arrive")
        return ""

    @admin.display(description=gettext_lazy("Conversation"))
    def contact_cell(self, survey: Survey) -> SafeString:
        address = reverse("admin:conversations_conversation_change", args=[survey.conversation_id])
        return format_html(
            '<a href="{}">#{} {}</a>', address, survey.conversation_id, survey.conversation.contact
        )

    @admin.display(description=gettext_lazy("Asked"), ordering="created_at")
    def asked_cell(self, survey: Survey) -> datetime:
        return survey.created_at

    @admin.display(description=gettext_lazy("Answered"), ordering="answered_at")
    def answered_cell(self, survey: Survey) -> datetime | None:
        return survey.answered_at

    @admin.display(description=gettext_lazy("Channel"))
    def channel_cell(self, survey: Survey) -> str:
        return survey.conversation.channel.name
