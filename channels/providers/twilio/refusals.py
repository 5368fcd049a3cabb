"""What a failed call means for the message: gone for good, to be tried again, or in doubt."""

import json

from django.utils.translation import gettext_noop as _
from requests.exceptions import RequestException, Timeout
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.http.response import Response

from channels.providers.base import SendError
from channels.providers.lines import is_certainly_unsent
from channels.providers.twilio.words import VOCABULARY

HTTP_TIMEOUT = 408
HTTP_TOO_MANY = 429
HTTP_SERVER_ERROR = 500
MAX_CODE_CHARS = 16
HTTP_REFUSED = range(400, HTTP_SERVER_ERROR)

#: What a call can fail with. The last ones are an answer in a shape that the SDK cannot read.
CALL_ERRORS = (RequestException, TwilioException, ValueError, TypeError, KeyError, AttributeError)

_NO_CONNECTION = _("Twilio could not be reached; nothing was sent.")
_NO_ANSWER = _("Twilio's answer did not arrive; it may have sent the message or not.")
_UNREADABLE = _("Twilio's answer could not be read; it may have sent the message or not.")
_SERVER_ERROR = _("Twilio had a failure of its own; it may have sent the message or not.")
_TOO_MANY = _("Twilio is taking no more messages for a moment.")
NOT_CONFIGURED = _("This channel has no account SID or no auth token.")


def explain(error: Exception, *, retry_after_s: float | None) -> SendError:
    """Return what a failed call means. Doubt is `unknown`: nothing is ever sent twice blindly."""
    if isinstance(error, TwilioRestException | TwilioServiceException):
        return _answered(
            status=error.status,
            code=str(error.code or "")[:MAX_CODE_CHARS],
            retry_after_s=retry_after_s,
        )
    if isinstance(error, RequestException):
        return _unanswered(error)
    page = next((each for each in error.args if isinstance(each, Response)), None)
    if page is not None:  # the SDK wraps what a list was refused with
        return _answered(status=page.status_code, code=_code_of(page), retry_after_s=retry_after_s)
    return SendError("unknown", "unreadable", _UNREADABLE)


def _code_of(page: Response) -> str:
    try:
        return str(json.loads(page.text)["code"])[:MAX_CODE_CHARS]
    except (ValueError, TypeError, KeyError):
        return str(page.status_code)


def _unanswered(error: RequestException) -> SendError:
    if is_certainly_unsent(error):
        return SendError("retry", "no_connection", _NO_CONNECTION)
    code = "timeout" if isinstance(error, Timeout) else "connection_lost"
    return SendError("unknown", code, _NO_ANSWER)


def _answered(*, status: int, code: str, retry_after_s: float | None) -> SendError:
    # A server that failed may have taken the message first, whatever its code says.
    if status not in HTTP_REFUSED or status == HTTP_TIMEOUT:
        return SendError("unknown", code, _SERVER_ERROR)
    if status == HTTP_TOO_MANY:
        meaning = VOCABULARY.meaning_of(code)
        sentence = meaning.sentence if meaning else _TOO_MANY
        return SendError("retry", code, sentence, retry_after_s=retry_after_s)
    return VOCABULARY.refusal(code, status=status, retry_after_s=retry_after_s)
