"""A flow as JSON: what can be kept, and everything that is wrong with what cannot."""

import pytest

from routing.engine.flow import specs
from routing.engine.flow.documents import FlowDocumentError, dump, parse, read

EXAMPLE = {
    "steps": [
        {
            "name": "Refund?",
            "kind": "condition",
            "paths": [
                {
                    "name": "Yes",
                    "conditions": [
                        {"field": "message.text", "operator": "contains", "value": "refund"}
                    ],
                    "next": "Ask",
                }
            ],
            "otherwise": "Support",
        },
        {
            "name": "Ask",
            "kind": "question",
            "text": {"": "Which order?", "ja": "ご注文番号は?"},
            "answer_as": "order",
            "accepts": "number",
            "attempts": 2,
            "on_failed": "Support",
            "timeout_s": 600,
            "on_timeout": "Support",
        },
        {
            "name": "Note it",
            "kind": "update_contact",
            "attributes": {"last_order": "{{order}}"},
            "tags": ["refund"],
            "tags_mode": "add",
        },
        {
            "name": "Thanks",
            "kind": "message",
            "text": "Thank you.",
            "buttons": ["Fine", "More"],
            "wait": True,
            "next": "Support",
        },
        {"name": "Wait", "kind": "delay", "seconds": 30},
        {"name": "Back", "kind": "go_to", "next": "Refund?"},
        {"name": "Fay", "kind": "ai_agent", "ai_agent": "0190b5a5-0000-7000-8000-000000000000"},
        {
            "name": "Support",
            "kind": "team",
            "team": "0190b5a5-0000-7000-8000-000000000001",
            "conversation_tags": ["refund"],
            "contact_tags": ["buyer"],
            "tags_mode": "replace",
        },
        {"name": "Alice", "kind": "person", "person": "0190b5a5-0000-7000-8000-000000000002"},
        {"name": "Over", "kind": "end"},
    ]
}


def faults(document):
    _spec, found = read(document)
    return [(fault.path, fault.code) for fault in found]


def step(**keys):
    return {"steps": [{"name": "One", **keys}]}


class TestADocument:
    def test_holds_every_kind_of_step(self):
        spec = parse(EXAMPLE)
        assert {each.kind for each in spec.steps} == set(specs.Kind)

    def test_is_the_same_after_a_round_trip(self):
        spec = parse(EXAMPLE)
        assert parse(dump(spec)) == spec
        assert dump(parse(dump(spec))) == dump(spec)

    def test_may_be_empty_or_unfinished(self):
        assert parse({}) == specs.FlowSpec()
        unfinished = step(kind="team") | {}
        assert parse(unfinished).steps[0].deed == specs.Team()
        twice = {"steps": [{"kind": "end"}, {"kind": "end"}]}
        assert [each.name for each in parse(twice).steps] == ["", ""]

    def test_reads_a_plain_text_as_one_for_everybody(self):
        assert parse(step(kind="message", text="Hi")).steps[0].deed.text == {"": "Hi"}

    def test_forgets_how_long_a_message_waits_that_does_not(self):
        assert parse(step(kind="message", text="Hi", timeout_s=60)).steps[0].wait is None

    def test_keeps_a_tag_once_whatever_its_letters(self):
        tags = parse(step(kind="team", conversation_tags=["VIP", " vip ", ""])).steps[0].deed.tags
        assert tags.conversation == ("VIP",)


class TestAFault:
    @pytest.mark.parametrize(
        ("document", "expected"),
        [
            (None, [("", "not_an_object")]),
            ([], [("", "not_an_object")]),
            ({"steps": "x"}, [("steps", "not_a_list")]),
            ({"steps": [1]}, [("steps.0", "not_an_object"), ("steps.0.kind", "unknown_kind")]),
            ({"step": []}, [("step", "unknown_key")]),
            (step(kind="explode"), [("steps.0.kind", "unknown_kind")]),
            (step(kind=["end"]), [("steps.0.kind", "unknown_kind")]),
            (step(kind="end", next="One"), [("steps.0.next", "unknown_key")]),
            (step(kind="message", text={"xx!": "a"}), [("steps.0.text.xx!", "not_a_language")]),
            (step(kind="message", text={"": 5}), [("steps.0.text.", "not_a_text")]),
            (step(kind="message", text="a" * 4001), [("steps.0.text", "too_long")]),
            (step(kind="message", text="a\x00"), [("steps.0.text", "has_control_characters")]),
            (step(kind="message", text="\ud800"), [("steps.0.text", "has_control_characters")]),
            (step(kind="message", wait="yes"), [("steps.0.wait", "not_yes_or_no")]),
            (step(kind="delay", seconds=0), [("steps.0.seconds", "too_small")]),
            (step(kind="delay", seconds=True), [("steps.0.seconds", "not_a_number")]),
            (step(kind="delay", seconds=10**9), [("steps.0.seconds", "too_large")]),
            (step(kind="question", accepts="soul"), [("steps.0.accepts", "unknown_choice")]),
            (step(kind="question", answer_as="a b"), [("steps.0.answer_as", "not_a_name")]),
            (step(kind="message", buttons=["a"] * 11), [("steps.0.buttons", "too_many")]),
            (step(kind="message", buttons=[1]), [("steps.0.buttons.0", "not_a_text")]),
        ],
    )
    def test_names_its_place(self, document, expected):
        assert faults(document) == expected

    def test_is_found_beside_every_other(self):
        document = step(
            kind="condition",
            paths=[
                {"conditions": [{"field": "moon", "operator": "equals", "value": "x"}]},
                {"conditions": [{"field": "contact.tag", "operator": "gt", "value": "x"}]},
                {"conditions": [{"field": "message.text", "operator": "matches", "value": "("}]},
            ],
            surprise=1,
        )
        assert faults(document) == [
            ("steps.0.paths.0.conditions.0.field", "unknown_field"),
            ("steps.0.paths.1.conditions.0.operator", "operator_not_for_field"),
            ("steps.0.paths.2.conditions.0.value", "not_a_pattern"),
            ("steps.0.surprise", "unknown_key"),
        ]

    def test_is_refused_with_all_the_others(self):
        with pytest.raises(FlowDocumentError) as refused:
            parse({"steps": [{"kind": "delay", "seconds": 0}, {"kind": "?"}]})
        assert [fault.code for fault in refused.value.faults] == ["too_small", "unknown_kind"]
        assert refused.value.faults[0].facts == {"limit": 1}

    def test_ends_a_flow_that_is_too_long(self):
        assert faults({"steps": [{"kind": "end"}] * 101}) == [("steps", "too_many")]
