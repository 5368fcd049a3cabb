"""The box in which people answer: what may be sent now, and what sending will do."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django import forms
from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels.models import Medium
from channels.providers import adapter_for
from channels.providers.base import MediaRules
from conversations.media_types import shown_as
from conversations.models import Conversation
from conversations.phones import mask_phone
from conversations.services import replies
from conversations.services.uploads import MOST_FILES
from conversations.states import Status
from conversations.window import closes_at
from teams.durations import in_words
from teams.identifiers import new_public_id
from teams.models import User
from teams.texts import Text

SOON = timedelta(hours=1)

REFUSALS = {
    "conversation.closed": gettext_lazy(
        "This conversation is closed. If the customer writes again, a new one starts."
    ),
    "channel.inactive": gettext_lazy("The channel is switched off: nothing can be sent."),
    "contact.opted_out": gettext_lazy("This customer asked not to be written to."),
    "message.template_required": gettext_lazy(
        "WhatsApp takes free text for 24 hours after the customer's last message, and that time is "
        "over (error 63016). It opens again when the customer writes."
    ),
    "template.not_approved": gettext_lazy("This template is not approved any more."),
    "template.values": gettext_lazy("Each placeholder needs a text of one line."),
    "message.id_taken": gettext_lazy("This page is out of date. Nothing was sent."),
}


class WritingForm(forms.Form):
    """What the box posts. `key` names the message, so that a double click stores it once."""

    body = forms.CharField(
        max_length=replies.MAX_BODY_LENGTH,
        error_messages={
            "required": gettext_lazy("Nothing was sent: the text is empty."),
            "max_length": gettext_lazy(
                "Nothing was sent: the text has %(show_value)d characters; "
                "the limit is %(limit_value)d."
            ),
        },
    )
    key = forms.UUIDField(widget=forms.HiddenInput)
    seen = forms.IntegerField(
        widget=forms.HiddenInput, required=False, min_value=0, max_value=2**31
    )


@dataclass(frozen=True, slots=True)
class Box:
    """How the box looks: `state` says in one sentence what applies to whoever writes now."""

    can_reply: bool
    state: Text
    tone: str
    window: Text
    is_closing_soon: bool
    send_label: Text
    key: str
    #: A template may go out here, whatever the hour.
    has_templates: bool
    #: Which files may be chosen, and what is said about them.
    accept: str
    about_files: Text
    most_bytes: int


def build_box(conversation: Conversation, *, user: User, now: datetime) -> Box:
    code = replies.reason_not_to_reply(conversation, now=now)
    state, tone = (REFUSALS[code], "warn") if code else _state(conversation, user=user)
    end = closes_at(conversation.last_inbound_at)
    has_window = conversation.channel.medium == Medium.WHATSAPP and not code and end is not None
    contact = conversation.contact
    rules = adapter_for(conversation.channel.provider).media_rules(conversation.channel.medium)
    return Box(
        can_reply=not code,
        state=state,
        tone=tone,
        window=_window(end, now=now) if has_window and end is not None else "",
        is_closing_soon=has_window and end is not None and end - now < SOON,
        send_label=_("Send to %(name)s") % {"name": contact.name or mask_phone(contact.phone)},
        key=str(new_public_id()),
        has_templates=code in ("", "message.template_required")
        and conversation.channel.medium == Medium.WHATSAPP,
        accept=",".join(sorted(rules.most_bytes)),
        about_files=_about_files(rules),
        most_bytes=settings.UPLOAD_MAX_BYTES,
    )


def _about_files(rules: MediaRules) -> Text:
    """Say how large files may be, by their kind."""
    most: dict[str, int] = {}
    for kind, limit in rules.most_bytes.items():
        shown = shown_as(kind)
        most[shown] = max(most.get(shown, 0), min(limit, settings.UPLOAD_MAX_BYTES))
    text = _(
        "At most %(count)d files: pictures up to %(image)s, sound up to %(audio)s, "
        "video up to %(video)s, documents up to %(file)s."
    )
    sizes = {shown: filesizeformat(limit) for shown, limit in most.items()}
    return text % {"count": MOST_FILES, **sizes}


def _state(conversation: Conversation, *, user: User) -> tuple[Text, str]:
    if conversation.status == Status.RESOLVED:
        return _("This conversation is resolved. Sending reopens it."), "warn"
    if conversation.status == Status.BOT:
        return _("A bot has this conversation. Sending ends its part and gives it to you."), "warn"
    if conversation.assignee is None:
        return _("Nobody has this conversation. Sending gives it to you."), ""
    if conversation.assignee_id != user.pk:
        text = _("You reply as a colleague. %(name)s keeps the conversation.")
        return text % {"name": conversation.assignee.name}, ""
    return "", ""


def _window(end: datetime, *, now: datetime) -> Text:
    """Say until when free text may be sent, and how long that is."""
    at = date_format(localtime(end), "TIME_FORMAT")
    return _("Free text until %(at)s (%(left)s left)") % {"at": at, "left": in_words(end - now)}
