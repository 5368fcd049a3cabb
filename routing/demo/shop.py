"""The fictional shop "Hoshi Bikes": who works there, on which numbers, by which rules.

Values only; `founding.py` turns them into rows. Every phone number is from a range that is reserved
for fiction or was never given out.
"""

from dataclasses import dataclass
from datetime import date, time

from django.utils.translation import gettext_noop

from routing.engine.fields import Field, Operator
from teams.hours import Interval
from teams.models import Presence, Role, Strategy

DOMAIN = "hoshi.example"


@dataclass(frozen=True, slots=True)
class Colleague:
    """`day` is the shift in the person's own zone; `pace` multiplies how long an answer takes."""

    handle: str
    name: str
    role: Role = Role.AGENT
    language: str = "en"
    zone: str = "UTC"
    capacity: int | None = 5
    pace: float = 1.0
    day: tuple[time, time] = (time(9), time(18))
    #: Where they are when the two weeks end and somebody opens the demo.
    presence: Presence = Presence.ONLINE
    presence_reason: str = ""

    @property
    def email(self) -> str:
        return f"{self.handle}@{DOMAIN}"

    @property
    def is_answering(self) -> bool:
        return self.role <= Role.SENIOR_AGENT


@dataclass(frozen=True, slots=True)
class Crew:
    """A team. `reassign_after_s`: nobody answered for so long; None keeps it where it is."""

    code: str
    name: str
    description: str
    strategy: Strategy
    handles: tuple[str, ...]
    default_handle: str = ""
    reassign_after_s: int | None = None
    hours: str = ""


@dataclass(frozen=True, slots=True)
class Opening:
    """A calendar of business hours: `days` counts from Monday, `closed` are dates of every year."""

    code: str
    name: str
    zone: str
    days: dict[int, tuple[Interval, ...]]
    closed: tuple[tuple[date, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """A channel. `handles` are its own human agents, asked when no rule matches."""

    key: str
    name: str
    number: str
    zone: str
    handles: tuple[str, ...]
    distribution: str = "concurrent_load"


@dataclass(frozen=True, slots=True)
class Guideline:
    """A routing rule. `conditions` are field, operator, value; all of them must hold."""

    name: str
    conditions: tuple[tuple[Field, Operator, str], ...]
    team: str = ""
    handle: str = ""
    lines: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    priority: int | None = None
    match: str = "all"
    is_active: bool = True
    note: str = ""
    #: Its target is the scripted AI agent.
    asks_ai: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """What the scripted AI agent knows: a question, its answer, and words that mean it."""

    question: str
    answer: str
    words: tuple[str, ...]


TOKYO, PARIS, LONDON, SHANGHAI = "Asia/Tokyo", "Europe/Paris", "Europe/London", "Asia/Shanghai"

PEOPLE = (
    Colleague("hana", "Hana Hoshi", Role.OWNER, "ja", TOKYO, None),
    Colleague("malik", "Malik Durand", Role.ADMINISTRATOR, "fr", PARIS, None),
    Colleague("ana", "Ana Costa", Role.SUPERVISOR, "en", LONDON, None),
    Colleague("aiko", "Aiko Tanaka", Role.SENIOR_AGENT, "ja", TOKYO, 6, pace=0.8),
    Colleague(
        "fumi",
        "Fumi Sato",
        Role.AGENT,
        "ja",
        TOKYO,
        5,
        presence=Presence.AWAY,
        presence_reason=gettext_noop("Lunch"),
    ),
    Colleague("kenji", "Kenji Mori", Role.AGENT, "ja", TOKYO, 6, pace=1.2),
    Colleague("bruno", "Bruno Lefèvre", Role.SENIOR_AGENT, "fr", PARIS, 5),
    Colleague(
        "camille",
        "Camille Petit",
        Role.AGENT,
        "fr",
        PARIS,
        5,
        pace=1.3,
        presence=Presence.AWAY,
        presence_reason=gettext_noop("Training"),
    ),
    Colleague("ines", "Inès Moreau", Role.AGENT, "fr", PARIS, 4, pace=0.9),
    Colleague("wei", "Li Wei", Role.AGENT, "zh", SHANGHAI, 5),
    Colleague("min", "Zhang Min", Role.AGENT, "zh", SHANGHAI, 4, presence=Presence.OFFLINE),
    Colleague("grace", "Grace Okafor", Role.SENIOR_AGENT, "en", LONDON, 4, pace=0.7),
)

TEAMS = (
    Crew(
        "support",
        gettext_noop("Support"),
        gettext_noop("Broken parts, refunds, repairs."),
        Strategy.LEAST_BUSY,
        ("aiko", "fumi", "bruno", "wei", "ana"),
        reassign_after_s=15 * 60,
        hours="shop",
    ),
    Crew(
        "sales",
        gettext_noop("Sales"),
        gettext_noop("Prices, test rides, sizes."),
        Strategy.ROUND_ROBIN,
        ("kenji", "camille", "wei", "grace", "ana"),
        reassign_after_s=30 * 60,
    ),
    Crew(
        "success",
        gettext_noop("Customer success"),
        gettext_noop("Orders on their way. The members take them from the queue themselves."),
        Strategy.MANUAL,
        ("ines", "min", "ana"),
    ),
    Crew(
        "vip",
        gettext_noop("VIP"),
        gettext_noop("Customers who bought three bicycles or more."),
        Strategy.DEFAULT_USER,
        ("grace", "aiko", "ana"),
        default_handle="grace",
    ),
    Crew(
        "workshop",
        gettext_noop("Workshop"),
        gettext_noop("Repairs that need a mechanic: whoever stands in the workshop that day."),
        Strategy.SHIFT,
        ("kenji", "ines", "grace", "min"),
        hours="shop",
    ),
)

_LUNCH_BREAK = (Interval(time(10), time(13)), Interval(time(14), time(19)))
OPENINGS = (
    Opening(
        "shop",
        gettext_noop("The shop in Tokyo"),
        TOKYO,
        dict.fromkeys(range(5), _LUNCH_BREAK) | {5: (Interval(time(10), time(17)),)},
        closed=((date(2026, 1, 1), gettext_noop("New Year")),),
    ),
)
#: Days of the week, from Monday, on which members of a team with shifts are planned.
WORKDAYS = range(5)

LINES = (
    Line("tokyo", "WhatsApp Tokyo", "+819000009100", TOKYO, ("aiko", "fumi", "kenji", "wei")),
    Line("paris", "WhatsApp Paris", "+33639989100", PARIS, ("bruno", "camille", "ines", "grace")),
    Line(
        "simulator",
        gettext_noop("Simulator"),
        "+447700900910",
        "UTC",
        ("aiko", "bruno", "wei", "grace", "kenji", "ines"),
        distribution="sequential",
    ),
)

AI_AGENT = gettext_noop("Shop assistant (scripted)")
HANDOVER_WORDS = ("担当者", "humain", "conseiller", "human", "a person", "人工")
KNOWLEDGE = (
    Known(
        "営業時間は何時から何時までですか?",
        "平日は10時から19時まで(13時から14時は昼休み)、土曜日は10時から17時まで営業しております。",
        ("営業時間",),
    ),
    Known(
        "Quels sont vos horaires d'ouverture ?",
        "Nous sommes ouverts de 10 h à 13 h et de 14 h à 19 h, et le samedi de 10 h à 17 h.",
        ("horaires",),
    ),
    Known(
        "What are your opening hours?",
        "We are open from 10 to 13 and from 14 to 19, and on Saturdays from 10 to 17.",
        ("opening hours", "are you open"),
    ),
    Known(
        "你们的营业时间是几点到几点?",
        "我们平日10点到13点、14点到19点营业,星期六10点到17点营业。",
        ("营业时间",),
    ),
    Known(
        "Is there a place to park?",
        "Yes, there are twenty places in front of the shop.",
        ("駐輪場", "parking", "park", "停车"),
    ),
)

TEXT, TAG, NEW = Field.MESSAGE_TEXT, Field.CONTACT_TAG, Field.CONTACT_IS_NEW
HAS, IN = Operator.CONTAINS, Operator.IN

RULES = (
    Guideline(
        gettext_noop("VIP customers"),
        ((TAG, IN, "vip"),),
        team="vip",
        priority=20,
        note=gettext_noop("The tag is set by hand. No other rule is tried for these customers."),
    ),
    Guideline(
        gettext_noop("Refunds and damage"),
        ((TEXT, HAS, "返金, 返品, 壊れ, remboursement, cassé, abîmé, refund, broken, 退款, 坏了"),),
        team="support",
        tags=("refund",),
        priority=10,
    ),
    Guideline(
        gettext_noop("Chinese"),
        ((TEXT, HAS, "您好, 你好, 请问, 谢谢"),),
        handle="wei",
        note=gettext_noop("To Li Wei, if online and with room; else the rules below decide."),
    ),
    Guideline(
        gettext_noop("Prices and test rides"),
        ((TEXT, HAS, "値段, 価格, 試乗, prix, essai, devis, price, test ride, 多少钱, 试骑"),),
        team="sales",
        tags=("sales",),
    ),
    Guideline(
        gettext_noop("Where is my order?"),
        ((TEXT, HAS, "配送, 届か, 注文番号, livraison, commande, delivery, my order, 发货, 快递"),),
        team="success",
        tags=("delivery",),
    ),
    Guideline(
        gettext_noop("Repairs"),
        ((TEXT, HAS, "修理, パンク, réparation, crevaison, repair, puncture, 维修"),),
        team="support",
        tags=("repair",),
    ),
    Guideline(
        gettext_noop("Opening hours"),
        ((TEXT, HAS, "営業時間, horaires, opening hours, are you open, 营业时间"),),
        asks_ai=True,
        note=gettext_noop("The AI agent answers, and hands over what it does not know."),
    ),
    Guideline(
        gettext_noop("Paris at the weekend"),
        ((Field.WEEKDAY, IN, "saturday, sunday"),),
        team="success",
        lines=("paris",),
        note=gettext_noop("The shop is closed. Customer success answers on Monday."),
    ),
    Guideline(
        gettext_noop("Tokyo in the evening"),
        ((Field.TIME_OF_DAY, Operator.GTE, "19:00"),),
        team="support",
        lines=("tokyo",),
    ),
    Guideline(
        gettext_noop("Autumn fair"),
        ((TEXT, Operator.STARTS_WITH, "FAIR"),),
        team="sales",
        tags=("fair",),
        is_active=False,
        note=gettext_noop("Switched off: the fair is over."),
    ),
    Guideline(gettext_noop("New customers"), ((NEW, Operator.EQUALS, "yes"),), team="sales"),
)
