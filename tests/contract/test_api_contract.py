"""The whole API against its own description: thousands of requests that nobody thought of.

Each operation gets examples that fit the schema, examples that break it in every way it can be
broken, and the corners of each value. Whatever comes, there is no 5xx, every status is one that is
described, every body has the shape of its status, and what breaks the schema is refused.

Requests that fit are pointed at rows that exist, so that they get past the first look-up.
"""

import random
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from django.test import override_settings
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from config.wsgi import application
from tests.integration.access.house import CANARY, House, id_of

pytestmark = [pytest.mark.contract, pytest.mark.django_db]
#: `positive_data_acceptance` is left out: a body that fits the schema may still name nobody.
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
#: Here a bad item or a bad file is part of the answer, which tells what is wrong with it.
ANSWERS_FOR_EACH_ITEM = {
    "/api/v1/assignments/bulk/",
    "/api/v1/callbacks/bulk/",
    "/api/v1/imports/teams/",
    "/api/v1/imports/users/",
}
#: What breaks the schema is refused so; 413 where what is wrong with a text is its length.
REFUSED = ["400", "401", "403", "404", "405", "406", "409", "413", "415", "422", "428", "429"]
schema = schemathesis.openapi.from_wsgi(
    "/api/schema/",
    application,
    config=SchemathesisConfig.from_dict(
        {"checks": {"negative_data_rejection": {"expected-statuses": REFUSED}}}
    ),
)


@pytest.fixture(autouse=True)
def _no_limits() -> Iterator[None]:
    with override_settings(API_RATES={"requests": 0, "messages": 0, "failed_keys": 0}):
        yield


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """Keep the connection over requests, as the test client does: it holds the transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def rows(house: House) -> Iterator[House]:
    """Take back what the requests to one operation did."""
    with transaction.atomic():
        yield house
        transaction.set_rollback(True)


def real_places(house: House, path: str) -> dict[str, str]:
    """Return the ids of rows that exist, by the names that they have in the address."""
    first = path.removeprefix("/api/v1/").split("/")[0]
    conversation = house.conversations["team"]
    message = conversation.messages.order_by("pk").first()
    subject = {
        "conversations": conversation,
        "messages": message,
        "contacts": conversation.contact,
        "teams": house.support,
        "users": house.bob,
        "channels": house.channel,
        "rules": house.rule,
        "rule-versions": house.rule_version,
        "endpoints": house.endpoint,
        "deliveries": house.delivery,
        "imports": house.upload,
        "business-hours": house.hours,
    }.get(first)
    return {
        "public_id": id_of(subject),
        "reference": id_of(subject),
        "person": id_of(house.bob),
        "message_id": id_of(message),
    }


def with_real_values(body: Any, house: House) -> Any:
    """Return the body, naming rows that exist in about half of the places that name one."""
    real = {
        "member": {"code": "c-bob"},
        "default_user": {"code": "c-bob"},
        "team_code": "support",
        "conversation_id": id_of(house.conversations["team"]),
        "channel_id": id_of(house.channel),
        "endpoint_id": id_of(house.endpoint),
    }
    chance = random.Random(repr(body))
    return _replace(body, real, chance)


def _replace(value: Any, real: dict[str, Any], chance: random.Random) -> Any:
    if isinstance(value, list):
        return [_replace(inner, real, chance) for inner in value]
    if not isinstance(value, dict):
        return value
    replaced = {name: _replace(inner, real, chance) for name, inner in value.items()}
    named = [name for name in replaced if name in real and chance.random() < 0.5]
    return {**replaced, **{name: real[name] for name in named}}


@schema.parametrize()
@settings(
    max_examples=10,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_keeps_its_word(case: Any, rows: House) -> None:
    if case.meta is None or case.meta.generation.mode.is_positive:
        real = real_places(rows, case.path)
        case.path_parameters = {
            name: real.get(name, value) for name, value in (case.path_parameters or {}).items()
        }
        case.body = with_real_values(case.body, rows)
    key = rows.keys["administrator"]

    response = case.call(headers={"Authorization": f"Bearer {key}"})

    excluded = [negative_data_rejection] if case.path in ANSWERS_FOR_EACH_ITEM else []
    case.validate_response(response, checks=CHECKS, excluded_checks=excluded)
    assert CANARY not in str(response.headers)
