"""The case of the rule tester as a call of the API, to be pasted into a terminal."""

import json
import shlex
from typing import Any

from django.conf import settings

from routing.services.rule_tester import Case
from teams.models import User

_PATH = "/api/v1/rules/test/"


def api_call(case: Case, *, rules: str, is_timed: bool) -> str:
    """Return the command that asks the same of the API; the key is the reader's own."""
    body = json.dumps(_body(case, rules=rules, is_timed=is_timed), ensure_ascii=False)
    return " \\\n  ".join(
        (
            f"curl {settings.PUBLIC_BASE_URL}{_PATH}",
            '-H "Authorization: Bearer $KEY"',
            '-H "Content-Type: application/json"',
            f"-d {shlex.quote(body)}",
        )
    )


def _body(case: Case, *, rules: str, is_timed: bool) -> dict[str, Any]:
    body: dict[str, Any] = {
        "channel_id": str(case.channel.public_id),
        "text": case.text,
        "type": case.types[0],
        "rules": rules,
    }
    if is_timed:
        body["at"] = case.at.isoformat()
    if case.contact is not None:
        body["contact_id"] = str(case.contact.public_id)
    elif new := _new_contact(case):
        body["new_contact"] = new
    if case.online_ids is not None:
        people = User.objects.filter(pk__in=case.online_ids).order_by("name", "pk")
        body["online"] = [{"id": str(person.public_id)} for person in people]
    return body


def _new_contact(case: Case) -> dict[str, Any]:
    said = {
        "phone": case.phone,
        "language": case.language,
        "tags": list(case.tags),
        "attributes": dict(case.attributes),
    }
    return {name: value for name, value in said.items() if value}
