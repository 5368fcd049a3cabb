"""The addresses of a conversation's pages, and of the list that somebody came from."""

from django.http import HttpRequest
from django.urls import reverse

from conversations.models import Conversation
from teams.admin.console import GuardedAdmin


class AddressedPages(GuardedAdmin):
    """What every part of the conversation's admin goes by."""

    def _address(self, conversation: Conversation, name: str, *, query: str = "") -> str:
        url = reverse(f"admin:conversations_conversation_{name}", args=[conversation.pk])
        return f"{url}?{query}" if query else url

    def _kept_query(self, request: HttpRequest) -> str:
        """Return where in the list the person came from, to be carried along."""
        kept = self.get_preserved_filters(request) or request.GET.urlencode()
        return kept if kept.startswith("_changelist_filters=") and "%00" not in kept else ""

    def _list_address(self, request: HttpRequest) -> str:
        kept = request.GET.get("_changelist_filters", "")
        url = reverse("admin:conversations_conversation_changelist")
        return f"{url}?{kept}" if kept and "\x00" not in kept else url
