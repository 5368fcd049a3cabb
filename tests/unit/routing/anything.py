"""Random situations, rules and desks: whatever the engine may meet."""

from collections.abc import Iterable
from datetime import timedelta

from hypothesis import strategies as some

from routing.engine.facts import (
    Candidate,
    ConditionSpec,
    Desk,
    Escalation,
    KnownPerson,
    RuleSpec,
    Situation,
    Strategy,
    Target,
)
from routing.engine.fields import OPERATORS, WEEKDAYS, Field, Operator, write_field
from tests.moments import WEDNESDAY_MORNING as MORNING
from tests.unit.routing.builders import SALES, SUPPORT, TOKYO, candidate, desk, person

ALICE_ALONE, BOB_ALONE = person(1), person(2)
TEAM_STRATEGIES = [
    Strategy.MANUAL,
    Strategy.ROUND_ROBIN,
    Strategy.LEAST_BUSY,
    Strategy.DEFAULT_USER,
    Strategy.SHIFT,
]
CHANNEL_STRATEGIES = [Strategy.CONCURRENT_LOAD, Strategy.SEQUENTIAL]

presences = some.sampled_from(["online", "online", "away", "offline"])
mostly = some.sampled_from([True, True, True, False])
limits = some.none() | some.integers(0, 4)
somebody = some.none() | some.integers(1, 7)
instants = some.none() | some.sampled_from([MORNING, MORNING - timedelta(hours=1)])
words = some.sampled_from(
    ["broken", "壊れ", "refund", "vip", "Ünïcode %(name)s", "100%", "“", "a, b"]
)
texts = some.lists(words | some.text(max_size=5), max_size=4).map(" ".join)


def people(user_ids: Iterable[int]) -> some.SearchStrategy[tuple[Candidate, ...]]:
    return some.tuples(*(person_like(user_id) for user_id in user_ids))


def person_like(user_id: int) -> some.SearchStrategy[Candidate]:
    return some.builds(
        candidate,
        some.just(user_id),
        presence=presences,
        load=some.integers(0, 4),
        capacity=limits,
        is_active=mostly,
        is_receiving=mostly,
        last_assigned_at=instants,
        is_on_shift=mostly,
    )


def desks(
    strategies: Iterable[Strategy] = Strategy, *, target: Target = SUPPORT
) -> some.SearchStrategy[Desk]:
    return some.builds(
        lambda found, **fields: desk(*found, target=target, **fields),
        some.integers(0, 6).flatmap(lambda count: people(range(1, count + 1))),
        strategy=some.sampled_from(list(strategies)),
        is_active=mostly,
        cursor_user_id=somebody,
        default_user_id=somebody,
        capacity=limits,
        reassign_after_s=some.none() | some.sampled_from([60, 900, 7200, 172_800, 100]),
        escalation=some.none() | some.builds(Escalation, some.just(SALES), limits, limits),
        is_short=some.booleans(),
    )


def person_desks(target: Target) -> some.SearchStrategy[Desk]:
    return person_like(target.id).map(
        lambda found: desk(found, target=target, strategy=Strategy.DIRECT, name=found.name)
    )


def houses() -> some.SearchStrategy[dict[Target, Desk]]:
    """Every desk that a rule, a sweep or a person may name."""
    return some.tuples(
        desks(TEAM_STRATEGIES, target=SUPPORT),
        desks(TEAM_STRATEGIES, target=SALES),
        desks(CHANNEL_STRATEGIES, target=TOKYO),
        person_desks(ALICE_ALONE),
        person_desks(BOB_ALONE),
    ).map(lambda found: {a_desk.target: a_desk for a_desk in found})


@some.composite
def conditions(draw: some.DrawFn) -> ConditionSpec:
    """A condition that is valid; and now and then one that is not."""
    field = draw(some.sampled_from(list(Field)))
    fitting = sorted(OPERATORS[field])
    operator = draw(some.sampled_from([*fitting * 9, *Operator]))
    values = {
        Field.TIME_OF_DAY: some.sampled_from(["00:00", "09:00", "24:00"]),
        Field.WEEKDAY: some.sampled_from([*WEEKDAYS, "Monday, tuesday"]),
        Field.CONTACT_IS_NEW: some.sampled_from(["yes", "No"]),
        Field.OPEN_HOURS: some.sampled_from(["yes", "No"]),
        Field.MESSAGE_TYPE: some.sampled_from(["image", "text, audio"]),
        Field.MESSAGE_LANGUAGE: some.sampled_from(["ja", "ko, zh"]),
        Field.CONTACT_LANGUAGE: some.sampled_from(["ja", "fr, zh-hans"]),
        Field.CONTACT_COUNTRY: some.sampled_from(["JP", "fr, de"]),
        Field.CONTACT_PHONE: some.sampled_from(["+81", "+33, +8190"]),
        Field.CONVERSATION_PRIORITY: some.sampled_from(["0", "-10", "10"]),
        Field.DATE: some.sampled_from(["2026-11-18", "2026-01-01"]),
        Field.CHANNEL: some.sampled_from(["WhatsApp Tokyo", "whatsapp paris, SMS"]),
    }
    asked = write_field(field, name="plan" if field is Field.CONTACT_ATTRIBUTE else "")
    return ConditionSpec(
        asked, operator, draw(values.get(field, texts)), draw(some.sampled_from(["", "A", "B"]))
    )


def rules() -> some.SearchStrategy[list[RuleSpec]]:
    one = some.builds(
        RuleSpec,
        id=some.integers(1, 99),
        name=words,
        target=some.sampled_from([SUPPORT, SALES, ALICE_ALONE, BOB_ALONE]),
        match=some.sampled_from(["all", "any"]),
        conditions=some.lists(conditions(), max_size=3).map(tuple),
        channel_ids=some.sampled_from([(), (TOKYO.id,), (99,)]),
        add_tags=some.lists(words, max_size=2).map(tuple),
        set_priority=some.none() | some.integers(-5, 5),
        pins_contact=some.booleans(),
    )
    return some.lists(one, max_size=6)


def situations() -> some.SearchStrategy[Situation]:
    known = some.none() | some.builds(KnownPerson, some.integers(1, 7), words, mostly)
    return some.builds(
        Situation,
        at=some.timedeltas(timedelta(), timedelta(days=400)).map(lambda later: MORNING + later),
        zone=some.sampled_from(["Asia/Tokyo", "Europe/Paris", "UTC", "Mars/Olympus"]),
        channel_id=some.just(TOKYO.id),
        channel_name=some.just("WhatsApp Tokyo"),
        text=texts,
        is_new_contact=some.booleans(),
        is_open=some.booleans(),
        contact_tags=some.lists(words, max_size=3).map(tuple),
        message_types=some.sampled_from([(), ("text",), ("image", "audio")]),
        contact_phone=some.sampled_from(["", "+819012345678", "+33612345678", "+1"]),
        contact_language=some.sampled_from(["", "ja", "fr"]),
        contact_attributes=some.dictionaries(
            some.sampled_from(["plan", "Plan", "age"]),
            some.none() | some.booleans() | some.integers(-9, 9) | texts | some.lists(words),
            max_size=2,
        ),
        conversation_tags=some.lists(words, max_size=3).map(tuple),
        conversation_priority=some.integers(-100, 100),
        permanent_agent=some.none() | known,
        previous_owner=some.none() | known,
        previous_team_id=some.none() | some.just(SUPPORT.id),
        asked_by=some.sampled_from(["", "Ana", "CRM %s"]),
        asked_by_id=somebody,
        reason=texts,
        holder_id=somebody,
        lapsed_ids=some.sets(some.integers(1, 6)).map(sorted).map(tuple),
        tries=some.integers(0, 4),
        waited_s=some.integers(0, 4),
        former_team_ids=some.sampled_from([(), (SALES.id,)]),
    )


def named_targets() -> some.SearchStrategy[tuple[Target, ...]]:
    """What somebody may name: a team, a person, or a person within a team."""
    return some.sampled_from([(SUPPORT,), (ALICE_ALONE,), (SUPPORT, ALICE_ALONE), (SALES,)])


def waiting_targets() -> some.SearchStrategy[tuple[Target, ...]]:
    """Where a conversation may wait."""
    return some.sampled_from([(TOKYO,), (SUPPORT,), (SUPPORT, TOKYO)])
