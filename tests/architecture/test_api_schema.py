"""What is published about the API is true: whole, valid, and the same as in the repository."""

import inspect
import re

import pytest
from drf_spectacular.validation import validate_schema

from config.api import document, schema_parts
from config.management.commands.openapi import COPY
from teams.api.operations import operation_of
from tests.addresses import api_addresses

READS_BODY = re.compile(r"self\.read_body\((\w+)\)")
DESCRIBED, PROBLEMS = document.build()
WRITING = [
    pytest.param(address, method, id=f"{method} {address.path}")
    for address in api_addresses()
    for method in address.methods
    if method != "GET"
]


def described(address, method):
    return DESCRIBED["paths"][address.path][method.lower()]


class TestDocument:
    def test_is_made_without_a_warning(self):
        assert PROBLEMS == []

    def test_is_valid(self):
        validate_schema(DESCRIBED)

    def test_is_the_one_in_the_repository(self):
        is_same = COPY.read_bytes() == document.as_yaml()

        assert is_same, "The API changed: run “make schema”, and read what that changes."

    def test_has_every_address_and_method(self):
        there = {(path, method) for path, each in DESCRIBED["paths"].items() for method in each}
        wanted = {
            (address.path, method.lower())
            for address in api_addresses()
            for method in address.methods
        }

        assert there == wanted

    def test_groups_the_addresses_under_known_headings(self):
        headings = {name for name, _text in schema_parts.TAGS.values()}
        every = (one for path in DESCRIBED["paths"].values() for one in path.values())
        used = {tag for operation in every for tag in operation["tags"]}

        assert used <= headings, "Give the new group its line in config/api/schema_parts.py."

    def test_refers_to_nothing_that_is_absent(self):
        parts = DESCRIBED["components"]
        for kind, name in re.findall(r"#/components/(\w+)/([\w-]+)", document.as_json().decode()):
            assert name in parts[kind], f"{kind} {name}"

    def test_shows_a_problem_for_every_refusal(self):
        for answer in DESCRIBED["components"]["responses"].values():
            ((kind, content),) = answer["content"].items()

            assert kind == "application/problem+json"
            assert set(content["example"]) == set(
                DESCRIBED["components"]["schemas"]["Problem"]["required"]
            )


@pytest.mark.parametrize(("address", "method"), WRITING)
class TestWriting:
    def test_reads_the_body_that_is_described(self, address, method):
        code = inspect.getsource(inspect.unwrap(getattr(address.endpoint, method.lower())))
        read = READS_BODY.findall(code)
        body = operation_of(address.endpoint, method).body

        assert set(read) <= {body.__name__ if body else ""}

    def test_shows_an_example_of_its_body(self, address, method):
        body = described(address, method).get("requestBody", {"content": {}})
        as_json = body["content"].get("application/json")

        assert as_json is None or as_json.get("examples")

    def test_asks_for_a_scope(self, address, method):
        assert address.endpoint.scopes.get(method) is not None

    def test_has_one_effect_for_one_key(self, address, method):
        if method in ("POST", "PATCH"):
            assert getattr(getattr(address.endpoint, method.lower()), "is_once", False)
