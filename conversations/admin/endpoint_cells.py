"""How an endpoint does and what became of a delivery, in words and colours."""

from django.db.models import Count, IntegerField, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from channels.forward_errors import describe_error
from channels.models import Endpoint
from conversations.models import EndpointDelivery
from teams.admin.console import pill
from teams.texts import Text

LONGEST_SHOWN = 60


def state_of(endpoint: Endpoint) -> SafeString:
    """Return how an endpoint does, and since when or why."""
    if not endpoint.is_active:
        return pill("quiet", _("Off"))
    if endpoint.paused_at is not None:
        return _with_reason(pill("bad", _("Paused")), endpoint.get_pause_reason_display())
    if endpoint.failing_since is not None:
        reason = describe_error(endpoint.last_error, status=None)
        if endpoint.last_error == "http":
            reason = _("It does not answer with 2xx.")
        return _with_reason(pill("warn", _("Failing")), reason)
    if endpoint.last_success_at is None:
        return pill("info", _("Nothing sent yet"))
    return pill("good", _("Healthy"))


def shorten(url: str) -> str:
    """Return the beginning of an address, as far as a list can show it."""
    return url if len(url) <= LONGEST_SHOWN else f"{url[: LONGEST_SHOWN - 1]}…"


def explain(delivery: EndpointDelivery) -> Text:
    """Say in words what came of the last try."""
    if delivery.error:
        return describe_error(delivery.error, status=delivery.response_status)
    if delivery.response_status is None:
        return _("not tried yet")
    return _("It answered %(status)d in %(ms)d ms.") % {
        "status": delivery.response_status,
        "ms": delivery.duration_ms or 0,
    }


def _with_reason(state: SafeString, reason: Text) -> SafeString:
    return format_html('{} <span class="sub why">{}</span>', state, reason)


def count_deliveries(condition: Q) -> Coalesce:
    """Return how many deliveries of an endpoint are so, as a column of its row."""
    rows = EndpointDelivery.objects.filter(condition, endpoint=OuterRef("pk")).order_by()
    counted = rows.values("endpoint").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, IntegerField()), Value(0))
