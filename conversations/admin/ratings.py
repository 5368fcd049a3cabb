"""What customers answered when asked how it went."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.defaultfilters import floatformat
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels.models import Channel
from conversations.admin.verbs import actor_of
from conversations.csat import HIGHEST
from conversations.delivery_states import DeliveryStatus
from conversations.models import Conversation, Survey, SurveyStatus
from conversations.ratings import Summary
from conversations.services import survey_comments
from conversations.services.survey_comments import LONGEST_REASON
from teams.admin.console import Confirmation, EmptyState, GuardedAdmin, pill
from teams.models import User
from teams.texts import Text
from teams.viewers import posted, viewer

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


class HideForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=LONGEST_REASON,
        help_text=gettext_lazy("Shown to supervisors, for example “names a third person”."),
    )


class RatingPages(GuardedAdmin):
    """`routing.admin.ratings` adds following up, and registers them."""

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
        "actions_cell",
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
        "comment_hidden_by",
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
        "actions_cell",
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
        if not survey.comment:
            return "–"
        comment = format_html('<span class="comment">{}</span>', survey.comment)
        if survey.comment_hidden_at is None:
            return comment
        return format_html('{}<span class="sub why">{}</span>', comment, _why_hidden(survey))

    @admin.display(description=gettext_lazy("Actions"))
    def actions_cell(self, survey: Survey) -> SafeString | str:
        links = [(url, label) for label, url in self.actions_of(survey)]
        if not links:
            return "–"
        return format_html_join(" ", '<a class="button small" href="{}" data-dialog>{}</a>', links)

    def actions_of(self, survey: Survey) -> list[tuple[Text, str]]:
        """Return the buttons of a rating, each with its address."""
        if not survey.comment:
            return []
        is_hidden = survey.comment_hidden_at is not None
        label = _("Show the comment…") if is_hidden else _("Hide the comment…")
        return [(label, reverse("admin:conversations_survey_comment", args=[survey.pk]))]

    # --- Hiding a comment from agents: GET asks why, POST does it; and the way back

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.comment_view)
        own = path("<path:pk>/comment/", view, name="conversations_survey_comment")
        return [own, *super().get_urls()]

    def comment_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        survey = self.find(request, pk)
        if survey is None:
            return self.gone(request, pk)
        if not request.user.has_perm("conversations.hide_comment"):
            raise PermissionDenied
        is_hidden = survey.comment_hidden_at is not None
        form = None if is_hidden else HideForm(posted(request))
        if request.method == "POST" and (form is None or form.is_valid()):
            messages.success(request, _hide_or_show(survey, form, user=viewer(request)))
            return HttpResponseRedirect(reverse("admin:conversations_survey_changelist"))
        return self.confirm(request, confirmation=_ask_about(survey, form))

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


def _why_hidden(survey: Survey) -> Text:
    by = survey.comment_hidden_by
    facts = {
        "who": by.name if by else "–",
        "at": date_format(localtime(survey.comment_hidden_at), "SHORT_DATETIME_FORMAT"),
        "why": survey.comment_hidden_reason,
    }
    return _("Hidden from agents by %(who)s, %(at)s: %(why)s") % facts


def _hide_or_show(survey: Survey, form: forms.Form | None, *, user: User) -> Text:
    actor, now = actor_of(user), timezone.now()
    if form is None:
        survey_comments.show(survey, actor=actor, now=now)
        return _("Agents see the comment again.")
    reason = form.cleaned_data["reason"]
    if not survey_comments.hide(survey, reason=reason, actor=actor, now=now):
        return _("Nothing was changed: there is no comment that agents see.")
    return _("The comment is hidden from agents.")


def _ask_about(survey: Survey, form: forms.Form | None) -> Confirmation:
    page = reverse("admin:conversations_survey_changelist")
    notes = (f"“{survey.comment}”",)
    if form is None:
        title, what = _("Show this comment?"), _("Agents find it among their ratings again.")
        return Confirmation(title, what, _("Show the comment"), page, notes=notes)
    return Confirmation(
        _("Hide this comment?"),
        _(
            "Agents do not find it among their ratings any more; supervisors still do. The message "
            "itself stays in the conversation, and the rating counts as before."
        ),
        _("Hide the comment"),
        page,
        form=form,
        notes=notes,
    )
