"""What a production is refused, and what an empty environment gives."""

import os
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from config.environment import SettingsError, new_field_key, new_secret_key

ROOT = Path(__file__).resolve().parents[3]
Settings = dict[str, Any]
Reader = Callable[..., Settings]


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Reader:
    """Read the settings as a process with exactly these variables would."""

    def read_with(**variables: str) -> Settings:
        for name in list(os.environ):
            if name.isupper() and name not in ("PATH", "HOME", "DJANGO_SETTINGS_MODULE"):
                monkeypatch.delenv(name)
        monkeypatch.setenv("DATA_DIR", str(tmp_path / "var"))
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(ROOT / "config/settings.py"))

    return read_with


@pytest.fixture
def production() -> dict[str, str]:
    return {
        "DATABASE_URL": "postgresql://relaydesk@127.0.0.1/relaydesk",
        "SECRET_KEY": new_secret_key(),
        "FIELD_ENCRYPTION_KEYS": new_field_key(),
        "PUBLIC_BASE_URL": "https://desk.example.com/",
    }


class TestAnEmptyEnvironment:
    def test_runs_on_sqlite_and_the_embedded_broker(self, read: Reader, tmp_path: Path) -> None:
        settings = read()
        assert settings["DATABASES"]["default"]["NAME"] == str(tmp_path / "var/relaydesk.sqlite3")
        assert settings["HAS_EMBEDDED_BROKER"] is True
        assert settings["ENVIRONMENT"] == "development"

    def test_keeps_its_secrets(self, read: Reader) -> None:
        first, second = read(), read()
        assert first["SECRET_KEY"] == second["SECRET_KEY"]
        assert first["FIELD_ENCRYPTION_KEYS"] == second["FIELD_ENCRYPTION_KEYS"]

    def test_is_reached_from_this_machine_alone(self, read: Reader) -> None:
        settings = read(PORT="8123")
        assert settings["HOST"] == "127.0.0.1"
        assert settings["PUBLIC_BASE_URL"] == "http://127.0.0.1:8123"
        assert "*" not in settings["ALLOWED_HOSTS"]


class TestProduction:
    def test_is_what_postgresql_means(self, read: Reader, production: dict[str, str]) -> None:
        assert read(**production)["ENVIRONMENT"] == "production"

    def test_can_be_said_aloud(self, read: Reader, production: dict[str, str]) -> None:
        del production["DATABASE_URL"]
        assert read(ENVIRONMENT="production", **production)["IS_PRODUCTION"] is True

    @pytest.mark.parametrize("variable", ["SECRET_KEY", "FIELD_ENCRYPTION_KEYS"])
    def test_needs_its_secrets(
        self, read: Reader, production: dict[str, str], variable: str, tmp_path: Path
    ) -> None:
        del production[variable]
        with pytest.raises(SettingsError, match=variable):
            read(**production)
        assert not (tmp_path / "var").exists()

    @pytest.mark.parametrize(
        ("variable", "value"),
        [
            ("DEBUG", "true"),
            ("SECRET_KEY", "example-key-0123456789-0123456789"),
            ("FIELD_ENCRYPTION_KEYS", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
            ("TIME_ZONE", "Tokio"),
            ("PUBLIC_BASE_URL", "desk.example.com"),
            ("DATABASE_URL", "mysql://db/relaydesk"),
            ("BROKER_URL", "kafka://broker"),
            ("TRUSTED_PROXIES", "proxy"),
            ("ENVIRONMENT", "staging"),
            ("PORT", "eighty"),
            ("LOG_LEVEL", "loud"),
        ],
    )
    def test_names_the_variable_that_is_wrong(
        self, read: Reader, production: dict[str, str], variable: str, value: str
    ) -> None:
        with pytest.raises(SettingsError, match=variable):
            read(**{**production, variable: value})

    def test_behind_tls_sends_cookies_over_tls_alone(
        self, read: Reader, production: dict[str, str]
    ) -> None:
        settings = read(**production)
        assert settings["PUBLIC_BASE_URL"] == "https://desk.example.com"
        assert settings["SESSION_COOKIE_SECURE"] is settings["CSRF_COOKIE_SECURE"] is True
        assert settings["SECURE_SSL_REDIRECT"] is True


class TestThePolicy:
    def test_allows_nothing_unsafe(self, read: Reader) -> None:
        directives = read()["CONTENT_SECURITY_POLICY"]["DIRECTIVES"]
        assert directives["script-src"] == directives["style-src"] == ["'self'"]
        assert directives["frame-ancestors"] == ["'none'"]
        assert "unsafe" not in str(directives)
