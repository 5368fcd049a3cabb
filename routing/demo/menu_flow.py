"""The flow of the demo: whoever writes "menu" says what it is about, and gets to a team."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from routing.models import Flow
from routing.services import flows
from routing.services.flows import Head
from teams.models import Team

WORDS = ("menu", "メニュー", "菜单")
_CHOICES = (
    "Repair · 修理 · Réparation · 维修",
    "Price · 価格 · Prix · 价格",
    "Order · 注文 · Commande · 订单",
)
_MENU = {
    "": "What is it about? Answer with a number.",
    "ja": "どのようなご用件ですか? 番号でお答えください。",
    "fr": "De quoi s’agit-il ? Répondez par un numéro.",
    "zh-hans": "请问是什么事? 请回复数字。",
}
_ORDER = {
    "": "Which order number?",
    "ja": "ご注文番号を教えてください。",
    "fr": "Quel est le numéro de commande ?",
    "zh-hans": "请问订单号是多少?",
}


def draw(teams: dict[str, Team], *, now: datetime) -> Flow:
    """Draw the flow and publish it."""
    head = Head(_("Menu"), "equals", words=WORDS)
    flow = flows.create(head, document={"steps": _steps(teams)}, author=None, now=now)
    flows.publish(flow, author=None, now=now)
    return flow


def _steps(teams: dict[str, Team]) -> list[dict[str, Any]]:
    ask = {"text": _ORDER, "answer_as": "order", "accepts": "number", "attempts": 2}
    elsewhere = {"on_failed": "To support", "on_timeout": "To support"}
    return [
        {"name": "Menu", "kind": "message", "text": _MENU, "buttons": list(_CHOICES), "wait": True},
        {
            "name": "About what",
            "kind": "condition",
            "paths": [_path("Repair", "To support"), _path("Price", "To sales")],
        },
        {"name": "Order number", "kind": "question", **ask, **elsewhere},
        {
            "name": "Note the order",
            "kind": "update_contact",
            "attributes": {"last_order": "{{order}}"},
            "next": "To success",
        },
        _team("To sales", teams["sales"], tag="sales", next="Over"),
        _team("To support", teams["support"], tag="repair", next="Over"),
        _team("To success", teams["success"], tag="delivery"),
        {"name": "Over", "kind": "end"},
    ]


def _path(word: str, way: str) -> dict[str, Any]:
    asked = {"field": "message.text", "operator": "contains", "value": word}
    return {"name": word, "conditions": [asked], "next": way}


def _team(name: str, team: Team, *, tag: str, next: str = "") -> dict[str, Any]:
    return {
        "name": name,
        "kind": "team",
        "team": str(team.public_id),
        "conversation_tags": [tag],
        "tags_mode": "add",
        "next": next,
    }
