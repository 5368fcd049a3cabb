"""What AI agents spent, as sentences for people."""

from collections.abc import Mapping

from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

from routing.ai.money import Budget
from teams.texts import Text

_BUDGETS: Mapping[tuple[str, bool], Text] = {
    ("day", True): _("Spent today: %(spent)s of %(limit)s %(currency)s."),
    ("day", False): _("Spent today: %(spent)s %(currency)s."),
    ("month", True): _("Spent this month: %(spent)s of %(limit)s %(currency)s."),
    ("month", False): _("Spent this month: %(spent)s %(currency)s."),
}
_SPENT_DIGITS = 4


def explain_budget(budget: Budget, *, currency: str) -> Text:
    """Say what of a budget is spent, or only what was spent where there is no limit."""
    facts = {
        "spent": number_format(budget.spent, _SPENT_DIGITS),
        "limit": "" if budget.limit is None else number_format(budget.limit, 2),
        "currency": currency,
    }
    return _BUDGETS[budget.name, budget.limit is not None] % facts
