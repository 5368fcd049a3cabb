"""The adapter of each kind, loaded when it is first asked: the SDK of one is slow to import."""

from importlib import import_module

from routing.ai.base import Question, Thought

_MODULES = {
    "openai": "routing.ai.openai",
    "self_hosted": "routing.ai.self_hosted",
    "faq": "routing.ai.faq",
}


def think(question: Question) -> Thought:
    """Ask the AI agent of the brief's kind. Raises `AiError`."""
    thought: Thought = import_module(_MODULES[question.brief.kind]).think(question)
    return thought
