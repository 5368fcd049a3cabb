"""What a channel writes by itself, and the hours that it goes by, in the bodies of the API."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from channels.greetings import TextKind, find_unknown
from channels.languages import LANGUAGES
from channels.models import Channel, ChannelText
from channels.models.text import LONGEST_TEXT
from channels.services import texts
from teams.api.bodies import Body
from teams.api.fields import Text
from teams.api.problems import FieldProblem
from teams.models import BusinessHours

#: Field of a body -> the kind of text that stands in it.
FIELDS = {
    "greeting": TextKind.GREETING,
    "unavailable_message": TextKind.UNAVAILABLE,
    "survey_question": TextKind.SURVEY_QUESTION,
    "survey_comment_question": TextKind.SURVEY_COMMENT,
    "survey_thanks": TextKind.SURVEY_THANKS,
}
NO_SUCH_HOURS = ("does_not_exist", _("There is none with this code."))
TWICE = ("twice", _("This language has a text already."))
UNKNOWN_VARIABLE = (
    "unknown_variable",
    _("Use {contact_name}, {channel_name} and {next_opening} only."),
)
UNKNOWN_LANGUAGE = ("unknown", _("Enter a language such as en, ja or zh-hans."))


class ChannelTextBody(Body):
    """A text in one language. It may hold {contact_name}, {channel_name} and {next_opening}."""

    language = Text(max_length=12)
    text = Text(max_length=LONGEST_TEXT)


class ChannelTextOut(serializers.Serializer[ChannelText]):
    """A text in one language."""

    language = Text()
    text = Text()


def show_texts(channel: Channel, *, kind: TextKind) -> Any:
    """Return the texts of a kind, by language. `channel.texts` may be prefetched."""
    rows: Any = sorted(
        (row for row in channel.texts.all() if row.kind == kind), key=lambda row: row.language
    )
    return ChannelTextOut(rows, many=True).data


def take_hours(body: dict[str, Any]) -> None:
    """Put the calendar that a body names by its code in the place of the code."""
    if "hours_code" not in body:
        return
    code = body.pop("hours_code")
    found = None if code is None else BusinessHours.objects.filter(code=code).first()
    if code is not None and found is None:
        raise FieldProblem({"hours_code": NO_SUCH_HOURS})
    body["hours"] = found


def take_texts(body: dict[str, Any]) -> dict[TextKind, dict[str, str]]:
    """Take the texts out of a body, by kind and language."""
    taken = {}
    for field, kind in FIELDS.items():
        if field in body:
            taken[kind] = _by_language(body.pop(field), field)
    return taken


def write_texts(channel: Channel, taken: dict[TextKind, dict[str, str]]) -> None:
    for kind, by_language in taken.items():
        texts.replace(channel, kind=kind, texts=by_language)


def _by_language(rows: list[dict[str, str]], field: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for row in rows:
        if row["language"] not in LANGUAGES:
            raise FieldProblem({field: UNKNOWN_LANGUAGE})
        if row["language"] in found:
            raise FieldProblem({field: TWICE})
        if find_unknown(row["text"]):
            raise FieldProblem({field: UNKNOWN_VARIABLE})
        found[row["language"]] = row["text"]
    return found
