"""Recognising a genuine request in which letters were moved between names and values.

The signed string is names and values one after the other, without anything in between. So
`MessageSid=SM1` and `MessageSidS=M1` have the same signature, and the signature alone does not tell
which of the two was sent. New fields, on the other hand, come without notice and must be let in.
What gives a moved letter away is that a field which every request has is gone, and that its name
can be found somewhere else.
"""

import re

from channels.providers.signing import Form

_IDENTITY = ("AccountSid", "From", "MessageSid", "To")
_OF_MESSAGES = ("Body", "From", "MessageSid", "SmsSid", "To")
_USUAL = (*_IDENTITY, "MessageStatus", "NumMedia")
# Values with a form of their own: nothing that somebody wrote, so no name stands in them by chance.
_PLAIN = frozenset(
    (*_IDENTITY, "ApiVersion", "MessagingServiceSid", "NumSegments", "SmsMessageSid", "SmsSid")
) | {"NumMedia", "SmsStatus", "WaId"}
# What the beginning of these fields looks like in the middle of something that somebody wrote.
_TRACES = {
    "AccountSid": re.compile("AccountSidAC"),
    "From": re.compile(r"From(whatsapp:|\+)"),
    "MessageSid": re.compile("MessageSid[SM]M"),
    "To": re.compile(r"To(whatsapp:|\+)"),
}
_PLACE = re.compile(r"(From|To)(City|State|Zip|Country)")


def is_shifted(form: Form) -> bool:
    """Say whether letters of a genuine request were moved between its names and values."""
    if not any(name in form for name in _OF_MESSAGES):
        return False  # another kind of notice; it may well speak of messages
    # One of two names can be cut back to the other, which then seems to be there twice.
    if any(len(set(form[name])) > 1 for name in _IDENTITY if name in form):
        return True
    return any(_is_hidden(missing, form) for missing in _usual_fields(form) if missing not in form)


def _usual_fields(form: Form) -> tuple[str, ...]:
    """Return the fields that such a request always has. A text has a body; a picture may not."""
    has_something_else = form.last("NumMedia") not in ("", "0") or "Latitude" in form
    return _USUAL if has_something_else or "MessageStatus" in form else (*_USUAL, "Body")


def _is_hidden(missing: str, form: Form) -> bool:
    return any(
        _is_longer(missing, name)
        or _is_cut(missing, name, values)
        or _is_inside(missing, name, values)
        for name, values in form.items()
    )


def _is_longer(missing: str, name: str) -> bool:
    """The name took letters from its value: `MessageSidS=M1`."""
    return name.startswith(missing) and not _PLACE.fullmatch(name)


def _is_cut(missing: str, name: str, values: list[str]) -> bool:
    """The name gave letters to its value: `Mess=ageSidSM1`."""
    rest = missing[len(name) :]
    return missing.startswith(name) and any(value.startswith(rest) for value in values)


def _is_inside(missing: str, name: str, values: list[str]) -> bool:
    """The whole field went into the value before it: `From=+15550001MessageSidSM1`."""
    if name in _PLAIN:
        return any(missing in value for value in values)
    trace = _TRACES.get(missing)
    return trace is not None and any(trace.search(value) for value in values)
