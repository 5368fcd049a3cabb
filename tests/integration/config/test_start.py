"""What the person sees who starts Relaydesk: real processes."""

import subprocess
import sys
from pathlib import Path

import pytest

from config.environment import new_field_key, new_secret_key

ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.slow


def manage(*arguments: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


class TestRefusal:
    def test_is_one_sentence_and_no_traceback(self, house_environment: dict[str, str]) -> None:
        house_environment["ENVIRONMENT"] = "production"
        ended = manage("check", environment=house_environment)
        assert ended.returncode == 2
        assert ended.stderr == (
            "Relaydesk does not start: SECRET_KEY is not set; production needs it.\n"
        )

    def test_covers_every_command(self, house_environment: dict[str, str]) -> None:
        house_environment["TIME_ZONE"] = "Tokio"
        for command in ("serve", "migrate", "tick", "shell", "help"):
            ended = manage(command, environment=house_environment)
            assert (ended.returncode, ended.stderr.count("\n")) == (2, 1), command
            assert "TIME_ZONE" in ended.stderr


class TestDeployment:
    def test_is_found_clean(self, house_environment: dict[str, str]) -> None:
        house_environment |= {
            "DATABASE_URL": "postgresql://relaydesk@127.0.0.1:9/relaydesk",
            "SECRET_KEY": new_secret_key(),
            "FIELD_ENCRYPTION_KEYS": new_field_key(),
            "PUBLIC_BASE_URL": "https://desk.example.com",
            "TRUSTED_PROXIES": "127.0.0.1",
        }
        ended = manage(
            "check", "--deploy", "--fail-level", "WARNING", environment=house_environment
        )
        assert (ended.returncode, ended.stderr) == (0, "")
        assert "no issues" in ended.stdout


class TestTick:
    def test_takes_no_instant_in_production(self, house_environment: dict[str, str]) -> None:
        house_environment |= {
            "ENVIRONMENT": "production",
            "SECRET_KEY": new_secret_key(),
            "FIELD_ENCRYPTION_KEYS": new_field_key(),
            "PUBLIC_BASE_URL": "https://desk.example.com",
        }
        ended = manage("tick", "--now", "2026-11-18T09:00:00Z", environment=house_environment)
        assert ended.returncode == 1
        assert "--now" in ended.stderr
