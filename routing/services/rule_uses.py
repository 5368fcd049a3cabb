"""Which rules send to somebody: as they are published, and as they are being edited."""

from routing import loaders
from routing.engine.facts import Target


def rules_that_name(target: Target) -> list[str]:
    """Return the names of the rules that send there, in their order, each once.

    What is published counts also where the draft does not say it any more: it decides.
    """
    rows = (*loaders.load_published_rows(), *loaders.load_draft_rows())
    return list(dict.fromkeys(row.spec.name for row in rows if row.spec.target == target))
