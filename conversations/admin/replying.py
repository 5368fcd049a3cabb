"""What the box on a conversation's page posts: an answer with or without files, or a note."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext_lazy, ngettext

from conversations.admin.addresses import AddressedPages
from conversations.admin.transcript import count_inbound_after
from conversations.admin.verbs import REFUSED, actor_of, explain_refusal
from conversations.admin.writing import REFUSALS, WritingForm
from conversations.models import Conversation, Message
from conversations.services import replies, uploads
from conversations.services.replies import ReplyRefusedError
from conversations.services.uploads import FileRefusedError
from conversations.upload_errors import explain
from teams.texts import Text
from teams.viewers import viewer

#: A service that stores what somebody wrote: an answer or a note.
Write = Callable[..., Message]

NOTE_HAS_NO_FILES = gettext_lazy("A note has no files. Send them as a reply, or leave them out.")


class WritingPages(AddressedPages):
    """What the admin of conversations adds for writing."""

    refused: ClassVar[tuple[type[Exception], ...]] = REFUSED

    def reply_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        return self._write(request, pk, write=replies.queue_reply)

    def note_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        return self._write(request, pk, write=replies.add_note)

    def _write(self, request: HttpRequest, pk: str, *, write: Write) -> HttpResponse:
        conversation = self.find(request, pk)
        if conversation is None:
            return self.gone(request, pk)
        if not request.user.has_perm("conversations.reply"):
            raise PermissionDenied
        page = self._address(conversation, "change", query=self._kept_query(request))
        if request.method != "POST":
            return HttpResponseRedirect(page)
        form = WritingForm(request.POST)
        form.fields["body"].required = not request.FILES
        if request.FILES and write is replies.add_note:
            form.add_error("body", NOTE_HAS_NO_FILES)
        if not form.is_valid():
            return self._page(request, conversation, form=form)
        newer = _newer(request, conversation, form) if write is replies.queue_reply else ""
        if newer:
            return self._page(request, conversation, form=form, newer=newer)
        return self._store(request, conversation, form, write=write) or HttpResponseRedirect(page)

    def _store(
        self, request: HttpRequest, conversation: Conversation, form: WritingForm, *, write: Write
    ) -> HttpResponse | None:
        """Store the text; on a refusal return the page with the text still in the box."""
        common: dict[str, Any] = {
            "author": viewer(request),
            "body": form.cleaned_data["body"],
            "actor": actor_of(viewer(request)),
            "now": timezone.now(),
            "public_id": form.cleaned_data["key"],
        }
        sent = request.FILES.getlist("file")
        try:
            with uploads.kept(sent, channel=conversation.channel) as files:
                write(conversation, **common, **({"files": files} if files else {}))
        except FileRefusedError as error:
            form.add_error("body", explain(error.code, error.facts))
        except ReplyRefusedError as error:
            form.add_error("body", REFUSALS.get(error.code, error.code))
        except self.refused as error:
            form.add_error("body", self.explain_refusal(error))
        return self._page(request, conversation, form=form) if form.errors else None

    # --- Hooks

    def explain_refusal(self, error: Exception) -> Text:
        return explain_refusal(error)

    def _page(
        self,
        request: HttpRequest,
        conversation: Conversation,
        *,
        form: WritingForm | None = None,
        newer: Text = "",
    ) -> HttpResponse:
        """Return the page of the conversation, with what stands in the box."""
        raise NotImplementedError


def _newer(request: HttpRequest, conversation: Conversation, form: WritingForm) -> Text:
    """Say how much the customer wrote while this answer was being typed, unless that was read."""
    seen = form.cleaned_data["seen"]
    if seen is None or "send_anyway" in request.POST:
        return ""
    count = count_inbound_after(conversation, sequence=seen)
    if not count:
        return ""
    text = ngettext(
        "%(n)d new message came while you were writing. Your answer was not sent yet.",
        "%(n)d new messages came while you were writing. Your answer was not sent yet.",
        count,
    )
    return text % {"n": count}
