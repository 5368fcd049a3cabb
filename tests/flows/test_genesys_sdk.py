"""The vendor's own SDK against the facade, over a real socket.

Skipped by name without the SDK, which is too large to be installed for every test: see
docs/development.md.
"""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from callbacks.models import Callback, CallbackSettings
from callbacks.states import CallbackStatus
from tests.factories import (
    make_administrator,
    make_agent,
    make_api_key,
    make_channel,
    make_conversation,
    make_team,
)
from tests.faults.crowd import server
from tests.processes import database_url

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
CLIENT = Path(__file__).with_name("genesys_client.py")


def find_sdk() -> str:
    folder = os.environ.get("GENESYS_SDK", "")
    if not (Path(folder) / "PureCloudPlatformClientV2").is_dir() or not folder:
        pytest.skip("no Genesys SDK is found; install it into a folder and set GENESYS_SDK")
    return folder


def run_client(*arguments: str, sdk: str, home: Path) -> dict[str, Any]:
    """Run the program with the SDK and nothing else of what is installed here."""
    done = subprocess.run(
        [sys.executable, "-S", str(CLIENT), *arguments],
        env={"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": sdk},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return seen


def test_schedules_reads_changes_and_takes_back(tmp_path: Path) -> None:
    sdk = find_sdk()
    alice, bob = make_agent(name="Alice"), make_agent(name="Bob")
    team = make_team(members=(alice, bob))
    CallbackSettings.objects.create(team=team, is_owning_enabled=True)
    conversation = make_conversation(channel=make_channel(), team=team)
    key = make_api_key(user=make_administrator())
    names = [str(each.public_id) for each in (team, alice, bob, conversation.contact, conversation)]
    with server(database_url()) as port:
        seen = run_client(f"http://127.0.0.1:{port}", key, *names, sdk=sdk, home=tmp_path)

    own, promised = Callback.objects.order_by("pk")
    id_, tomorrow = str(own.public_id), datetime.now(UTC) + timedelta(days=1)
    at = tomorrow.replace(hour=5, minute=0, second=0, microsecond=0)
    as_made = {
        "id": id_,
        "purposes": ["customer", "acd"],
        "state": "none",
        "disconnect_type": None,
        "numbers": ["+6591234567"],
        "name": "Doc",
        "at": at.isoformat(),
        "attributes": {"notes": "ready to close"},
        "queue": str(team.public_id),
        "agents": [str(alice.public_id)],
    }
    later = {**as_made, "at": (at + timedelta(hours=1)).isoformat()}
    handed_over = {**later, "agents": [str(bob.public_id)]}
    assert seen["made"] == [id_, ["ACD"]]
    assert seen["read"] == as_made
    assert seen["listed"] == [id_]
    assert (seen["changed"], seen["read_again"]) == (id_, handed_over)
    assert seen["bulk"] == [1, [1], "not.found"]
    assert seen["late"] == [400, 400, "callback.beyond_max_delay"]
    assert seen["past"] == [400, 400, "callback.time_in_past"]
    assert seen["ended"] == ["disconnected", "scheduled", "client", "outbound"]
    assert seen["after"] == {
        **handed_over,
        "state": "disconnected",
        "disconnect_type": "client",
    }
    assert seen["promised"]["id"] == str(promised.public_id)
    assert promised.conversation == conversation
    assert {own.status, promised.status} == {CallbackStatus.CANCELLED}
    assert own.owner == bob
