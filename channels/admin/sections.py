"""The form of a channel, section by section: each with the rows that belong to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from teams.texts import Text


@dataclass(frozen=True, slots=True)
class Section:
    """A group of fields, and the formsets that are shown below them."""

    fieldset: Any
    formsets: list[Any]


def build_sections(context: Mapping[str, Any], *, places: Mapping[type, Text]) -> list[Section]:
    """Return the groups of a form with its inlines, each below the group that it is placed in.

    `places` has the heading for each class of inlines.
    """
    placed: dict[str, list[Any]] = {}
    for formset in context["inline_admin_formsets"]:
        placed.setdefault(str(places[type(formset.opts)]), []).append(formset)
    return [Section(each, placed.get(str(each.name), [])) for each in context["adminform"]]
