"""Reads the environment for `config/settings.py`, and refuses what must not be served.

A refusal is one sentence that names the variable. `manage.py` prints it and exits with 2.
"""

import base64
import binascii
import hashlib
import os
import secrets
import tempfile
from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit
from zoneinfo import available_timezones

import environ
from cryptography.fernet import Fernet

ENVIRONMENTS = ("development", "production", "test")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
BROKER_SCHEMES = ("redis", "rediss", "redis+socket", "amqp", "amqps", "memory")
# What people leave in a file that they copied from somewhere.
EXAMPLE_MARKS = ("example", "change-me", "changeme", "change_me", "insecure", "replace", "your-")
SECRET_KEY_MIN_LENGTH = 16
# How long a broker that hangs may keep somebody waiting; one that is away answers at once.
BROKER_PATIENCE_S = 0.4
# The kernel keeps a Unix socket's path in 108 bytes (104 on macOS), its end marker included.
SOCKET_PATH_MAX_BYTES = 100


# A connection lives as long as its thread, and is tried before it is used again.
PERSISTENT = {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}


class SettingsError(Exception):
    """A variable is missing or wrong. The text is for the person who starts Relaydesk."""


class Environment(environ.Env):
    """django-environ, with a sentence where it would leave a traceback."""

    def int(self, var: str, default: int) -> int:
        try:
            return int(super().int(var, default=default))
        except ValueError:
            raise SettingsError(f"{var} must be a whole number.") from None


def default_environment(database_url: str) -> str:
    """Return which environment this is where nobody said: a server's database means production."""
    return "production" if urlsplit(database_url).scheme.startswith("postgres") else "development"


def check_environment(name: str) -> str:
    if name not in ENVIRONMENTS:
        raise SettingsError(f"ENVIRONMENT is {name!r}; it is one of {', '.join(ENVIRONMENTS)}.")
    return name


def check_debug(debug: bool, *, environment: str) -> bool:  # noqa: FBT001 - it is the subject
    if debug and environment == "production":
        raise SettingsError("DEBUG is on in production; unset it.")
    return debug


def check_time_zone(name: str) -> str:
    if name not in available_timezones():
        raise SettingsError(f"TIME_ZONE is {name!r}, which is no zone; for example Asia/Tokyo.")
    return name


def check_log_level(name: str) -> str:
    if name.upper() not in LOG_LEVELS:
        raise SettingsError(f"LOG_LEVEL is {name!r}; it is one of {', '.join(LOG_LEVELS)}.")
    return name.upper()


def check_base_url(variable: str, url: str) -> str:
    """Return an http(s) address without its trailing slash."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsError(f"{variable} is {url!r}; it must begin with http:// or https://.")
    return url.rstrip("/")


def check_database_url(url: str) -> str:
    """Return the address; empty stands for SQLite in DATA_DIR."""
    scheme = urlsplit(url).scheme
    if url and scheme not in ("sqlite", "postgres", "postgresql"):
        raise SettingsError(
            f"DATABASE_URL begins with {scheme!r}; supported are sqlite:// and postgresql://."
        )
    return url


def read_database(url: str, *, data_dir: Path, prepare_threshold: int) -> dict[str, Any]:
    """Return Django's description of the database."""
    if not url:
        return _sqlite(data_dir / "relaydesk.sqlite3", data_dir=data_dir)
    described: dict[str, Any] = environ.Env.db_url_config(url)
    if described["ENGINE"].endswith("sqlite3"):
        return _sqlite(Path(described["NAME"]), data_dir=data_dir)
    options = {"connect_timeout": 5, "tcp_user_timeout": 20_000}
    if prepare_threshold:
        options |= {"server_side_binding": True, "prepare_threshold": prepare_threshold}
    described["OPTIONS"] = options | described.get("OPTIONS", {})
    return described | PERSISTENT


def _sqlite(path: Path, *, data_dir: Path) -> dict[str, Any]:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    options = {
        # A writer waits for its turn at BEGIN, where waiting can be waited out. A transaction that
        # starts as a reader and then wants to write is refused at once.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "OPTIONS": options,
        # A file, because an in-memory database is not seen by a second process.
        "TEST": {"NAME": str(data_dir / "test.sqlite3")},
        **PERSISTENT,
    }


def make_folder(path: Path) -> str | None:
    """Make a folder for this user alone; None where nothing may be written (a mere command)."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return None
    return str(path)


def check_broker_url(url: str) -> str:
    scheme = urlsplit(url).scheme
    if scheme not in BROKER_SCHEMES:
        raise SettingsError(
            f"BROKER_URL begins with {scheme!r}; it is one of {', '.join(BROKER_SCHEMES)}."
        )
    return url


def check_secret_key(key: str) -> str:
    marked = any(mark in key.lower() for mark in EXAMPLE_MARKS)
    if marked or len(key) < SECRET_KEY_MIN_LENGTH:
        raise SettingsError("SECRET_KEY is an example or too short; make one of 50 random letters.")
    return key


def check_field_keys(keys: list[str], *, environment: str) -> list[str]:
    """Return the keys if each can encrypt; in production also only if nobody typed it by hand."""
    for key in keys:
        raw = _fernet_bytes(key)
        if raw is None:
            raise SettingsError(
                "FIELD_ENCRYPTION_KEYS holds a key that is not 32 bytes in URL-safe base64."
            )
        if environment == "production" and len(set(raw)) == 1:
            raise SettingsError("FIELD_ENCRYPTION_KEYS holds an example key; make a random one.")
    return keys


def _fernet_bytes(key: str) -> bytes | None:
    try:
        raw = base64.urlsafe_b64decode(key)
    except (binascii.Error, ValueError):
        return None
    return raw if len(raw) == 32 else None  # noqa: PLR2004 - Fernet's key length


def require(value: str, *, variable: str) -> str:
    if not value:
        raise SettingsError(f"{variable} is not set; production needs it.")
    return value


def new_secret_key() -> str:
    return secrets.token_urlsafe(50)


def new_field_key() -> str:
    return Fernet.generate_key().decode()


def keep_secret(path: Path, *, make: Callable[[], str]) -> str:
    """Return the secret in `path`, making it first if nobody has: readable by this user alone.

    Web, worker and beat may all start at once on an empty folder: `link` lets one of them win.
    """
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        with os.fdopen(descriptor, "w") as draft:
            draft.write(make())
        try:
            os.link(name, path)
        except FileExistsError:
            pass
        finally:
            os.unlink(name)
    return path.read_text().strip()


def embedded_broker_url(data_dir: Path) -> str:
    return f"redis+socket://{quote(str(embedded_broker_socket(data_dir)))}"


def embedded_broker_socket(data_dir: Path) -> Path:
    """Return where the embedded broker listens: in DATA_DIR unless that name is too long."""
    path = data_dir / "broker" / "broker.sock"
    if len(os.fsencode(path)) <= SOCKET_PATH_MAX_BYTES:
        return path
    short = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"relaydesk-{os.getuid()}" / f"{short}.sock"


def check_networks(variable: str, values: list[str]) -> list[str]:
    """Return the addresses and networks as they were given, if each is one."""
    for value in values:
        try:
            ip_network(value, strict=False)
        except ValueError:
            raise SettingsError(f"{variable} holds {value!r}, which is no IP address.") from None
    return values


def read_counter_store(broker_url: str) -> dict[str, Any]:
    """Return the cache that counts requests: the broker's Redis, else the memory of the process."""
    scheme = urlsplit(broker_url).scheme
    if not scheme.startswith("redis"):
        return {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "counters"}
    return {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": broker_url.replace("redis+socket://", "unix://", 1),
        "KEY_PREFIX": "relaydesk",
        "OPTIONS": {
            "socket_connect_timeout": BROKER_PATIENCE_S,
            "socket_timeout": BROKER_PATIENCE_S,
        },
    }


def check_rates(rates: dict[str, int]) -> dict[str, int]:
    for name, number in rates.items():
        if number < 0:
            variable = f"API_{name.upper()}_PER_MINUTE"
            raise SettingsError(f"{variable} is {number}; it is 0 (no limit) or more.")
    return rates


def broker_transport_options(url: str) -> dict[str, Any]:
    """Return how long a broker may keep somebody waiting. Empty for RabbitMQ.

    A dead broker costs the caller of `.delay()` one short try; the sweep does the work anyway.
    What a killed worker held comes back after `visibility_timeout` seconds.
    """
    if not urlsplit(url).scheme.startswith("redis"):
        return {"max_retries": 0}
    return {
        "visibility_timeout": 30,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "socket_connect_timeout": BROKER_PATIENCE_S,
        "socket_timeout": BROKER_PATIENCE_S,
        "max_retries": 0,
    }
