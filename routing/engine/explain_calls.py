"""Why somebody is to call a customer, as phrases."""

from collections.abc import Mapping
from typing import Any

from routing.engine.phrases import Hole, Phrase, _, duration

Facts = Mapping[str, Any]

#: By whether it is known who promised it.
_ASKED = {
    ("due", True): _("It was time to call the customer, as %(actor)s had promised."),
    ("due", False): _("It was time to call the customer."),
    ("owned", True): _("It was time to call the customer, as %(actor)s had promised."),
    ("owned", False): _("It was time to call the customer."),
    ("released", True): _("Nobody waits any longer for the person who owned the callback."),
    ("released", False): _("Nobody waits any longer for the person who owned the callback."),
    ("anew", True): _("Somebody was looked for anew to call the customer."),
    ("anew", False): _("Somebody was looked for anew to call the customer."),
}
_SAID = {
    "has_it": _("%(name)s has this conversation already and calls."),
    "owner": _("%(name)s owns the callback: nobody else is asked."),
    "preferred": _("%(name)s is asked first, as was promised."),
    "all_asked": _("Everybody of %(desk)s who could call was asked already."),
}
#: By whether the name of who has it is known.
_HELD = {
    ("lapsed", True): _("%(name)s did not begin the call within %(delay)s."),
    ("lapsed", False): _("Nobody began the call within %(delay)s."),
    ("kept", True): _("It stays with %(name)s."),
    ("kept", False): _("It stays where it is."),
}


def say(code: str, facts: Facts) -> Phrase:
    """Return the sentence about one step of a decision. Raises `KeyError` for what is unknown."""
    params: dict[str, Hole] = {k: v for k, v in facts.items() if isinstance(v, str | int)}
    if code in _SAID:
        return Phrase(_SAID[code], params)
    if "actor" in facts:
        return Phrase(_ASKED[code, bool(facts["actor"])], params)
    delay = duration(facts["after_s"]) if "after_s" in facts else ""
    return Phrase(_HELD[code, bool(facts["name"])], {**params, "delay": delay})
