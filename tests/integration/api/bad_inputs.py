"""The catalogue of hostile inputs, read as requests to our addresses.

The catalogue was written before the addresses were fixed: its paths and names of fields are working
names, which are translated here. It lies beside the repository and may be absent.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests import moments

CATALOGUE = Path(__file__).parents[4] / "shared" / "data" / "bad_inputs.jsonl"
SURFACES = {
    "auth",
    "http",
    "idempotency",
    "conversations_api",
    "directory_api",
    "assignment_api",
    "callbacks_api",
}
#: Rows that are not run here, and why.
SKIPPED = {
    "AU-011": "the admin's sign-in: tests/integration/config/test_login.py",
    "AU-012": "the admin's sign-in: tests/integration/config/test_login.py",
    "AU-013": "the admin's sign-in: tests/integration/config/test_login.py",
    "AU-016": "the admin's sign-in: tests/integration/config/test_login.py",
    "AU-017": "the admin's sign-in: tests/integration/config/test_login.py",
    "AU-018": "the admin's sign-in: tests/integration/config/test_login.py",
    "AU-020": "the admin's password page",
    "AU-021": "the admin's forms",
    "HT-008": "two lengths, read in one way only: tests/integration/config/test_serve.py",
    "HT-010": "a slow body is a 408: tests/integration/config/test_serve.py",
    "HT-015": "a form that cannot be read: tests/integration/api/test_api_imports.py",
    "HT-017": "a form that cannot be read: tests/integration/api/test_api_imports.py",
    "CV-028": "a crash while sending: the sender's tests",
}
#: Rows that are answered otherwise than the catalogue expects, because the product decides so.
OTHERWISE = {
    "AS-023": (409, "somebody who left is a state, not a malformed value: `member.inactive`"),
    "AS-024": (200, "an assignment by the API may exceed a person's capacity"),
    "AS-026": (200, "a manual assignment moves this conversation; the contact stays pinned"),
    "ID-001": (202, "run on messages, which are answered 202"),
    "ID-003": (202, "run on messages, which are answered 202"),
    "ID-007": (202, "run on messages, which are answered 202"),
    "CB-002": (201, "a time that clocks show twice means the earlier one, and says so"),
    "CB-003": (201, "a time that clocks show twice means the earlier one, and says so"),
    "CB-009": (422, "the year 1 is past, and is called that: `callback.time_in_past`"),
    "CB-022": (422, "the number has a code of its own: `callback.invalid_number`"),
}
#: What the catalogue calls it -> what we call it.
CODES = {
    "invalid_token": "auth.invalid_api_key",
    "invalid": "validation",
    "window_closed": "message.template_required",
    "agent_inactive": "member.inactive",
    "agent_not_in_team": "member.not_in_team",
}
CALLBACK_CODES = {
    "nonexistent_local_time": "callback.nonexistent_local_time",
    "in_the_past": "callback.time_in_past",
    "too_far": "callback.beyond_max_delay",
    "callback_already_pending": "callback.already_scheduled",
    "agent_not_in_team": "callback.invalid_owner",
}
#: Unknown parameters and fields have a code of their own here.
UNKNOWN_HERE = {"CV-002": "page", "CV-012": "search", "AS-006": "mode", "DI-012": "teams"}
FIELDS = {"username": "name", "timezone": "time_zone", "agent": "member"}
PARAMETERS = {"agent": "assignee"}
#: The code of the team that the catalogue calls "sales" where a conversation is assigned.
SALES = "sales-team"


@dataclass(frozen=True)
class Row:
    """One line of the catalogue."""

    id: str
    surface: str
    input: dict[str, Any]
    expected: dict[str, Any]

    @property
    def statuses(self) -> list[int]:
        if self.id in OTHERWISE:
            return [OTHERWISE[self.id][0], *([409] if "parallel" in self.input else [])]
        status = self.expected["status"]
        return status if isinstance(status, list) else [status]

    @property
    def code(self) -> str | None:
        if self.id in UNKNOWN_HERE:
            kind = "parameter" if self.surface == "conversations_api" else "field"
            return f"unknown_{kind}"
        code = self.expected.get("code")
        if self.surface == "callbacks_api" and code in CALLBACK_CODES:
            return CALLBACK_CODES[code]
        return CODES.get(code, code)

    @property
    def fields(self) -> set[str]:
        if self.id in UNKNOWN_HERE:
            return {UNKNOWN_HERE[self.id]}
        if self.surface == "callbacks_api":
            return set(self.expected.get("fields", []))
        names = PARAMETERS if self.surface == "conversations_api" else FIELDS
        return {names.get(name, name) for name in self.expected.get("fields", [])}


def read_rows() -> list[Row]:
    """Return the rows of the surfaces that exist; none where the catalogue is absent."""
    if not CATALOGUE.exists():
        return []
    lines = CATALOGUE.read_text(encoding="utf-8").splitlines()
    rows = [Row(**json.loads(line)) for line in lines if line.strip()]
    return [row for row in rows if row.surface in SURFACES]


def generate(recipe: dict[str, Any]) -> str:
    """Return the long string that a recipe stands for."""
    times = recipe["times"]
    parts = [recipe.get("prefix", ""), recipe["repeat"] * times, recipe.get("tail", "")]
    return "".join([*parts, recipe.get("mirror", "") * times, recipe.get("suffix", "")])


def fill(value: Any, places: dict[str, Any]) -> Any:
    """Return the value with recipes written out and `{names in braces}` replaced."""
    if isinstance(value, dict):
        if "$gen" in value:
            return generate(value["$gen"])
        return {name: fill(inner, places) for name, inner in value.items()}
    if isinstance(value, list):
        return [fill(inner, places) for inner in value]
    if not isinstance(value, str):
        return value
    if value in places:
        return places[value]
    for name, place in places.items():
        value = value.replace(name, str(place))
    return value


def read_body(row: Row, places: dict[str, Any]) -> bytes:
    """Return the body of the row, byte for byte where the row gives bytes."""
    given = row.input
    if "raw_hex" in given:
        return bytes.fromhex(given["raw_hex"])
    if "body_gen" in given:
        return _renamed(generate(given["body_gen"])).encode()
    if "raw_body" in given:
        return _renamed(given["raw_body"]).encode()
    body = fill(given.get("json", {}), places)
    if row.surface == "callbacks_api":
        return json.dumps({**body, "override_reason": "Any hour will do."}).encode()
    body = {FIELDS.get(name, name): value for name, value in body.items()}
    return json.dumps(translate(row, body, places)).encode()


def moment_of(row: Row) -> datetime:
    """Return when the row is sent: its dates are soon, where there are such days at all."""
    usual = moments.WEDNESDAY_MORNING + timedelta(seconds=30)
    said = str(row.input.get("json", {}).get("local_time", ""))
    try:
        day = datetime.fromisoformat(said).replace(tzinfo=UTC) - timedelta(days=1)
    except (ValueError, OverflowError):
        return usual
    is_near = abs(day.year - usual.year) <= 1
    return day if is_near else usual


def translate(row: Row, body: dict[str, Any], places: dict[str, Any]) -> dict[str, Any]:
    """Return the body in the shape of our address."""
    if row.surface == "directory_api" and row.input["path"].endswith("/users/"):
        # A person needs a name; the catalogue's "username" is one.
        return {"name": "x", **body}
    if row.surface == "idempotency":
        return {"body": "hi"}
    if row.surface != "assignment_api":
        return body
    if "if_version" in body:
        body["expected_version"] = body.pop("if_version")
    if body.pop("team", None) or row.id == "AS-025":
        body["team_code"] = SALES
    return {**body, "conversation_id": places["{id}"]}


def read_path(row: Row, places: dict[str, Any]) -> str:
    """Return our address for the row's."""
    path = row.input.get("path", "/api/v1/conversations/")
    if row.surface == "assignment_api":
        chat = path.split("/")[4]
        if chat.startswith("{"):
            return "/api/v1/assignments/manual/"
        return f"/api/v1/conversations/{quote(chat, safe='%')}/status/"
    if row.surface == "idempotency":
        return f"/api/v1/conversations/{places['{id}']}/messages/"
    if row.id == "HT-012":
        return "/api/v1/teams/"
    path = fill(path.replace("?agent=", "?assignee="), places)
    return path + _read_query(row)


def _read_query(row: Row) -> str:
    recipe = row.input.get("query_gen", {})
    if "fields" in recipe:
        return "?" + "&".join(f"f{number}=1" for number in range(recipe["fields"]))
    return ""


def _renamed(text: str) -> str:
    return text.replace('"agent"', '"member"')
