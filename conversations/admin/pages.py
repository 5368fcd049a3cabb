"""The page of one conversation: what was said, who has it, and the box to answer in.

Which verbs there are, and why somebody has it, is filled in by whoever knows routing.
"""

from typing import Any, ClassVar
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _

from conversations import scope
from conversations.admin import retrying, templating
from conversations.admin.automatic import explain_automatic_texts
from conversations.admin.cells import status_pill
from conversations.admin.files import FilePages
from conversations.admin.history import build_history
from conversations.admin.listing import ConversationListAdmin
from conversations.admin.replying import WritingPages
from conversations.admin.transcript import build_transcript
from conversations.admin.verbs import (
    LET_PEOPLE_GO_ON,
    REFUSED,
    REOPEN,
    RESOLVE,
    Verb,
    actor_of,
)
from conversations.admin.writing import REFUSALS, WritingForm, build_box
from conversations.models import AssignmentKind, Contact, Conversation, Event
from conversations.services import replies
from conversations.services.replies import ReplyRefusedError
from conversations.templatetags.relaydesk import label
from teams.admin.console import Confirmation
from teams.models import User
from teams.texts import Text
from teams.viewers import viewer

EARLIER_SHOWN = 5
HISTORY_SHOWN = 500
NUMBER_DIGITS = 9


class ConversationAdmin(ConversationListAdmin, FilePages, WritingPages):
    verbs: ClassVar[tuple[Verb, ...]] = (LET_PEOPLE_GO_ON, RESOLVE, REOPEN)
    refused: ClassVar[tuple[type[Exception], ...]] = REFUSED
    change_form_template = "admin/conversations/conversation/page.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path(
                "<path:pk>/reply/", view(self.reply_view), name="conversations_conversation_reply"
            ),
            path(
                "<path:pk>/template/",
                view(self.template_view),
                name="conversations_conversation_template",
            ),
            path("<path:pk>/note/", view(self.note_view), name="conversations_conversation_note"),
            path(
                "<path:pk>/messages/<uuid:message_id>/retry/",
                view(self.retry_view),
                name="conversations_conversation_retry",
            ),
        ]
        for verb in self.verbs:
            name = f"conversations_conversation_{verb.key}"
            address = path(
                f"<path:pk>/{verb.key}/", view(self.verb_view), {"verb": verb}, name=name
            )
            own.append(address)
        return own + self.file_urls() + super().get_urls()

    # --- Hooks for the app that knows why somebody has a conversation

    def explanation_context(self, conversation: Conversation) -> dict[str, Any]:
        """Return what the page needs to explain who has the conversation."""
        return {}

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
        conversation = self.find(request, object_id)
        if conversation is None:
            return self.gone(request, object_id)
        return self._page(request, conversation)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show everything that happened, from the conversation's own events."""
        conversation = self.find(request, object_id)
        if conversation is None:
            return self.gone(request, object_id)
        events = Event.objects.filter(conversation=conversation).order_by("-pk")[:HISTORY_SHOWN]
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "conversation": conversation,
            "title": _("History of %(who)s") % {"who": self._title(conversation)},
            "lines": build_history(list(events)),
        }
        return TemplateResponse(request, "relaydesk/history.html", context)

    def _page(
        self,
        request: HttpRequest,
        conversation: Conversation,
        *,
        form: WritingForm | None = None,
        newer: Text = "",
    ) -> TemplateResponse:
        now = timezone.now()
        transcript = build_transcript(conversation, before=_number(request.GET.get("before")))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "conversation": conversation,
            "title": self._title(conversation),
            "now": now,
            "status_pill": status_pill(conversation),
            "is_overdue": conversation.reply_due_at is not None and conversation.reply_due_at < now,
            "transcript": transcript,
            "automatic_texts": explain_automatic_texts(conversation),
            "verbs": self._buttons(request, conversation),
            "form": form,
            "newer": newer,
            "has_lost_files": bool(request.FILES),
            "may_see_phone": request.user.has_perm("conversations.view_phone"),
            "query": self._kept_query(request),
            **_facts(conversation, user=viewer(request)),
            **self.explanation_context(conversation),
        }
        if request.user.has_perm("conversations.reply"):
            box = build_box(conversation, user=viewer(request), now=now)
            context["box"] = box
            context["key"] = form["key"].value() if form is not None else box.key
            context["seen"] = transcript.last_sequence
        return TemplateResponse(request, self.change_form_template, context)

    def _title(self, conversation: Conversation) -> str:
        return f"#{conversation.pk} {conversation.contact}"

    def _buttons(self, request: HttpRequest, conversation: Conversation) -> list[dict[str, Any]]:
        return [
            {
                "verb": verb,
                "url": self._address(conversation, verb.key),
                "consequence": verb.consequence(conversation),
            }
            for verb in self.verbs
            if request.user.has_perm(verb.permission)
            and verb.is_possible(conversation, viewer(request))
        ]

    # --- Verbs: GET asks, POST does

    def verb_view(self, request: HttpRequest, pk: str, verb: Verb) -> HttpResponse:
        conversation = self.find(request, pk)
        if conversation is None:
            return self.gone(request, pk)
        if not request.user.has_perm(verb.permission):
            raise PermissionDenied
        page = self._address(conversation, "change", query=self._kept_query(request))
        if request.method != "POST":
            confirmation = Confirmation(
                f"{label(verb.label)} {self._title(conversation)}",
                verb.consequence(conversation),
                verb.label,
                page,
            )
            return self.confirm(request, confirmation=confirmation)
        try:
            text = verb.run(conversation, viewer(request), timezone.now())
        except self.refused as error:
            messages.error(request, self.explain_refusal(error))
            return HttpResponseRedirect(page)
        if not verb.leaves_page:
            messages.success(request, text)
            return HttpResponseRedirect(page)
        link = format_html('{} <a href="{}">{}</a>', text, page, _("Show it"))
        messages.success(request, link)
        return HttpResponseRedirect(self._list_address(request))

    # --- Templates

    def template_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Choose a template, fill it, look at it, and send it."""
        conversation = self.find(request, pk)
        if conversation is None:
            return self.gone(request, pk)
        if not request.user.has_perm("conversations.reply"):
            raise PermissionDenied
        page = self._address(conversation, "change", query=self._kept_query(request))
        asked = request.POST if request.method == "POST" else request.GET
        choices = templating.choices_for(conversation, chosen=asked.get("template", ""))
        chosen = next((each.template for each in choices if each.is_chosen), None)
        form: templating.ValuesForm | None = None
        refusal: Text = ""
        if chosen is not None:
            data = request.POST if request.method == "POST" else None
            form = templating.ValuesForm(chosen, data)
            if "send" in request.POST and form.is_valid():
                refusal = self._send_template(request, conversation, form)
                if not refusal:
                    return HttpResponseRedirect(page)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Send a template"),
            "page_url": page,
            "choices": choices,
            "none": templating.explain_none(conversation),
            "form": form,
            "refusal": refusal,
        }
        return TemplateResponse(request, "relaydesk/template.html", context)

    def _send_template(
        self, request: HttpRequest, conversation: Conversation, form: templating.ValuesForm
    ) -> Text:
        """Queue the filled template; return why it was not, or blank."""
        try:
            replies.queue_template(
                conversation,
                author=viewer(request),
                template=form.template,
                values=form.values(),
                actor=actor_of(viewer(request)),
                now=timezone.now(),
                public_id=form.cleaned_data["key"],
            )
        except ReplyRefusedError as error:
            return REFUSALS.get(error.code, error.code)
        except self.refused as error:
            return self.explain_refusal(error)
        return ""

    # --- Sending once more: GET asks, POST does

    def retry_view(self, request: HttpRequest, pk: str, message_id: UUID) -> HttpResponse:
        conversation = self.find(request, pk)
        if conversation is None:
            return self.gone(request, pk)
        message = get_object_or_404(conversation.messages, public_id=message_id)
        if not request.user.has_perm("conversations.reply"):
            raise PermissionDenied
        page = self._address(conversation, "change", query=self._kept_query(request))
        is_confirmed = "confirmed" in request.POST
        if request.method != "POST" or retrying.must_ask(message, is_confirmed=is_confirmed):
            return self.confirm(request, confirmation=retrying.ask(message, cancel_url=page))
        refusal = retrying.run(message, user=viewer(request), now=timezone.now())
        if refusal:
            messages.error(request, refusal)
        else:
            messages.success(request, _("The message is sent once more."))
        return HttpResponseRedirect(page)


def _facts(conversation: Conversation, *, user: User) -> dict[str, Any]:
    """Return what stands beside the transcript: earlier conversations and this one's numbers."""
    earlier = (
        Conversation.objects.visible_to(user)
        .filter(contact=conversation.contact_id)
        .exclude(pk=conversation.pk)
        .order_by("-pk")
    )
    kinds = conversation.assignments.values("kind").annotate(n=Count("pk"))
    counts = {row["kind"]: row["n"] for row in kinds.order_by("kind")}
    return {
        "earlier": list(earlier[:EARLIER_SHOWN]),
        "duplicates": _duplicates(conversation, user=user),
        "reassigned_count": counts.get(AssignmentKind.REASSIGN, 0),
        "surveys": list(conversation.surveys.select_related("agent")[:EARLIER_SHOWN]),
    }


def _duplicates(conversation: Conversation, *, user: User) -> list[Contact]:
    """Return the contacts of whom a provider says that they are this same person."""
    of_this = Q(possible_originals__contact=conversation.contact_id)
    others = Q(possible_duplicates__other=conversation.contact_id)
    rows = scope.contacts_of(user).filter(merged_into=None)
    found = rows.filter(of_this | others).distinct().order_by("pk")
    return list(found[:EARLIER_SHOWN])


def _number(text: str | None) -> int | None:
    """Read a message number from an address; anything else means the newest page."""
    if not text or not text.isascii() or not text.isdigit() or len(text) > NUMBER_DIGITS:
        return None
    return int(text)
