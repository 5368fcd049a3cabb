"""Templates, as the provider has them: fetched now and then, and whenever somebody asks.

Each try is claimed and counted before the provider is asked. Whoever was overtaken meanwhile, by a
later try or a change of the channel's settings, writes nothing down. Whatever fails leaves every
template as it was.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_noop as _

from channels.models import Channel, Medium, Provider, Template, TemplateSync
from channels.placeholders import names_in
from channels.providers import adapter_for, config_of
from channels.providers.base import NotSupportedError, ProviderTemplate, SendError
from channels.secrets import SecretUnreadableError

logger = logging.getLogger(__name__)

#: Providers that have templates.
SYNCING = (Provider.TWILIO, Provider.WHATSAPP_CLOUD, Provider.ENGAGELAB)
#: An approval takes minutes to a day, and somebody waits for it.
EVERY = timedelta(minutes=30)
#: How long after a change of the channel: whoever changes something may change more.
AFTER_CHANGE = timedelta(minutes=1)
#: How long a worker may take: pages of a list, each with the provider's time limit.
LEASE = timedelta(minutes=10)
LONGEST_WAIT = timedelta(hours=12)

_NO_ANSWER = _("The provider did not answer, or had a failure of its own.")
_UNREADABLE = _("A stored secret of this channel cannot be read.")
_UNFORESEEN = _("Something went wrong here; the log says more.")


@dataclass(frozen=True, slots=True)
class Synced:
    """How many templates the provider has, and how many it has no more."""

    found: int
    removed: int


@dataclass(frozen=True, slots=True)
class _Claim:
    """One try for one channel. `attempt` is the fence."""

    channel: Channel
    attempt: int


def plan(channel: Channel, *, now: datetime) -> None:
    """Have the templates fetched soon, with the settings that the channel has now."""
    if channel.provider not in SYNCING:
        return
    is_wanted = channel.is_active and channel.medium == Medium.WHATSAPP
    TemplateSync.objects.get_or_create(pk=channel.pk)
    TemplateSync.objects.filter(pk=channel.pk).update(
        sync_due_at=now + AFTER_CHANGE if is_wanted else None,
        attempt=F("attempt") + 1,
        failures=0,
    )


def hasten(channel: Channel, *, now: datetime) -> None:
    """Fetch them soon, if it is not about to be done anyway: one of them is not as we have it."""
    due_at = now + AFTER_CHANGE
    TemplateSync.objects.filter(pk=channel.pk, failures=0, sync_due_at__gt=due_at + LEASE).update(
        sync_due_at=due_at
    )


def sync_next(*, now: datetime) -> bool:
    """Fetch the templates of one due channel; say whether there was one."""
    claim = _claim_next(now=now)
    if claim is None:
        return False
    try:
        _sync(claim, now=now)
    except (SendError, NotSupportedError, SecretUnreadableError) as error:
        name = claim.channel.public_id
        logger.warning("The templates of channel %s could not be fetched: %s.", name, error)
    except Exception:
        logger.exception("Fetching the templates of channel %s failed.", claim.channel.public_id)
    return True


def sync(channel: Channel, *, now: datetime) -> Synced:
    """Ask the provider for the channel's templates now, and take over what it says.

    Raises `SendError` if it does not answer, `NotSupportedError` if it has none at all, and
    `SecretUnreadableError`. Then everything stays as it was.
    """
    if channel.provider not in SYNCING:
        raise NotSupportedError
    TemplateSync.objects.get_or_create(pk=channel.pk)
    return _sync(_claim(channel, now=now), now=now)


def _claim_next(*, now: datetime) -> _Claim | None:
    with transaction.atomic():
        due = (
            TemplateSync.objects.select_for_update(of=("self",), skip_locked=True)
            .select_related("channel")
            .filter(sync_due_at__lte=now, channel__is_active=True)
            .filter(channel__medium=Medium.WHATSAPP)
            .order_by("sync_due_at", "pk")
            .first()
        )
        return None if due is None else _claim(due.channel, now=now)


@transaction.atomic
def _claim(channel: Channel, *, now: datetime) -> _Claim:
    attempt = TemplateSync.objects.select_for_update().get(pk=channel.pk).attempt + 1
    changes = {"attempt": attempt, "sync_due_at": now + LEASE}
    TemplateSync.objects.filter(pk=channel.pk).update(**changes)
    return _Claim(channel, attempt)


def _sync(claim: _Claim, *, now: datetime) -> Synced:
    """Ask, and write down what came of it. Raises what the asking raised."""
    channel = claim.channel
    try:
        found = adapter_for(channel.provider).list_templates(config_of(channel))
        return _take_over(claim, found=found, now=now)
    except SendError as error:
        detail = _NO_ANSWER if error.outcome == "unknown" else error.detail
        _put_off(claim, code=error.code, detail=detail, now=now)
        raise
    except SecretUnreadableError:
        _put_off(claim, code="key_missing", detail=_UNREADABLE, now=now)
        raise
    except Exception:
        _put_off(claim, code="internal", detail=_UNFORESEEN, now=now)
        raise


@transaction.atomic
def _take_over(claim: _Claim, *, found: list[ProviderTemplate], now: datetime) -> Synced:
    is_mine = _record(
        claim,
        sync_due_at=now + EVERY,
        synced_at=now,
        failed_at=None,
        failures=0,
        error_code="",
        error_detail="",
    )
    if not is_mine:
        return Synced(len(found), 0)
    kept = [_store(claim.channel, template=each, now=now).pk for each in found]
    gone = Template.objects.filter(channel=claim.channel, removed_at=None).exclude(pk__in=kept)
    return Synced(len(found), gone.update(removed_at=now))


def _store(channel: Channel, *, template: ProviderTemplate, now: datetime) -> Template:
    stored, _is_new = Template.objects.update_or_create(
        channel=channel,
        provider_template_id=template.id,
        language=template.language,
        defaults={
            "name": template.name[:200],
            "category": template.category[:40],
            "body": template.body,
            "variables": list(template.variables or names_in(template.body)),
            "status": template.status,
            "reason": template.reason[:500],
            "synced_at": now,
            "removed_at": None,
        },
    )
    return stored


def _put_off(claim: _Claim, *, code: str, detail: str, now: datetime) -> None:
    """Try again later, and later each time; what we have stays as it is."""
    with transaction.atomic():
        sync = TemplateSync.objects.select_for_update().get(pk=claim.channel.pk)
        wait = min(EVERY * 2 ** min(sync.failures, 10), LONGEST_WAIT)
        _record(
            claim,
            sync_due_at=now + wait,
            failed_at=sync.failed_at or now,
            failures=sync.failures + 1,
            error_code=code[:16],
            error_detail=detail[:250],
        )


def _record(claim: _Claim, **changes: object) -> bool:
    """Write it down, unless somebody else tried since; say whether it was."""
    mine = TemplateSync.objects.filter(pk=claim.channel.pk, attempt=claim.attempt)
    return bool(mine.update(**changes))
