"""Number the versions of the rules, and let the newest hold what people need to edit them."""

from typing import Any

from django.db import migrations


def number_versions(apps: Any, schema_editor: Any) -> None:
    """Count the versions that changed rules; the others only changed AI agents."""
    rule_sets = apps.get_model("routing", "RuleSet")
    number, before, newest = 0, None, None
    for newest in rule_sets.objects.order_by("pk").iterator(chunk_size=50):
        if newest.rules != before:
            number, before = number + 1, newest.rules
            rule_sets.objects.filter(pk=newest.pk).update(number=number)
    rules = list(apps.get_model("routing", "Rule").objects.order_by("position", "pk"))
    if newest is not None and rules:
        # The same rules, with those that are off and with the notes: nothing is unpublished.
        rule_sets.objects.create(
            rules=[_to_json(rule) for rule in rules],
            ai_agents=newest.ai_agents,
            flows=newest.flows,
            created_at=newest.created_at,
        )


def _to_json(rule: Any) -> dict[str, Any]:
    targets = {
        "team": rule.team_id,
        "person": rule.person_id,
        "ai": rule.ai_agent_id,
        "flow": rule.flow_id,
    }
    kind, target_id = next((kind, id) for kind, id in targets.items() if id is not None)
    return {
        "id": rule.pk,
        "name": rule.name,
        "target": {"kind": kind, "id": target_id},
        "match": rule.match,
        "conditions": [_condition(each) for each in rule.conditions.order_by("position", "pk")],
        "channel_ids": sorted(rule.channels.values_list("pk", flat=True)),
        "add_tags": rule.add_tags,
        "set_priority": rule.set_priority,
        "pins_contact": rule.pins_contact,
        "public_id": str(rule.public_id),
        "is_active": rule.is_active,
        "note": rule.note,
    }


def _condition(condition: Any) -> dict[str, str]:
    written = {name: getattr(condition, name) for name in ("field", "operator", "value")}
    return {**written, "group": condition.group} if condition.group else written


def leave_out_what_is_off(apps: Any, schema_editor: Any) -> None:
    """Before, every rule of a version was on."""
    rule_sets = apps.get_model("routing", "RuleSet")
    for each in rule_sets.objects.order_by("pk").iterator(chunk_size=50):
        on = [rule for rule in each.rules if rule.get("is_active", True)]
        if len(on) != len(each.rules):
            rule_sets.objects.filter(pk=each.pk).update(rules=on)


class Migration(migrations.Migration):
    dependencies = [("routing", "0012_drafts_of_the_rules")]

    operations = [migrations.RunPython(number_versions, leave_out_what_is_off)]
