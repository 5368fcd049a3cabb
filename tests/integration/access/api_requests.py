"""What is sent to each address of the API: a request that would succeed, if one may make it."""

from collections.abc import Callable
from typing import Any

from tests.addresses import Address
from tests.integration.access.house import (
    OF_CONVERSATIONS,
    OF_LISTS,
    OF_PEOPLE,
    OF_TEAMS,
    OF_THINGS,
    House,
    id_of,
)

#: First word of an address -> whose the thing in it may be.
_KINDS = {
    "conversations": OF_CONVERSATIONS,
    "messages": OF_CONVERSATIONS,
    "attachments": OF_CONVERSATIONS,
    "contacts": OF_CONVERSATIONS,
    "callbacks": OF_CONVERSATIONS,
    "teams": OF_TEAMS,
    "users": OF_PEOPLE,
}
BOB = {"member": {"code": "c-bob"}}

#: Bodies by `METHOD path`; an address that is not here is sent `{}`.
BODIES: dict[str, Callable[[House, str, str], Any]] = {
    "POST /callbacks/": lambda *_: {"phone": "+81332249999", "team": {"code": "support"}},
    "PATCH /callbacks/{public_id}/": lambda *_: {"note": "New"},
    "POST /callbacks/{public_id}/cancel/": lambda *_: {"reason": "Solved."},
    "POST /callbacks/{public_id}/complete/": lambda *_: {"outcome": "reached"},
    "POST /callbacks/bulk/": lambda house, _whose, caller: {
        "items": [
            {
                "callback": id_of(house.callback("own", caller)),
                "action": "cancel",
                "reason": "Solved.",
            }
        ]
    },
    "PATCH /teams/{reference}/callback-settings/": lambda *_: {"late_after_s": 60},
    "POST /teams/": lambda *_: {"code": "new", "name": "New"},
    "PATCH /teams/{reference}/": lambda *_: {"name": "Renamed"},
    "POST /teams/{reference}/members/": lambda *_: BOB,
    "PUT /teams/{reference}/members/": lambda *_: {"members": [{"code": "c-bob"}]},
    "POST /users/": lambda *_: {"email": "new@e.example", "name": "New"},
    "PATCH /users/{reference}/": lambda *_: {"name": "Renamed"},
    "PUT /users/{reference}/presence/": lambda *_: {"presence": "away"},
    "POST /channels/": lambda *_: {"provider": "simulator", "name": "New"},
    "PATCH /channels/{public_id}/": lambda *_: {"name": "Renamed"},
    "POST /channels/{public_id}/members/": lambda *_: BOB,
    "PATCH /contacts/{public_id}/": lambda *_: {"name": "Renamed"},
    "POST /contacts/{public_id}/merge/": lambda house, *_: {
        "into": id_of(house.conversations["colleague"].contact),
        "dry_run": True,
    },
    "POST /contacts/{public_id}/opt-in/": lambda *_: {"reason": "Signed up again."},
    "POST /conversations/{public_id}/messages/": lambda *_: {"body": "Hello"},
    "POST /conversations/{public_id}/notes/": lambda *_: {"body": "Called back."},
    "POST /conversations/{public_id}/status/": lambda *_: {"status": "resolved"},
    "POST /conversations/{public_id}/hand-to-ai/": lambda house, *_: {
        "ai_agent_id": id_of(house.ai_agent)
    },
    "PUT /flows/{public_id}/draft/": lambda *_: {"name": "Renamed"},
    "POST /flows/{public_id}/run/": lambda house, _whose, caller: {
        "conversation_id": id_of(house.conversation("own", caller)),
        "has_priority": True,
    },
    "PATCH /conversations/{public_id}/": lambda *_: {"priority": 10},
    "PUT /conversations/{public_id}/tags/": lambda *_: {"tags": ["vip"]},
    "POST /assignments/manual/": lambda house, whose, caller: {
        "conversation_id": id_of(house.conversation(whose, caller)),
        "member": {"id": id_of(house.callers[caller])},
    },
    "POST /assignments/individual/": lambda house, whose, caller: {
        "conversation_id": id_of(house.conversation(whose, caller)),
        "member": {"id": id_of(house.callers[caller])},
    },
    "POST /assignments/bulk/": lambda house, whose, caller: {
        "items": [
            {
                "conversation_id": id_of(house.conversation(whose, caller)),
                "member": {"id": id_of(house.callers[caller])},
            }
        ]
    },
    "POST /rules/saved-tests/": lambda house, *_: {
        "name": "New",
        "case": {"channel_id": id_of(house.channel)},
        "expected": {"nobody": True},
    },
    "PATCH /rules/saved-tests/{public_id}/": lambda *_: {"name": "Renamed"},
    "POST /rules/replays/": lambda *_: {"rules": "draft"},
    "POST /rules/publish/": lambda *_: {"revision": 0},
    "POST /rules/discard/": lambda *_: {"revision": 0},
    "POST /rules/plan/": lambda *_: {"revision": 0, "at": "2099-01-01T00:00:00Z"},
    "POST /flows/": lambda *_: {"name": "New"},
    "POST /flows/{public_id}/restore/": lambda *_: {"number": 1},
    "POST /rules/": lambda house, *_: {"name": "New", "team_id": id_of(house.support)},
    "POST /rules/test/": lambda house, *_: {"channel_id": id_of(house.channel)},
    "POST /business-hours/": lambda *_: {"code": "tokyo", "name": "Tokyo"},
    "PATCH /business-hours/{reference}/": lambda *_: {"name": "Renamed"},
    "POST /business-hours/{reference}/holidays/": lambda *_: {
        "calendar": "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
    },
    "PUT /teams/{reference}/shifts/": lambda *_: {"plans": []},
    "POST /endpoints/": lambda *_: {"name": "New", "url": "https://crm.example.com/in"},
    "PATCH /endpoints/{public_id}/": lambda *_: {"name": "Renamed"},
    "POST /deliveries/replay/": lambda house, *_: {"endpoint_id": id_of(house.endpoint)},
    "POST /imports/{public_id}/apply/": lambda house, *_: {"digest": house.upload.digest},
}
#: Bodies that are no JSON: (type, bytes).
FILES = {
    "POST /imports/teams/": ("text/csv", b"team_code,name\nsupport,Support\n"),
    "POST /imports/users/": ("text/csv", b"email,name\nnew@e.example,New\n"),
}


def kinds_of(address: Address) -> tuple[str, ...]:
    """Return whose the thing may be that this address is about."""
    first = _words(address)[0]
    if first == "assignments":
        return OF_CONVERSATIONS
    if "{" not in address.path:
        return OF_LISTS
    return _KINDS.get(first, OF_THINGS)


def fill(address: Address, house: House, *, whose: str, caller: str) -> str:
    """Return the address with the ids of what is asked for."""
    path = address.path
    for name, value in _places(address, house, whose=whose, caller=caller).items():
        path = path.replace(f"{{{name}}}", value)
    assert "{" not in path, f"Say in {__name__} what {address.path} needs."
    return path


#: What stands below the rules, and is no rule.
_OF_RULES = {"replays", "saved-tests"}


def _places(address: Address, house: House, *, whose: str, caller: str) -> dict[str, str]:
    words = _words(address)
    first = words[1] if words[1] in _OF_RULES else words[0]
    conversation = house.conversation(whose, caller)
    message = conversation and conversation.messages.order_by("pk").first()
    things = {
        "conversations": conversation,
        "messages": message,
        "attachments": message and _file(message, address),
        "contacts": conversation and conversation.contact,
        "callbacks": house.callback(whose, caller),
        "teams": house.team(whose),
        "users": house.person(whose, caller),
        **(_things(house) if whose != "absent" else {}),
    }
    subject = id_of(things.get(first))
    return {
        "public_id": subject,
        "reference": subject,
        "person": id_of(house.bob),
        "message_id": id_of(message),
    }


def _file(message: Any, address: Address) -> Any:
    """A file that is here; where one is fetched again, one that is not."""
    is_lost = address.path.endswith("/retry/")
    return message.attachments.get(state="failed" if is_lost else "stored")


def _things(house: House) -> dict[str, Any]:
    return {
        "channels": house.channel,
        "rules": house.rule,
        "replays": house.replay,
        "saved-tests": house.saved_test,
        "rule-versions": house.rule_version,
        "ai-agents": house.ai_agent,
        "flows": house.flow,
        "flow-runs": house.flow_run,
        "business-hours": house.hours,
        "endpoints": house.endpoint,
        "templates": house.template,
        "deliveries": house.delivery,
        "imports": house.upload,
    }


def _words(address: Address) -> list[str]:
    return address.path.removeprefix("/api/v1/").split("/")
