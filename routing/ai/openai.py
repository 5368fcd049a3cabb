"""A model behind an OpenAI-compatible address, by the official SDK, over our guarded way out.

Importing the SDK takes more than a second: only who asks a model imports this module.
"""

import json
import time

import httpx2
import openai

from channels.egress import Resolver, resolve
from routing.ai import completions, wire
from routing.ai.base import AiError, Brief, HandOver, ProposeCallback, Question, Reply, Thought
from routing.ai.completions import Json

#: A model that only tagged is asked once more for its words, and never a third time.
_ANSWERS = (Reply, HandOver, ProposeCallback)
_KEPT_HEADERS = ("authorization", "content-type", "accept", "user-agent")


def think(question: Question, *, resolver: Resolver = resolve) -> Thought:
    """Ask the model. Raises `AiError`."""
    if not wire.is_listed(question.brief.base_url):
        raise AiError("not_listed")
    messages = completions.messages_for(question)
    tools = completions.tools_for(question.brief.tags)
    with _client(question, resolver=resolver) as client:
        first = _complete(client, question, {"messages": messages, "tools": tools})
        if any(isinstance(action, _ANSWERS) for action in first.actions):
            return first
        try:
            again = _complete(client, question, {"messages": messages})
        except AiError as error:
            error.tokens_in, error.tokens_out = first.tokens_in, first.tokens_out
            raise
    return Thought(
        (*first.actions, *again.actions),
        (*first.ignored, *again.ignored),
        tokens_in=first.tokens_in + again.tokens_in,
        tokens_out=first.tokens_out + again.tokens_out,
    )


class _GuardedTransport(httpx2.BaseTransport):
    """Sends the SDK's requests where our own go: resolved once, never to a private address.

    All of them together end within the brief's time.
    """

    def __init__(self, *, brief: Brief, resolver: Resolver) -> None:
        self._base_url, self._resolver = brief.base_url, resolver
        self._deadline = time.monotonic() + brief.timeout_s

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        url = str(request.url)
        if not url.startswith(self._base_url.rstrip("/") + "/"):
            raise AiError("not_listed")
        headers = {name: request.headers.get(name, "") for name in _KEPT_HEADERS}
        body = wire.post(
            url,
            body=request.read(),
            headers=headers,
            resolver=self._resolver,
            timeout_s=self._deadline - time.monotonic(),
        )
        return httpx2.Response(200, headers={"content-type": "application/json"}, content=body)


def _client(question: Question, *, resolver: Resolver) -> openai.OpenAI:
    brief = question.brief
    transport = _GuardedTransport(brief=brief, resolver=resolver)
    return openai.OpenAI(
        api_key=brief.key or "none",
        base_url=brief.base_url,
        max_retries=0,
        http_client=httpx2.Client(transport=transport, trust_env=False),
    )


def _complete(client: openai.OpenAI, question: Question, request: Json) -> Thought:
    create = client.chat.completions.with_raw_response.create
    try:
        answer = create(model=question.brief.model, **request)
    except openai.APIConnectionError as error:
        if isinstance(error.__cause__, AiError):
            raise error.__cause__ from None
        raise AiError("connection") from None
    except openai.OpenAIError as error:
        raise AiError("protocol", type(error).__name__) from None
    try:
        return completions.parse(json.loads(answer.content))
    except (ValueError, RecursionError):
        raise AiError("malformed") from None
