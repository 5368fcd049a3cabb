"""The files of a conversation in the console: looking at one, and having it fetched once more."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _

from conversations.admin.addresses import AddressedPages
from conversations.admin.verbs import actor_of
from conversations.downloads import file_response
from conversations.models import Attachment, Conversation
from conversations.services import fetching
from conversations.services.fetching import FetchRefusedError
from teams.viewers import viewer


class FilePages(AddressedPages):
    """What the admin of conversations adds for files; it finds what the viewer may see."""

    def file_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        folder = "<path:pk>/files/<uuid:file_id>"
        return [
            path(f"{folder}/", view(self.file_view), name="conversations_conversation_file"),
            path(
                f"{folder}/retry/",
                view(self.file_retry_view),
                name="conversations_conversation_file_retry",
            ),
        ]

    def file_view(self, request: HttpRequest, pk: str, file_id: UUID) -> HttpResponseBase:
        conversation = self.find(request, pk)
        if conversation is None:
            return self.gone(request, pk)
        return file_response(_pick(conversation, file_id))

    def file_retry_view(self, request: HttpRequest, pk: str, file_id: UUID) -> HttpResponse:
        conversation = self.find(request, pk)
        if conversation is None:
            return self.gone(request, pk)
        attachment = _pick(conversation, file_id)
        if not request.user.has_perm("conversations.reply"):
            raise PermissionDenied
        if request.method == "POST":
            self._fetch_again(request, attachment)
        kept = self._kept_query(request)
        return HttpResponseRedirect(self._address(conversation, "change", query=kept))

    def _fetch_again(self, request: HttpRequest, attachment: Attachment) -> None:
        actor = actor_of(viewer(request))
        try:
            fetching.fetch_again(attachment, actor=actor, now=timezone.now())
        except FetchRefusedError:
            messages.info(request, _("The file is here already, or on its way. Look again."))
        else:
            messages.success(request, _("The file is fetched once more."))


def _pick(conversation: Conversation, file_id: UUID) -> Attachment:
    files = Attachment.objects.filter(message__conversation=conversation)
    return get_object_or_404(files, public_id=file_id)
