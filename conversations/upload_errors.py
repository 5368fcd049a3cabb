"""Why a file may not be sent, in a sentence for whoever wants to send it."""

from typing import Any

from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

_SENTENCES = {
    "file.too_many": gettext_noop("A message has at most %(most)s files."),
    "file.empty": gettext_noop("“%(name)s” is empty."),
    "file.unknown_type": gettext_noop(
        "“%(name)s” is not a picture, sound, video or document of a kind that is known here."
    ),
    "file.refused_type": gettext_noop(
        "“%(name)s” is of a kind (%(type)s) that this channel does not take."
    ),
    "file.too_large": gettext_noop(
        "“%(name)s” is too large: of its kind, this channel takes at most %(limit)s."
    ),
}
#: What is longer would fill the page, and says nothing more.
_LONGEST_NAME = 80


def explain(code: str, facts: dict[str, Any]) -> str:
    """Return the sentence for a `FileRefusedError`."""
    shown = {**facts, "name": str(facts.get("name", ""))[:_LONGEST_NAME]}
    if "most_bytes" in facts:
        shown["limit"] = filesizeformat(facts["most_bytes"])
    return _(_SENTENCES[code]) % shown
