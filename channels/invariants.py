"""What must be true of channels at all times, as queries for whatever breaks it."""

from django.db.models import QuerySet

from channels.models import Channel, Endpoint
from channels.secrets import is_readable


def channels_whose_secret_cannot_be_read() -> QuerySet[Channel]:
    """A channel in use has a secret that one of our keys reads; only a person can enter it anew."""
    active = Channel.objects.filter(is_active=True)
    lost = [channel.pk for channel in active if not channel.has_readable_secrets]
    return Channel.objects.filter(pk__in=lost)


def endpoints_whose_secret_cannot_be_read() -> QuerySet[Endpoint]:
    """An endpoint in use can be signed for; if not, only a new secret helps."""
    active = Endpoint.objects.active().only("pk", "secret")
    lost = [endpoint.pk for endpoint in active if not is_readable(endpoint, "secret")]
    return Endpoint.objects.filter(pk__in=lost)


INVARIANTS = [channels_whose_secret_cannot_be_read, endpoints_whose_secret_cannot_be_read]
