"""What the stand-in does on a line: it reads the desk's documents as Twilio does.

`Say`, `Gather` (who is willing presses 1), `Dial` with one `Number`, `Hangup`. An end without any
of them hangs up.
"""

from typing import Any, Protocol
from xml.etree import ElementTree

MOST_DOCUMENTS = 10


class Telephone(Protocol):
    """What a line needs of the telephone: `Calls`."""

    def ask(self, made: Any, url: str, fields: dict[str, str]) -> str: ...

    def presses(self, made: Any) -> bool: ...

    def connect(self, made: Any, fields: dict[str, list[str]]) -> tuple[Any, str]: ...

    def hang_up(self, made: Any) -> None: ...


def follow(telephone: Telephone, made: Any, document: str) -> None:
    """Do what a document says, and what the answers to its questions say, until the line is done.

    Of a call that came of another, an end without `Hangup` means that the two are connected.
    """
    for _ in range(MOST_DOCUMENTS):
        if not document or made.is_ended.is_set():
            return
        document = _do(telephone, made, document)


def _do(telephone: Telephone, made: Any, document: str) -> str:
    """Do one document; return the next."""
    for verb in ElementTree.fromstring(document):
        made.heard += [said.text or "" for said in verb.iter("Say")]
        if verb.tag == "Gather" and telephone.presses(made):
            return telephone.ask(made, verb.attrib["action"], {"Digits": "1"})
        if verb.tag == "Dial":
            return _dial(telephone, made, verb)
        if verb.tag == "Hangup":
            telephone.hang_up(made)
            return ""
    return ""


def _dial(telephone: Telephone, made: Any, verb: Any) -> str:
    number = verb.find("Number")
    other, status = telephone.connect(
        made,
        {
            "To": [number.text],
            "From": [verb.attrib["callerId"]],
            "Timeout": [verb.attrib["timeout"]],
            "Url": [number.attrib.get("url", "")],
            "StatusCallback": [number.attrib["statusCallback"]],
            "StatusCallbackEvent": number.attrib["statusCallbackEvent"].split(),
        },
    )
    if made.is_ended.is_set():
        return ""
    fields = {"DialCallSid": other.call["sid"], "DialCallStatus": status}
    if other.call["duration"]:
        fields["DialCallDuration"] = other.call["duration"]
    return telephone.ask(made, verb.attrib["action"], fields)
