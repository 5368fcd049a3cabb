"""The description of the API is made once, however many ask for it first."""

import subprocess
import sys

SCRIPT = """
import threading
import django
django.setup()
from config.api import document
made, start = [], threading.Barrier(4)
def ask():
    start.wait()
    made.append(document.as_json())
threads = [threading.Thread(target=ask) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(len(made), len(set(made)))
"""


class TestTheDescription:
    def test_is_the_same_for_all_who_ask_first_at_once(self, house_environment):
        environment = {**house_environment, "DJANGO_SETTINGS_MODULE": "tests.settings"}
        asked = subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        assert asked.stdout.split() == ["4", "1"], asked.stderr
