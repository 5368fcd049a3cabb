"""What people do with a conversation after being asked for more: one form, one verb."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from conversations import snooze_times
from conversations.admin.pages import ConversationAdmin
from conversations.admin.verbs import actor_of
from conversations.models import Conversation
from conversations.services import labels, lifecycle
from conversations.services.labels import PRIORITY_MAX, PRIORITY_MIN
from conversations.services.lifecycle import SNOOZE_MAX
from conversations.states import Status, is_move_allowed
from teams.admin.console import Confirmation
from teams.models import User
from teams.texts import Text
from teams.viewers import posted, viewer

TAG_LENGTH = 64
TAGS_MAX = 100


class SnoozeForm(forms.Form):
    """Until when: one of the usual times on the person's own clock, or any other."""

    until = forms.ChoiceField(label=gettext_lazy("Until"), widget=forms.RadioSelect)
    at = forms.DateTimeField(
        label=gettext_lazy("Date and time"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        help_text=gettext_lazy("By your own clock. Only with the last choice above."),
    )

    def __init__(
        self, data: QueryDict | None, *, conversation: Conversation, now: datetime
    ) -> None:
        super().__init__(data, initial={"until": "tomorrow"})
        self._now = now
        here = localtime(now)
        self._instants: dict[str, datetime] = {
            "hour": snooze_times.in_an_hour(here),
            "tomorrow": snooze_times.tomorrow(here),
            "monday": snooze_times.next_monday(here),
        }
        labels_ = {
            "hour": _("In an hour: %(at)s"),
            "tomorrow": _("Tomorrow morning: %(at)s"),
            "monday": _("Next Monday: %(at)s"),
        }
        usual = [
            (key, labels_[key] % {"at": date_format(at, "DATETIME_FORMAT")})
            for key, at in self._instants.items()
        ]
        self.fields["until"].choices = [  # type: ignore[attr-defined]
            *usual,
            ("customer", _("Until the customer writes")),
            ("date", _("Until the date below")),
        ]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        at = cleaned.get("at")
        if cleaned.get("until") != "date" or "at" in self.errors:
            return cleaned
        if at is None:
            self.add_error("at", _("Say until when."))
        elif not self._now < at <= self._now + SNOOZE_MAX:
            self.add_error("at", _("Choose a time in the future, within a year."))
        return cleaned

    def instant(self) -> datetime | None:
        choice = self.cleaned_data["until"]
        return self.cleaned_data["at"] if choice == "date" else self._instants.get(choice)


class LabelsForm(forms.Form):
    """Tags, separated by commas, and the priority, as they were when the form was opened."""

    tags = forms.CharField(
        label=gettext_lazy("Tags"),
        required=False,
        help_text=gettext_lazy("Separated by commas. They stay as they are once it is closed."),
    )
    priority = forms.IntegerField(
        label=gettext_lazy("Priority"),
        min_value=PRIORITY_MIN,
        max_value=PRIORITY_MAX,
        help_text=gettext_lazy("From −100 to 100; 0 is usual. Whoever has more is placed first."),
    )
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**31 - 1)

    def __init__(
        self, data: QueryDict | None, *, conversation: Conversation, now: datetime
    ) -> None:
        initial = {
            "tags": ", ".join(conversation.tags),
            "priority": conversation.priority,
            "version": conversation.version,
        }
        super().__init__(data, initial=initial)

    def clean_tags(self) -> list[str]:
        tags = [tag.strip() for tag in self.cleaned_data["tags"].replace("、", ",").split(",")]
        found = list(dict.fromkeys(tag for tag in tags if tag))
        if len(found) > TAGS_MAX or any(len(tag) > TAG_LENGTH for tag in found):
            raise forms.ValidationError(
                _("At most %(count)d tags of at most %(length)d characters.")
                % {"count": TAGS_MAX, "length": TAG_LENGTH}
            )
        return found


@dataclass(frozen=True, slots=True)
class Question:
    """One button that asks. `run` does it and returns the sentence that says what changed."""

    key: str
    label: Text
    icon: str
    permission: str
    is_possible: Callable[[Conversation], bool]
    consequence: Text
    form: Callable[..., Any]
    run: Callable[[Conversation, Any, User, datetime], Text]
    shortcut: str = ""
    asks_more: bool = True


def _snooze(conversation: Conversation, form: SnoozeForm, user: User, now: datetime) -> Text:
    until = form.instant()
    lifecycle.snooze(conversation, until=until, actor=actor_of(user), now=now)
    if until is None:
        return _("Set aside until the customer writes.")
    at = date_format(localtime(until), "DATETIME_FORMAT")
    return _("Set aside until %(until)s.") % {"until": at}


def _label(conversation: Conversation, form: LabelsForm, user: User, now: datetime) -> Text:
    given = form.cleaned_data
    labels.change(
        conversation,
        tags=given["tags"],
        priority=given["priority"],
        expected_version=given["version"],
        actor=actor_of(user),
        now=now,
    )
    return _("Tags and priority are saved.")


SNOOZE = Question(
    "snooze",
    gettext_lazy("Snooze…"),
    "clock",
    "conversations.resolve",
    lambda conversation: is_move_allowed(Status(conversation.status), Status.SNOOZED),
    gettext_lazy(
        "It counts for nobody meanwhile. When it wakes, or when the customer writes before that, "
        "it goes back to whoever had it."
    ),
    SnoozeForm,
    _snooze,
    shortcut="z",
)
LABELS = Question(
    "labels",
    gettext_lazy("Tags and priority…"),
    "rules",
    "conversations.resolve",
    lambda conversation: conversation.status != Status.CLOSED,
    gettext_lazy("Tags are there to find and to count; nothing is sent to the customer."),
    LabelsForm,
    _label,
    shortcut="t",
)


class AskingConversationAdmin(ConversationAdmin):
    questions: ClassVar[tuple[Question, ...]] = (SNOOZE, LABELS)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.ask_view)
        own = [
            path(
                f"<path:pk>/{question.key}/",
                view,
                {"question": question},
                name=f"conversations_conversation_{question.key}",
            )
            for question in self.questions
        ]
        return [*own, *super().get_urls()]

    def _buttons(self, request: HttpRequest, conversation: Conversation) -> list[dict[str, Any]]:
        asking = [
            {"verb": question, "url": self._address(conversation, question.key), "consequence": ""}
            for question in self.questions
            if request.user.has_perm(question.permission) and question.is_possible(conversation)
        ]
        return [*super()._buttons(request, conversation), *asking]

    def ask_view(self, request: HttpRequest, pk: str, question: Question) -> HttpResponse:
        """GET asks, POST does it."""
        conversation = self.find(request, pk)
        if conversation is None:
            return self.gone(request, pk)
        if not request.user.has_perm(question.permission):
            raise PermissionDenied
        page = self._address(conversation, "change", query=self._kept_query(request))
        now = timezone.now()
        form = question.form(posted(request), conversation=conversation, now=now)
        if request.method == "POST" and form.is_valid():
            try:
                text = question.run(conversation, form, viewer(request), now)
                messages.success(request, text)
            except self.refused as error:
                messages.error(request, self.explain_refusal(error))
            return HttpResponseRedirect(page)
        return self.confirm(
            request,
            confirmation=Confirmation(
                f"{str(question.label).rstrip('…')} {self._title(conversation)}",
                question.consequence,
                str(question.label).rstrip("…"),
                page,
                form=form,
            ),
        )
