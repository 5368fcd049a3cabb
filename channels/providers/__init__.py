"""Providers' adapters are reached through here, and only through here."""

from functools import lru_cache

from django.conf import settings

from channels.models import Channel, Provider
from channels.providers.base import ChannelConfig, ProviderAdapter
from channels.providers.simulator import SimulatorAdapter
from channels.providers.twilio.adapter import TwilioAdapter
from channels.secrets import is_readable


def adapter_for(provider: str) -> ProviderAdapter:
    """Return the adapter that speaks a provider's language."""
    return _adapters(settings.TWILIO_API_BASE_URL, tuple(settings.TWILIO_MEDIA_HOSTS))[provider]


def config_of(channel: Channel) -> ChannelConfig:
    """Return what an adapter needs to know of a channel, its secret in clear."""
    return ChannelConfig(
        provider=channel.provider,
        medium=channel.medium,
        account_sid=channel.account_sid,
        auth_token=channel.auth_token,
        phone_number=channel.phone_number,
        messaging_service_sid=channel.messaging_service_sid,
        second_auth_token=_if_readable(channel, "second_auth_token"),
        api_key_sid=channel.api_key_sid,
        api_key_secret=channel.api_key_secret,
    )


def _if_readable(channel: Channel, name: str) -> str:
    """Return a secret that one can do without; blank where no key of ours reads it."""
    return str(getattr(channel, name)) if is_readable(channel, name) else ""


@lru_cache(maxsize=8)
def _adapters(
    twilio_api_base_url: str, twilio_media_hosts: tuple[str, ...]
) -> dict[str, ProviderAdapter]:
    """Return the adapters, made once per process: Twilio's keeps its lines open."""
    return {
        Provider.TWILIO.value: TwilioAdapter(
            api_base_url=twilio_api_base_url, media_hosts=twilio_media_hosts
        ),
        Provider.SIMULATOR.value: SimulatorAdapter(),
    }
