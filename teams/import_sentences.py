"""What is wrong with a row of an import, in plain words and in the reader's language."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from teams.csv_encodings import LABELS
from teams.csv_plan import LAYOUTS, Subject
from teams.texts import Text

_SENTENCES: dict[str, Text] = {
    # The file as a whole
    "file_too_large": gettext_lazy("The file has more than %(limit)s MiB."),
    "empty_file": gettext_lazy("The file is empty."),
    "not_text": gettext_lazy("This is no text file. Save the sheet as CSV and upload that."),
    "unknown_encoding": gettext_lazy(
        "The encoding is not UTF-8 and cannot be told for certain (byte %(byte)s). "
        "Choose it, or save the file as UTF-8."
    ),
    "wrong_encoding": gettext_lazy("From byte %(byte)s on, the file is not %(encoding)s."),
    "bad_quote": gettext_lazy("A quotation mark is opened here and not closed as it should be."),
    "cell_too_long": gettext_lazy("A cell has more than %(limit)s characters."),
    "too_many_rows": gettext_lazy("The file has more than %(limit)s rows. Divide it."),
    "no_rows": gettext_lazy("The file has a header and no rows."),
    "unknown_column": gettext_lazy("There is no such column."),
    "repeated_column": gettext_lazy("This column is there more than once."),
    "missing_column": gettext_lazy("This column is missing: it says whom or what a row is about."),
    # A row
    "long_row": gettext_lazy(
        "The row has %(cells)s cells, the header %(columns)s. "
        "A cell with a delimiter in it needs quotation marks around it."
    ),
    "repeated_row": gettext_lazy("Line %(line)s is about the same."),
    "repeated_value": gettext_lazy("Line %(line)s has the same value; only one can have it."),
    "taken": gettext_lazy("%(other)s has this value; only one can have it."),
    "above_you": gettext_lazy("Their role is above yours: you may not change them."),
    "oneself": gettext_lazy("You cannot change your own role, nor leave by an import."),
    # A cell
    "required": gettext_lazy("This may not be blank."),
    "cannot_be_cleared": gettext_lazy("This cannot be cleared with “-”."),
    "too_long": gettext_lazy("%(length)s characters; at most %(limit)s fit."),
    "invalid_characters": gettext_lazy("There are control characters in it."),
    "invalid_number": gettext_lazy("Enter a whole number."),
    "out_of_range": gettext_lazy("Enter a number from %(least)s to %(most)s."),
    "invalid_flag": gettext_lazy("Enter true or false."),
    "invalid_email": gettext_lazy("This is no e-mail address."),
    "invalid_code": gettext_lazy(
        "A code has letters, digits, dots, hyphens and underscores, and begins with a letter "
        "or a digit."
    ),
    "differs_by_case": gettext_lazy("There is “%(near)s”: only capitals tell the two apart."),
    "unknown_role": gettext_lazy(
        "Enter 1 to 4, or agent, senior_agent, supervisor or administrator."
    ),
    "unknown_strategy": gettext_lazy("Choose one of: %(known)s."),
    "unknown_language": gettext_lazy("Choose one of: %(known)s."),
    "unknown_time_zone": gettext_lazy("Enter a time zone such as Asia/Tokyo."),
    "invalid_phone": gettext_lazy("Write the number with its country, as in +81312345678."),
    "unknown_person": gettext_lazy("There is no active person “%(value)s”."),
    "unknown_team": gettext_lazy("There is no team “%(value)s”."),
    "default_user_missing": gettext_lazy("Name the person who gets everything."),
    "nobody_to_reassign_to": gettext_lazy(
        "Only teams with round robin, least busy or shift can reassign: set this to false."
    ),
    "one_owner": gettext_lazy("There is exactly one owner."),
    "owner_keeps_role": gettext_lazy("The owner cannot be given another role."),
    "owner_stays": gettext_lazy("The owner cannot leave."),
    "role_above_yours": gettext_lazy("You cannot give a role above your own."),
    "has_open_work": ngettext_lazy(
        "They still have %(count)d open conversation. Give it to somebody else first.",
        "They still have %(count)d open conversations. Give them to somebody else first.",
        "count",
    ),
}


_GUIDE: dict[Subject, dict[str, Text]] = {
    Subject.TEAMS: {
        "team_code": gettext_lazy("The code, which never changes. Needed."),
        "name": gettext_lazy("Needed for new teams."),
        "description": gettext_lazy("May have several lines."),
        "strategy": gettext_lazy(
            "How a person is chosen: manual, round_robin (or queue), least_busy, default_user, "
            "shift."
        ),
        "default_user": gettext_lazy("The e-mail of an active person."),
        "is_active": gettext_lazy("true or false."),
        "is_reassigning": gettext_lazy(
            "Whether a conversation moves on when nobody answers: true or false."
        ),
        "reassign_after_s": gettext_lazy("After how many seconds, from 60 to 604800."),
    },
    Subject.USERS: {
        "email": gettext_lazy("Whose row it is. Needed."),
        "name": gettext_lazy("Needed for new people."),
        "role": gettext_lazy("1 to 4, or agent, senior_agent, supervisor, administrator."),
        "user_code": gettext_lazy("What another system calls them; nobody else may have it."),
        "external_id": gettext_lazy("A second such name, if there is one."),
        "team_codes": gettext_lazy(
            "All their teams, as in “support|sales”. Where this column is, it replaces."
        ),
        "is_active": gettext_lazy(
            "true or false; false lets somebody leave who has no open conversation."
        ),
        "is_receiving": gettext_lazy(
            "Whether they get conversations automatically: true or false."
        ),
        "capacity": gettext_lazy("How many conversations at once."),
        "phone": gettext_lazy("Where they are rung for callbacks, for example +81312345678."),
        "language": gettext_lazy("Of their console: en, ja, fr or zh-hans."),
        "time_zone": gettext_lazy("For example Asia/Tokyo."),
    },
}


def column_guide(subject: Subject) -> list[tuple[str, Text]]:
    """Return every column of a file and what it says."""
    return [(name, _GUIDE[subject][name]) for name in LAYOUTS[subject].header]


def sentence_of(fault: Mapping[str, Any]) -> str:
    """Return what is wrong, with what may have been meant."""
    facts = fault["facts"]
    sentence = str(_SENTENCES[fault["code"]] % facts)
    if "near" in facts and fault["code"] != "differs_by_case":
        return _("%(sentence)s Did you mean “%(near)s”?") % {
            "sentence": sentence,
            "near": facts["near"],
        }
    return sentence


def place_of(fault: Mapping[str, Any]) -> str:
    """Return where it is: the line, and the column if it is about one."""
    names = {"line": fault["line"], "column": fault["column"]}
    if fault["line"] and fault["column"]:
        return _("Line %(line)s, %(column)s") % names
    return _("Line %(line)s") % names if fault["line"] else _("The file")


def encoding_label(name: str) -> str:
    return LABELS.get(name, name)
