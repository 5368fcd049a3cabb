"""The prepared customers of the simulator, and what they might write. Values only."""

import re
from dataclasses import dataclass

from routing.simulator.requests import Caller

NUMBER = re.compile(r"\A\+[1-9][0-9]{6,14}\Z")
#: The next new person gets a number behind these; the range was never given out.
NEW_PREFIX, NEW_DIGITS = "+8190000090", 2


@dataclass(frozen=True, slots=True)
class Persona:
    """Somebody with a ready-made phone. `suggestions` are in `language`."""

    number: str
    name: str
    language: str
    suggestions: tuple[str, ...]
    #: What an agent might answer.
    answer: str

    @property
    def caller(self) -> Caller:
        return Caller(self.number, self.name)


MISAKI = Persona(
    "+819000000001",
    "佐藤 美咲",
    "ja",
    (
        "返金できますか?",
        "注文した自転車はいつ届きますか?",
        "ロードバイクの価格を教えてください。",
        "営業時間を教えてください。",
    ),
    "お問い合わせありがとうございます。すぐにお調べします。",
)
CLAIRE = Persona(
    "+33639980001",
    "Claire Martin",
    "fr",
    ("Mon casque est arrivé cassé.", "Quel est le prix du vélo pliant ?", "Où est ma commande ?"),
    "Bonjour, merci pour votre message. Je regarde tout de suite.",
)
CHEN = Persona(
    "+447700900001",
    "陈洁",
    "zh-hans",
    ("您好,可以退款吗?", "请问折叠车多少钱?", "什么时候发货?"),
    "您好,感谢您的留言,我马上为您查询。",
)
PREPARED = (MISAKI, CLAIRE, CHEN)
STRANGER = Persona(
    "",
    "",
    "en",
    (
        "Can I get a refund?",
        "What is the price of the touring bike?",
        "Where is my order?",
        "What are your opening hours?",
    ),
    "Thank you for your message. I am looking into it.",
)


def find(number: str, *, name: str = "") -> Persona:
    """Return the prepared person with this number, else a stranger who has it."""
    for persona in PREPARED:
        if persona.number == number:
            return persona
    return Persona(number, name, STRANGER.language, STRANGER.suggestions, STRANGER.answer)
