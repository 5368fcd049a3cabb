"""A stand-in for Twilio's messages and calls, over real HTTP, with a memory, faults on demand.

In a test: `with running() as fake:` and `settings.TWILIO_API_BASE_URL = fake.url`.
As a process: `python -m tests.fake_twilio --port 8089`, steered through `/_control/…`: `server.py`.
"""

from tests.fake_twilio.server import RunningFake, running
from tests.fake_twilio.store import Fault

__all__ = ["Fault", "RunningFake", "running"]
