"""Our signatures, in the eyes of the official libraries of Standard Webhooks."""

import json
import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from channels.forwarder import build_headers
from channels.signatures import is_genuine, new_secret

REFERENCE = Path(__file__).parents[2] / "reference"
BODY = '{"type":"message.received","data":{"text":"返金できますか? 🙂"}}'.encode()


@pytest.fixture
def now():
    """The libraries look at the clock themselves."""
    return datetime.now(tz=UTC)


def headers(*secrets, now, body=BODY):
    return build_headers(
        secrets=secrets, message_id="msg_2KWPBgLlAfxdpx2AI54pPJ85f4W", body=body, now=now
    )


class TestTheOfficialPythonLibrary:
    def test_takes_what_we_sign(self, now):
        secret = new_secret()

        assert Webhook(secret).verify(BODY, headers(secret, now=now)) == json.loads(BODY)

    def test_takes_both_secrets_of_a_rotation(self, now):
        old, new = new_secret(), new_secret()
        signed = headers(new, old, now=now)

        assert Webhook(old).verify(BODY, signed)
        assert Webhook(new).verify(BODY, signed)

    def test_refuses_what_was_changed_on_the_way(self, now):
        secret = new_secret()
        signed = headers(secret, now=now)

        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(BODY + b" ", signed)
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(BODY, signed | {"webhook-id": "msg_other"})
        with pytest.raises(WebhookVerificationError):
            Webhook(new_secret()).verify(BODY, signed)

    def test_signs_what_we_take(self, now):
        secret = new_secret()
        signature = Webhook(secret).sign("msg_1", now, BODY.decode())

        given = {"message_id": "msg_1", "body": BODY, "now_s": now.timestamp()}
        timestamp = str(int(now.timestamp()))
        assert is_genuine(signature, secret=secret, timestamp=timestamp, **given)
        assert not is_genuine(signature, secret=new_secret(), timestamp=timestamp, **given)


@pytest.fixture(scope="session")
def node_modules(tmp_path_factory):
    """The official JavaScript library, fetched once by its lock file."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("node and npm are not here")
    folder = tmp_path_factory.mktemp("reference")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(REFERENCE / name, folder)
    command = ["npm", "ci", "--no-audit", "--no-fund", "--prefer-offline", "--ignore-scripts"]
    fetched = subprocess.run(command, cwd=folder, capture_output=True, timeout=120, check=False)
    if fetched.returncode:
        pytest.skip("npm could not fetch the JavaScript library")
    return folder


class TestTheOfficialJavaScriptLibrary:
    def verify(self, node_modules, *, secret, signed, body=BODY):
        given = {"secret": secret, "headers": signed, "body": body.decode()}
        answer = subprocess.run(
            ["node", str(REFERENCE / "verify.mjs")],
            input=json.dumps(given).encode(),
            env={**os.environ, "REFERENCE_MODULES": str(node_modules)},
            capture_output=True,
            timeout=60,
            check=True,
        )
        return answer.stdout.decode().strip()

    def test_takes_what_we_sign(self, node_modules, now):
        secret = new_secret()

        assert (
            self.verify(node_modules, secret=secret, signed=headers(secret, now=now)) == "genuine"
        )

    def test_takes_both_secrets_of_a_rotation(self, node_modules, now):
        old, new = new_secret(), new_secret()
        signed = headers(new, old, now=now)

        assert self.verify(node_modules, secret=old, signed=signed) == "genuine"
        assert self.verify(node_modules, secret=new, signed=signed) == "genuine"

    def test_refuses_what_was_changed_on_the_way(self, node_modules, now):
        secret = new_secret()
        signed = headers(secret, now=now)

        said = self.verify(node_modules, secret=secret, signed=signed, body=BODY + b" ")

        assert said == "No matching signature found"
