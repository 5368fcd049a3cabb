"""Having a message sent once more: what is asked beforehand, and what may stand against it."""

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from conversations.admin.verbs import actor_of
from conversations.admin.writing import REFUSALS
from conversations.delivery_states import DeliveryStatus
from conversations.models import Message
from conversations.services import retries
from conversations.services.replies import ReplyRefusedError
from conversations.services.retries import RetryRefusedError
from teams.admin.console import Confirmation
from teams.models import User
from teams.texts import Text

_MOST_QUOTED = 200
_REFUSALS = {
    "message.not_failed": gettext_lazy(
        "Nothing was sent: the message is on its way already, or it arrived. Look again."
    ),
    "message.in_doubt": gettext_lazy(
        "Nothing was sent: nobody knows any more whether the message arrived. Look again."
    ),
}


def must_ask(message: Message, *, is_confirmed: bool) -> bool:
    """Say whether a person has to accept first that the customer may get it twice."""
    return message.whole_status == DeliveryStatus.UNKNOWN and not is_confirmed


def ask(message: Message, *, cancel_url: str) -> Confirmation:
    """Return the page before sending: what may happen, and what would be sent."""
    is_doubt = message.whole_status == DeliveryStatus.UNKNOWN
    return Confirmation(
        _("Send it again?"),
        _("Nobody knows whether this message arrived. If it did, the customer gets it twice.")
        if is_doubt
        else _("The provider did not deliver this message. It is sent once more."),
        _("Send again, even if it comes twice") if is_doubt else _("Send again"),
        cancel_url,
        hidden=(("confirmed", "1"),) if is_doubt else (),
        notes=(f"“{message.whole_body[:_MOST_QUOTED]}”",),
    )


def run(message: Message, *, user: User, now: datetime) -> Text:
    """Queue the message once more; return why it was not, or blank."""
    is_doubt = message.whole_status == DeliveryStatus.UNKNOWN
    verb = retries.retry_despite_doubt if is_doubt else retries.retry
    try:
        verb(message, actor=actor_of(user), now=now)
    except RetryRefusedError as error:
        return _REFUSALS[error.code]
    except ReplyRefusedError as error:
        return REFUSALS.get(error.code, error.code)
    return ""
