"""What was published, from the newest to the oldest, and what each version changed."""

from django.db.models import QuerySet

from routing.engine.rule_diff import Change, compare
from routing.engine.rule_sets import rows_from_json
from routing.models import RuleSet


def list_versions() -> QuerySet[RuleSet]:
    """Return what people published, the newest first; without changes of AI agents alone."""
    numbered = RuleSet.objects.exclude(number=None).order_by("-number")
    return numbered.select_related("published_by", "restored_from")


def compare_with_previous(version: RuleSet) -> tuple[Change, ...]:
    """Return what a version changed; of the first one, everything is new."""
    before = RuleSet.objects.filter(pk__lt=version.pk).order_by("-pk").first()
    rows = rows_from_json(before.rules) if before else ()
    return compare(rows, rows_from_json(version.rules))
