"""Talking to models over the wire: what goes out, what comes back, and where nothing goes."""

import json
import os
import socket
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from routing.ai import openai, registry, self_hosted
from routing.ai.base import AiError, Brief, HandOver, Line, Question, Reply, Speaker, Tag
from tests.fake_receiver import running

AT = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
KEY = "sk-very-secret-1234"


@pytest.fixture
def model():
    with running() as fake:
        yield fake


@pytest.fixture(autouse=True)
def _allowed(settings, model):
    settings.EGRESS_ALLOWED_HOSTS = ["127.0.0.1"]
    settings.AI_BASE_URLS = [base_url(model), "https://api.openai.com/v1"]


def base_url(model):
    return f"http://127.0.0.1:{model.server_port}/v1"


def question(model, *, kind="openai", text="Do you ship abroad?", **fields):
    fields.setdefault("base_url", base_url(model))
    brief = Brief(kind=kind, name="Aiko", model="small", key=KEY, tags=("refund",), **fields)
    line = Line(Speaker.CUSTOMER, text, AT, "0199-uuid", 12345)
    return Question(brief, [line], conversation_id=98765, organisation="org-1")


def completion(*calls, content=None, **more):
    functions = [{"function": {"name": n, "arguments": json.dumps(a)}} for n, a in calls]
    message = {"role": "assistant", "content": content, "tool_calls": functions}
    return {"body": json.dumps({"choices": [{"message": message}], **more}).encode()}


def error_of(think, asked, **more):
    with pytest.raises(AiError) as failed:
        think(asked, **more)
    assert KEY not in f"{failed.value!r} {failed.value.detail}"
    return failed.value


class TestOpenAi:
    def test_asks_in_the_chat_format_with_the_key(self, model):
        model.tell(**completion(("reply", {"text": "Yes."}), usage={"prompt_tokens": 7}))
        thought = registry.think(question(model))
        assert thought.actions == (Reply("Yes."),)
        assert thought.tokens_in == 7
        (call,) = model.calls
        assert call.path == "/v1/chat/completions"
        assert call.headers["authorization"] == f"Bearer {KEY}"
        sent = json.loads(call.body)
        assert sent["model"] == "small"
        assert sent["messages"][-1] == {"role": "user", "content": "Do you ship abroad?"}
        assert KEY not in call.body.decode()

    def test_asks_once_more_where_nothing_was_said(self, model):
        model.tell(**completion(("tag", {"tags": ["refund"]})))
        model.tell(**completion(content="We refund within a week."))
        thought = openai.think(question(model))
        assert thought.actions == (Tag(("refund",)), Reply("We refund within a week."))
        assert "tools" not in json.loads(model.calls[1].body)

    def test_never_asks_a_third_time(self, model):
        model.tell(times=5, **completion(("tag", {"tags": ["refund"]})))
        openai.think(question(model))
        assert len(model.calls) == 2

    @pytest.mark.parametrize(
        ("status", "code", "may_pass"),
        [
            (401, "unauthorized", False),
            (403, "unauthorized", False),
            (404, "refused", False),
            (429, "rate_limited", True),
            (500, "server", True),
            (503, "server", True),
            (302, "refused", False),
        ],
    )
    def test_says_by_a_code_what_went_wrong(self, model, status, code, may_pass):
        model.tell(status=status, body=KEY.encode(), headers={"Location": "http://127.0.0.1:1/"})
        error = error_of(openai.think, question(model))
        assert (error.code, error.may_pass) == (code, may_pass)
        assert len(model.calls) == 1

    def test_hears_how_long_to_wait(self, model):
        model.tell(status=429, headers={"Retry-After": "7"})
        assert error_of(openai.think, question(model)).retry_after_s == 7

    @pytest.mark.parametrize("body", [b"", b"{", b"<html>", b"[]", b"\xff\xfe", b"null"])
    def test_refuses_what_it_cannot_read(self, model, body):
        model.tell(body=body)
        assert error_of(openai.think, question(model)).code == "malformed"

    def test_reads_to_a_limit(self, model):
        model.tell(body=b'"' + b"x" * 600_000 + b'"')
        assert error_of(openai.think, question(model)).code == "too_large"

    def test_gives_up_on_a_slow_drip(self, model):
        model.tell(raw=b"HTTP/1.1 200 OK\r\n\r\n" + b" " * 1000, drip_s=0.05)
        assert error_of(openai.think, question(model, timeout_s=0.5)).code == "timeout"

    def test_says_that_nobody_is_there(self, model):
        asked = question(model)
        model.shutdown()
        model.server_close()
        assert error_of(openai.think, asked).code == "connection"

    @pytest.mark.parametrize(
        "url",
        [
            "https://evil.example/v1",
            "https://api.openai.com.evil.example/v1",
            "https://api.openai.com@evil.example/v1",
            "http://api.openai.com/v1",
            "https://api.openai.com/v1/../../other",
            "https://api.openai.com/v1/%2e%2e/x",
            "https://api.openai.com/v11",
            "https://api.openai.com:8443/v1",
            "",
        ],
    )
    def test_asks_only_where_the_operator_lets_it(self, model, url):
        assert error_of(openai.think, question(model, base_url=url)).code == "not_listed"
        assert model.calls == []

    def test_asks_below_an_address_of_the_list(self, model):
        model.tell(**completion(content="Hi."))
        asked = question(model, base_url=base_url(model) + "/team/")
        assert openai.think(asked).actions == (Reply("Hi."),)
        assert model.calls[0].path == "/v1/team/chat/completions"


@pytest.mark.parametrize("adapter", [openai, self_hosted])
class TestTheWayOut:
    @pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.7", "169.254.169.254", "::1"])
    def test_refuses_a_name_that_means_a_private_address(self, model, settings, adapter, address):
        settings.EGRESS_ALLOWED_HOSTS = []
        settings.AI_BASE_URLS = ["https://model.example.com:8443/v1"]
        asked = question(model, base_url=settings.AI_BASE_URLS[0])
        error = error_of(adapter.think, asked, resolver=lambda host, port: [address])
        assert (error.code, error.detail) == ("blocked", "private")
        assert model.connections == 0

    def test_asks_for_the_name_once(self, model, settings, adapter):
        settings.EGRESS_ALLOWED_HOSTS = ["model.test"]
        settings.AI_BASE_URLS = [f"http://model.test:{model.server_port}/v1"]
        asked = []

        def rebinding(host, port):
            asked.append(host)
            return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.7"]

        body = completion(content="Hi.")["body"][:-1] + b', "reply_text": "Hi."}'
        model.tell(body=body)
        found = question(model, base_url=settings.AI_BASE_URLS[0])
        assert adapter.think(found, resolver=rebinding).actions == (Reply("Hi."),)
        assert asked == ["model.test"]

    def test_follows_no_redirect(self, model, adapter):
        with socket.create_server(("127.0.0.1", 0)) as inner:
            inner.settimeout(0.2)
            location = f"http://127.0.0.1:{inner.getsockname()[1]}/"
            model.tell(status=307, headers={"Location": location})
            assert error_of(adapter.think, question(model)).code == "refused"
            with pytest.raises(TimeoutError):
                inner.accept()


class TestSelfHosted:
    def ask(self, model, body):
        model.tell(body=body if isinstance(body, bytes) else json.dumps(body).encode())
        return self_hosted.think(question(model, kind="self_hosted", instructions="Be kind."))

    def test_sends_the_fields_of_the_contract(self, model):
        thought = self.ask(model, {"reply_text": "Yes, we do."})
        assert thought.actions == (Reply("Yes, we do."),)
        (call,) = model.calls
        assert call.path == "/v1"
        assert call.headers["authorization"] == f"Bearer {KEY}"
        assert json.loads(call.body) == {
            "conversation_id": 98765,
            "org_uuid": "org-1",
            "version": "1.0",
            "prompt": "Be kind.",
            "participants": {},
            "messages": [
                {
                    "message_type": "text",
                    "message_uuid": "0199-uuid",
                    "sender_id": 12345,
                    "sender_type": "member",
                    "text": "Do you ship abroad?",
                    "timestamp": "2026-11-18T09:00:00Z",
                }
            ],
        }

    def test_takes_the_marker_out_and_hands_over(self, model):
        thought = self.ask(model, {"reply_text": "Let me get a colleague. <HUMAN_HANDOVER>"})
        assert thought.actions == (Reply("Let me get a colleague."), HandOver())

    def test_says_nothing_where_there_is_only_the_marker(self, model):
        assert self.ask(model, {"reply_text": "<HUMAN_HANDOVER>"}).actions == (HandOver(),)

    def test_ignores_every_other_field(self, model):
        thought = self.ask(model, {"reply_text": "Hi.", "assign_to": 1, "close": True})
        assert thought.actions == (Reply("Hi."),)
        assert thought.ignored == ("field:assign_to", "field:close")

    def test_writes_no_name_down_that_no_database_takes(self, model):
        thought = self.ask(model, {"reply_text": "Hi.", "\u0000": 1, "\ud800x": 2, "\u202e": 3})
        assert thought.ignored == ("field:?", "field:?", "field:x")

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            (b"{", "malformed"),
            (b"", "malformed"),
            ([], "malformed"),
            ({}, "malformed"),
            ({"reply_text": 7}, "malformed"),
            ({"reply_text": None}, "malformed"),
            ({"reply_text": "  "}, "empty"),
            (b"[" * 100_000, "malformed"),
        ],
    )
    def test_refuses_what_is_no_answer(self, model, body, code):
        with pytest.raises(AiError) as refused:
            self.ask(model, body)
        assert refused.value.code == code

    def test_gives_up_in_time(self, model):
        model.tell(delay_s=2)
        asked = question(model, kind="self_hosted", timeout_s=0.3)
        assert error_of(self_hosted.think, asked).code == "timeout"

    def test_waits_45_seconds_unless_told_otherwise(self, model):
        assert question(model).brief.timeout_s == 45


class TestTheWeb:
    def test_does_not_load_the_sdk(self):
        """Importing it takes more than a second, and only whoever asks a model needs it."""
        modules = "config.wsgi, config.urls, config.drains, sys"
        script = f"import {modules}; print('openai' in sys.modules)"
        ran = subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
            capture_output=True,
            text=True,
            check=True,
        )
        assert ran.stdout.split() == ["False"]
