"""The demo's three accounts, and one API key that stays the same from one start to the next."""

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.utils.translation import gettext_noop

from routing.demo.shop import DOMAIN
from teams.models import ApiKey, User
from teams.scopes import every_scope
from teams.services import api_keys

KEY_NAME = "Demo"
KEY_FILE = "demo_api_key"
#: Known to everybody, and of use to nobody: it opens invented data on one's own machine.
PASSWORD = "hoshi-bikes"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Account:
    email: str
    sees: str


ACCOUNTS = (
    Account(f"hana@{DOMAIN}", gettext_noop("owner: everything")),
    Account(f"malik@{DOMAIN}", gettext_noop("administrator: all but the owner's account")),
    Account(f"ana@{DOMAIN}", gettext_noop("supervisor: her teams")),
)


def passwords() -> dict[str, str]:
    return {account.email: PASSWORD for account in ACCOUNTS}


def keep_key(folder: Path, *, now: datetime) -> str:
    """Return a key that works: the one that was printed before, or a new one.

    The database has a hash only, so the key itself lies in `folder`, readable by this user alone.
    """
    path = folder / KEY_FILE
    known = path.read_text().strip() if path.exists() else ""
    if known and _works(known, now=now):
        return known
    owner = User.objects.get(email=ACCOUNTS[0].email)
    for old in ApiKey.objects.filter(user=owner, name=KEY_NAME, revoked=False):
        api_keys.revoke(old)
    issued = api_keys.issue(owner, name=KEY_NAME, scopes=every_scope())
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(issued.key)
    return issued.key


def _works(key: str, *, now: datetime) -> bool:
    try:
        return api_keys.find_active(key, now=now) is not None
    except (api_keys.ApiKeyDisabledError, api_keys.ApiKeyExpiredError):
        return False
