"""The settings of `config`, read in an environment that leaves nothing behind.

DATABASE_URL and BROKER_URL are taken as they are given: the same suites run on PostgreSQL and on a
real broker. Everything else is fixed, so that nobody's shell changes a test.
"""

import atexit
import os
import shutil
import tempfile

FIXED = {
    "ENVIRONMENT": "test",
    "SECRET_KEY": "only-for-tests-" + "0123456789" * 4,
    "FIELD_ENCRYPTION_KEYS": "dGVzdHMtb25seS10ZXN0cy1vbmx5LXRlc3RzLW9ubHk=",
    "PUBLIC_BASE_URL": "https://desk.example.test",
    "ALLOWED_HOSTS": "testserver,localhost,127.0.0.1,desk.example.test",
    "TWILIO_API_BASE_URL": os.environ.get("RELAYDESK_TESTS_TWILIO", "http://127.0.0.1:9"),
    "WHATSAPP_CLOUD_API_BASE_URL": "http://127.0.0.1:9/v23.0",
    "ENGAGELAB_API_BASE_URL": "http://127.0.0.1:9",
    "EGRESS_ALLOWED_HOSTS": os.environ.get("RELAYDESK_TESTS_EGRESS", ""),
    "LOG_LEVEL": "WARNING",
}
UNSET = ("DEBUG", "PORT", "HOST", "TRUSTED_PROXIES", "TIME_ZONE")


def _remove_folder(path: str, *, owner: int) -> None:
    """A forked child leaves its parent's folder alone."""
    if os.getpid() == owner:
        shutil.rmtree(path, ignore_errors=True)


for name in UNSET:
    os.environ.pop(name, None)
os.environ.update(FIXED)
# A process that a test starts works on the files of that test.
os.environ["DATA_DIR"] = os.environ.get("RELAYDESK_TESTS_DATA") or tempfile.mkdtemp(
    prefix="relaydesk-tests-"
)
if "RELAYDESK_TESTS_DATA" not in os.environ:
    atexit.register(_remove_folder, os.environ["DATA_DIR"], owner=os.getpid())
os.environ.setdefault("BROKER_URL", "memory://")

from config.settings import *  # noqa: E402, F403

LOCAL_CACHE = "django.core.cache.backends.locmem.LocMemCache"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# The test client speaks plain HTTP.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = False
# Counts of one test are nothing to the next, and the broker is not emptied for them.
CACHES = {name: {**each, "BACKEND": LOCAL_CACHE} for name, each in CACHES.items()}  # noqa: F405
# Locking out is tested where it is the subject.
AXES_ENABLED = False
