"""Templates, as the provider has them."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from channels.models import Channel, Template
from channels.placeholders import names_in
from channels.providers import adapter_for, config_of
from channels.providers.base import ProviderTemplate


@dataclass(frozen=True, slots=True)
class Synced:
    """How many templates the provider has, and how many it has no more."""

    found: int
    removed: int


def sync(channel: Channel, *, now: datetime) -> Synced:
    """Ask the provider for the channel's templates and take over what it says.

    Raises `SendError` if it does not answer, `NotSupportedError` if it has none at all, and
    `SecretUnreadableError`. Then everything stays as it was.
    """
    found = adapter_for(channel.provider).list_templates(config_of(channel))
    return _take_over(channel, found=found, now=now)


@transaction.atomic
def _take_over(channel: Channel, *, found: list[ProviderTemplate], now: datetime) -> Synced:
    for each in found:
        Template.objects.update_or_create(
            channel=channel,
            provider_template_id=each.id,
            language=each.language,
            defaults={
                "name": each.name[:200],
                "category": each.category[:40],
                "body": each.body,
                "variables": list(each.variables or names_in(each.body)),
                "status": each.status,
                "reason": each.reason[:500],
                "synced_at": now,
                "removed_at": None,
            },
        )
    gone = Template.objects.filter(channel=channel, removed_at=None, synced_at__lt=now)
    return Synced(len(found), gone.update(removed_at=now))
