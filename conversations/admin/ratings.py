"""What customers answered when asked how it went."""

from datetime import datetime
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels.models import Channel
from conversations.csat import HIGHEST
from conversations.models import Conversation, Survey, SurveyStatus
from teams.admin.console import EmptyState, GuardedAdmin, pill
from teams.viewers import viewer

RATING_WORDS = {
    1: gettext_lazy("bad"),
    2: gettext_lazy("poor"),
    3: gettext_lazy("fair"),
    4: gettext_lazy("good"),
    5: gettext_lazy("great"),
}
STATUS_TONES = {
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


@admin.register(Survey)
class RatingAdmin(GuardedAdmin):
    list_title = gettext_lazy("Ratings")
    list_lead = gettext_lazy(
        "One question per resolution, credited to whoever had the conversation then."
    )
    list_display = (
        "rating_cell",
        "contact_cell",
        "agent",
        "team",
        "channel_cell",
        "asked_cell",
        "answered_cell",
    )
    list_filter = ("status", "rating", "agent", "team")
    list_select_related = ("conversation__contact", "conversation__channel", "agent", "team")
    list_display_links = None
    actions = None
    fields: ClassVar[Any] = (
        "rating_cell",
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

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("Rating"), ordering="rating")
    def rating_cell(self, survey: Survey) -> SafeString:
        if survey.rating is not None:
            return stars(survey.rating)
        return pill(STATUS_TONES[SurveyStatus(survey.status)], survey.get_status_display())

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
