"""The parts of the published schema that all operations share."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.utils import translation

from config.api import errors
from teams.api.problems import Problem
from teams.problems import CONTENT_TYPE

ABOUT = """\
Relaydesk receives what customers write, decides who answers, and says why.

**Keys.** Send `Authorization: Bearer <key>` or `apikey: <key>`. A key acts as its owner, within its
scopes. `GET /api/v1/me/` says which key it is and what it may do.

**Retrying.** Send an `Idempotency-Key` with what changes something; sent again, it has one effect
and the same answer for a day, with `Idempotent-Replayed: true`.

**Refusals** are problem details (RFC 9457): `code` is stable and for programs, `detail` for people,
in the language of `Accept-Language`. 404 also stands for what the key may not see. Names that are
not known are refused, in bodies and in addresses.

**Pages.** Follow `next` until it is null. Rows that arrive meanwhile move nothing.

**Limits.** Each answer says in `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset` what
is left of this minute; a 429 says in `Retry-After` when to come back.

Ids are UUIDs; instants are in UTC; names that end in `_s` are seconds.
"""

#: In the order in which people look for them.
TAGS: dict[str, tuple[str, str]] = {
    "assignments": ("Assignments", "Who has a conversation, who gets it, and why."),
    "conversations": ("Conversations", "Conversations, their messages, notes, tags and events."),
    "messages": ("Messages", "One message, with what became of it."),
    "attachments": ("Attachments", "The files of messages."),
    "contacts": ("Contacts", "The people outside."),
    "teams": ("Teams", "Teams and who is in them."),
    "business-hours": ("Business hours", "When teams are open."),
    "users": ("People", "People, their roles, capacity and presence."),
    "imports": ("Imports", "Many people or teams at once, from CSV."),
    "exports": ("Imports", "Many people or teams at once, from CSV."),
    "surveys": ("Ratings", "What customers answered when asked how it went."),
    "channels": ("Channels", "The numbers and services that customers write to."),
    "callbacks": ("Callbacks", "Promises to call somebody at a time, and what became of them."),
    "flows": ("Flows", "What talks with customers step by step, and says who goes on."),
    "flow-runs": ("Runs of flows", "Where each flow stands, and what each step did."),
    "ai-agents": ("AI agents", "Who answers by itself, and hands over to people."),
    "rules": ("Rules", "The ordered list that decides who gets a conversation."),
    "rule-versions": ("Rules", "The ordered list that decides who gets a conversation."),
    "templates": ("Channels", "The numbers and services that customers write to."),
    "endpoints": ("Webhooks", "Your addresses, and what was sent to them."),
    "deliveries": ("Webhooks", "Your addresses, and what was sent to them."),
    "me": ("Key", "The key itself."),
}
#: Below /conversations/<id>/, but about assigning.
_ABOUT_ASSIGNING = frozenset({"assignment", "decision", "decisions", "explanation"})

SECURITY: dict[str, dict[str, str]] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key, as `Authorization: Bearer KEY`. Paste the key alone.",
    },
    "apikey": {
        "type": "apiKey",
        "in": "header",
        "name": "apikey",
        "description": "The same key, in a header of its own.",
    },
}

PATH_PARAMETERS = {
    "public_id": "The id.",
    "reference": "The id, or the code.",
    "person": "The id of the person, or their code.",
}
IDEMPOTENCY_KEY = (
    "Any text of your own, new for each thing you want. Sent again with the same body, the answer "
    "is the same and nothing happens twice; with another body it is refused (422)."
)
SUCCESSES = {
    "200": "What was asked for.",
    "201": "It was made.",
    "202": "It is stored, and done in a moment.",
    "204": "It was done; there is nothing to say.",
    "207": "Each item has an answer of its own.",
}


class Refused(NamedTuple):
    """A status with which a request is refused: the name of its component, and an example."""

    name: str
    meaning: str
    code: str = ""
    detail: str = ""
    fields: Mapping[str, tuple[str, str]] = {}


_BAD_VALUE = {"name": ("required", "This field is required.")}
_BAD_PARAMETER = {"stauts": ("unknown_parameter", "There is no such parameter here.")}
REFUSALS: dict[int, Refused] = {
    400: Refused(
        "BadRequest",
        "The address or the body cannot be read.",
        "unknown_parameter",
        "A parameter of the address cannot be used.",
        _BAD_PARAMETER,
    ),
    401: Refused(
        "Unauthorized",
        "There is no key, or it is not one of ours, or it has expired.",
        "auth.invalid_api_key",
        "This API key is not valid.",
    ),
    403: Refused(
        "Forbidden",
        "The key was revoked, lacks the scope, or its owner's role may not do this.",
        "auth.scope_missing",
        "This API key lacks the scope “teams”.",
    ),
    404: Refused("NotFound", "It does not exist, or the key may not see it: nobody can tell."),
    406: Refused("NotAcceptable", "Answers are JSON."),
    409: Refused(
        "Conflict",
        "The request is fine, but not in the present state.",
        "conversation.illegal_transition",
        "A conversation that is “new” cannot become “closed”.",
    ),
    412: Refused(
        "PreconditionFailed",
        "It changed since you read it.",
        "version_conflict",
        "The conversation changed since you read it. Read it again.",
    ),
    413: Refused("ContentTooLarge", "The body is too large."),
    415: Refused("UnsupportedMediaType", "Bodies are JSON in UTF-8."),
    422: Refused(
        "Unprocessable",
        "The body was read, but some values cannot be used: `fields` says which.",
        "validation",
        "The request has values that cannot be used.",
        _BAD_VALUE,
    ),
    429: Refused("TooManyRequests", "Wait for as many seconds as `Retry-After` says."),
    500: Refused("InternalError", "A fault of ours. Its `request_id` finds it in our log."),
    503: Refused("Unavailable", "The database is busy; nothing was changed. Try again."),
}
_HEADERS_OF_REFUSALS = {
    401: ("WWW-Authenticate", "How to send a key."),
    429: ("Retry-After", "Seconds to wait."),
    503: ("Retry-After", "Seconds to wait."),
}
_HEADERS = {
    "X-Request-Id": "The number of the request: yours if you sent one that can be used.",
    "RateLimit-Limit": "Requests of this kind that the key has in a minute.",
    "RateLimit-Remaining": "How many of them are left.",
    "RateLimit-Reset": "Seconds until all of them are there again.",
    "Idempotent-Replayed": "`true` if this answer was given before.",
}
_EXAMPLE_REQUEST_ID = "9f2b6c1d7e8a4f0b9c3d5e6f7a8b9c0d"


def tag_of(path: list[str]) -> str:
    """Return the group of an address, given its words."""
    if path[-1] in _ABOUT_ASSIGNING:
        return TAGS["assignments"][0]
    return TAGS[path[0]][0] if path[0] in TAGS else path[0].capitalize()


def tags() -> list[dict[str, str]]:
    return [{"name": name, "description": text} for name, text in dict(TAGS.values()).items()]


def page(rows: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a page of such rows."""
    following = {"type": ["string", "null"], "format": "uri", "description": "The next page."}
    properties = {"data": rows, "next": following, "has_more": {"type": "boolean"}}
    return {"type": "object", "properties": properties, "required": list(properties)}


def whole_list(rows: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a list that is given whole."""
    return {"type": "object", "properties": {"data": rows}, "required": ["data"]}


def headers_of_answers(*, is_once: bool) -> dict[str, dict[str, str]]:
    """Return the headers of an answer; only what can be replayed says whether it was."""
    names = [name for name in _HEADERS if is_once or name != "Idempotent-Replayed"]
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def components() -> dict[str, Any]:
    """Return what the operations refer to."""
    with translation.override("en"):
        return {
            "securitySchemes": SECURITY,
            "headers": {name: _header(text) for name, text in _HEADERS.items()},
            "schemas": {"Problem": _problem_schema()},
            "responses": {refused.name: _refusal(status) for status, refused in REFUSALS.items()},
        }


def _header(text: str) -> dict[str, Any]:
    return {"description": text, "schema": {"type": "string"}}


def _problem_schema() -> dict[str, Any]:
    error = {
        "type": "object",
        "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
        "required": ["code", "message"],
    }
    text = {"type": "string"}
    properties: dict[str, Any] = {
        "type": {**text, "format": "uri-reference"},
        "title": text,
        "status": {"type": "integer"},
        "code": {**text, "description": "Stable, for programs."},
        "detail": {**text, "description": "A sentence for people, in their language."},
        "fields": {
            "type": "object",
            "additionalProperties": {"type": "array", "items": error},
            "description": "What is wrong with which field; a path reads like `member.email`.",
        },
        "request_id": text,
    }
    return {
        "type": "object",
        "description": "Problem details (RFC 9457).",
        "properties": properties,
        "required": list(properties),
    }


def _refusal(status: int) -> dict[str, Any]:
    refused = REFUSALS[status]
    usual = errors.plain(status)
    problem = Problem(
        status,
        refused.code or usual.code,
        refused.detail or usual.detail,
        fields=refused.fields,
    )
    example = errors.build_body(problem, request_id=_EXAMPLE_REQUEST_ID)
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}
    answer: dict[str, Any] = {
        "description": refused.meaning,
        "headers": {"X-Request-Id": {"$ref": "#/components/headers/X-Request-Id"}},
        "content": {CONTENT_TYPE: content},
    }
    if status in _HEADERS_OF_REFUSALS:
        name, text = _HEADERS_OF_REFUSALS[status]
        answer["headers"][name] = _header(text)
    return answer
