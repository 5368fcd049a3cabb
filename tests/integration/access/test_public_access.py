"""What is open to anybody: every address outside console, simulator and API, and what it says.

A new one fails here until somebody has looked who may have it.
"""

import pytest
from django.test import Client

from tests.addresses import walk

pytestmark = pytest.mark.django_db
#: Address -> what a stranger is told who makes one up, for GET, HEAD and POST.
PUBLIC = {
    "/calendar/<slug:token>.ics": (404, 404, 405),
    "/files/<str:token>/": (404, 404, 405),
    "/webhooks/voice/<slug:token>/<slug:step>/": (405, 405, 404),
    "/webhooks/<slug:provider>/<slug:token>/": (404, 405, 404),
    "/webhooks/<slug:provider>/<slug:token>/status/": (405, 405, 404),
}
GUARDED = ("/admin/", "/api/", "/simulator/")


def test_every_public_address_is_known():
    assert {path for path, _ in walk() if not path.startswith(GUARDED)} == set(PUBLIC)


@pytest.mark.parametrize("path", PUBLIC)
def test_a_stranger_hears_that_there_is_nothing(house, path):
    made_up = path.replace("<str:token>", "x").replace("<slug:token>", "x")
    made_up = made_up.replace("<slug:provider>", "twilio").replace("<slug:step>", "status")
    client = Client()

    said = tuple(getattr(client, method)(made_up).status_code for method in ("get", "head", "post"))

    assert said == PUBLIC[path]
