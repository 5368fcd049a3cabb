"""The list of ratings with what only routing can do: let a person follow one up."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from conversations.admin.ratings import RatingPages, stars
from conversations.admin.verbs import REFUSED, explain_refusal
from conversations.models import Survey
from conversations.states import LIVE
from routing.admin.conversations import REFUSALS
from routing.forms import PersonChoice, people_for
from routing.services import follow_ups
from routing.services.assignment import AssignmentRefusedError
from routing.services.decisions import DecisionContentionError
from routing.services.follow_ups import FollowUpRefusedError
from teams.admin.console import Confirmation
from teams.models import User
from teams.texts import Text
from teams.viewers import posted, viewer

LONGEST_NOTE = 1000
CAN_BE_REFUSED = (
    *REFUSED,
    AssignmentRefusedError,
    DecisionContentionError,
    FollowUpRefusedError,
)


class FollowUpForm(forms.Form):
    """Who takes care of the customer, and what is to be done."""

    person = PersonChoice(
        label=gettext_lazy("Person"),
        queryset=User.objects.none(),
        help_text=gettext_lazy("A person named here gets it whatever their presence and load."),
    )
    note = forms.CharField(
        label=gettext_lazy("Note"),
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("An internal note in the conversation. The customer never sees it."),
    )

    def __init__(self, *args: Any, giver: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].queryset = people_for(giver)  # type: ignore[attr-defined]


@admin.register(Survey)
class RoutedRatingAdmin(RatingPages):
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.follow_up_view)
        own = path("<path:pk>/follow-up/", view, name="conversations_survey_follow_up")
        return [own, *super().get_urls()]

    def actions_of(self, survey: Survey) -> list[tuple[Text, str]]:
        actions = super().actions_of(survey)
        if survey.rating is None:
            return actions
        url = reverse("admin:conversations_survey_follow_up", args=[survey.pk])
        return [(_("Follow up…"), url), *actions]

    def follow_up_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        """GET asks who takes care and what is to be done; POST gives it to them."""
        survey = self.find(request, pk)
        if survey is None:
            return self.gone(request, pk)
        if not request.user.has_perm("conversations.reassign"):
            raise PermissionDenied
        form = FollowUpForm(
            posted(request), giver=viewer(request), initial={"person": survey.agent_id}
        )
        if request.method == "POST" and form.is_valid():
            return HttpResponseRedirect(self._follow_up(request, survey, form))
        page = reverse("admin:conversations_survey_changelist")
        notes = [survey.comment] if survey.comment else []
        if survey.rating is not None:
            notes.insert(0, stars(survey.rating))
        return self.confirm(
            request,
            confirmation=Confirmation(
                _("Follow up on the rating of %(who)s") % {"who": survey.conversation.contact},
                _consequence(survey),
                _("Follow up"),
                page,
                form=form,
                notes=tuple(notes),
            ),
        )

    def _follow_up(self, request: HttpRequest, survey: Survey, form: FollowUpForm) -> str:
        """Do it, and return where to go: to the conversation, or back to the list."""
        given = form.cleaned_data
        try:
            conversation = follow_ups.follow_up(
                survey,
                person=given["person"],
                note=given["note"],
                author=viewer(request),
                now=timezone.now(),
            )
        except CAN_BE_REFUSED as error:
            messages.error(request, _why_not(error))
            return reverse("admin:conversations_survey_changelist")
        text = _("%(person)s has the conversation with %(who)s now.")
        names = {"person": given["person"].name, "who": conversation.contact}
        messages.success(request, text % names)
        return reverse("admin:conversations_conversation_change", args=[conversation.pk])


def _consequence(survey: Survey) -> Text:
    if survey.conversation.status in LIVE:
        return _("The conversation goes to this person, with your note.")
    return _(
        "The conversation is opened again, or the one that the customer has open by now is taken, "
        "and goes to this person with your note."
    )


def _why_not(error: Exception) -> Text:
    if isinstance(error, FollowUpRefusedError):
        return _(
            "Nothing was changed: the customer writes with another team now, whose conversations "
            "you do not see."
        )
    if isinstance(error, AssignmentRefusedError):
        return REFUSALS.get(error.code, error.code)
    return explain_refusal(error)
