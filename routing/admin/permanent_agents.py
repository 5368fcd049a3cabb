"""Who a customer belongs to: set and lifted on the page of a conversation of theirs."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _

from conversations.admin.asking import AskingConversationAdmin
from conversations.admin.verbs import actor_of
from conversations.models import Contact, Conversation
from conversations.states import ASSIGNABLE
from routing.forms import PermanentAgentForm
from routing.services import assignment
from teams.admin.console import Confirmation
from teams.models import User
from teams.texts import Text
from teams.viewers import posted, viewer


class PermanentAgentAdmin(AskingConversationAdmin):
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.permanent_agent_view)
        name = "conversations_conversation_permanent_agent"
        return [path("<path:pk>/permanent-agent/", view, name=name), *super().get_urls()]

    def permanent_agent_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        """GET asks who it shall be, POST makes it so; nobody lifts it."""
        conversation = self.find(request, pk)
        if conversation is None:
            return self.gone(request, pk)
        if not request.user.has_perm("conversations.reassign"):
            raise PermissionDenied
        page = self._address(conversation, "change", query=self._kept_query(request))
        contact = conversation.contact
        initial = {"person": contact.permanent_agent_id}
        form = PermanentAgentForm(posted(request), giver=viewer(request), initial=initial)
        if request.method == "POST" and form.is_valid():
            try:
                messages.success(request, _change(conversation, form, user=viewer(request)))
            except self.refused as error:
                messages.error(request, self.explain_refusal(error))
            return HttpResponseRedirect(page)
        return self.confirm(
            request,
            confirmation=Confirmation(
                _("Permanent agent of %(who)s") % {"who": contact},
                _consequence(conversation),
                _("Save"),
                page,
                form=form,
            ),
        )


def _change(conversation: Conversation, form: PermanentAgentForm, *, user: User) -> Text:
    """Do what the form says; return the sentence that says what is so now."""
    contact: Contact = conversation.contact
    person: User | None = form.cleaned_data["person"]
    asked = {
        "conversation": conversation,
        "actor": actor_of(user),
        "reason": form.cleaned_data["reason"],
        "now": timezone.now(),
    }
    if person is None:
        assignment.unpin(contact, **asked)
        return _("%(who)s has no permanent agent.") % {"who": contact}
    assignment.pin(contact, person=person, **asked)
    names = {"person": person.name, "who": contact}
    return _("%(person)s is the permanent agent of %(who)s.") % names


def _consequence(conversation: Conversation) -> Text:
    if conversation.status in ASSIGNABLE:
        return _(
            "This conversation goes to them at once, and so do all later ones of this customer, "
            "whatever their presence and load."
        )
    return _(
        "All later conversations of this customer go to them, whatever their presence and load."
    )
