"""How many fields a form may have: a thousand, and more only where a flow is drawn."""

from urllib.parse import urlencode

import pytest
from django.urls import reverse

from routing.engine.flow.documents import MOST_STEPS
from routing.models import Flow
from tests.console import sign_in
from tests.factories import make_flow, make_supervisor
from tests.integration.console.flow_forms import fields_of

pytestmark = pytest.mark.django_db
FORM = "application/x-www-form-urlencoded"
END = {"name": "end", "kind": "end"}


@pytest.fixture
def desk():
    return sign_in(make_supervisor(name="Sara"))


def send(desk, address, fields):
    return desk.post(address, urlencode(fields, doseq=True), content_type=FORM)


def extra(number):
    return {f"extra-{place}": "x" for place in range(number)}


class TestTheFormOfAFlow:
    def test_keeps_as_many_steps_as_a_flow_may_have(self, desk):
        steps = [{"name": f"s{n}", "kind": "message", "text": {"": f"T{n}"}} for n in range(100)]
        flow = make_flow(steps=steps)
        address = reverse("admin:routing_flow_change", args=[flow.pk])
        fields = {**fields_of(desk.get(address).content), "act": "save", "name": "Long"}
        assert (len(steps), len(fields) > 1000) == (MOST_STEPS, True)

        assert send(desk, address, fields).status_code == 302
        saved = Flow.objects.get()
        assert (saved.name, len(saved.draft["steps"])) == ("Long", MOST_STEPS)

    def test_has_an_end_too(self, desk):
        address = reverse("admin:routing_flow_change", args=[make_flow(steps=[END]).pk])
        assert send(desk, address, extra(10_001)).status_code == 400


class TestEveryOtherForm:
    @pytest.mark.parametrize("page", ["admin:routing_flow_add", "admin:language"])
    def test_has_a_thousand_fields_at_most(self, desk, page):
        assert send(desk, reverse(page), extra(900)).status_code != 400
        assert send(desk, reverse(page), extra(1001)).status_code == 400
