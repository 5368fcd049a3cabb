"""What the simulator's provider can do wrong, on demand, in the words in which Twilio does it."""

from requests.exceptions import ConnectionError as LineBrokenError
from requests.exceptions import ReadTimeout
from twilio.base.exceptions import TwilioRestException

_API = "/Messages.json"
#: Fault -> what the SDK would have raised.
_FAILURES: dict[str, Exception] = {
    "invalid": TwilioRestException(400, _API, "Invalid 'To' Phone Number", 21211),
    "blocked": TwilioRestException(400, _API, "Recipient has opted out", 21610),
    "window": TwilioRestException(400, _API, "Outside the allowed window", 63016),
    "limit": TwilioRestException(429, _API, "Too many requests", 20429),
    "broken": TwilioRestException(500, _API, "Internal server error", 20500),
    "timeout": ReadTimeout("No answer."),
    "lost_answer": LineBrokenError("The line broke after the request."),
}
FAULTS = tuple(_FAILURES)
#: The provider has the message, whatever it said or did not say.
TAKEN = frozenset({"lost_answer"})
#: How long the provider asks for patience.
PATIENCE_S = {"limit": 3.0}


def failure_of(fault: str) -> Exception:
    return _FAILURES[fault]
