"""Providers' adapters are reached through here, and only through here."""

from functools import lru_cache

from django.conf import settings

from channels.models import Channel, Provider
from channels.providers.base import ChannelConfig, NotSupportedError, ProviderAdapter
from channels.providers.cloud.adapter import CloudAdapter
from channels.providers.engagelab.adapter import EngageLabAdapter
from channels.providers.simulator import SimulatorAdapter
from channels.providers.twilio.adapter import TwilioAdapter
from channels.providers.twilio.voice import TwilioVoice
from channels.providers.voice import VoiceAdapter
from channels.secrets import is_readable

_TWILIO = ("account_sid", "auth_token", "messaging_service_sid", "api_key_sid", "api_key_secret")
#: The columns of a channel that each provider needs, besides the number.
_FIELDS = {
    Provider.TWILIO: _TWILIO,
    Provider.SIMULATOR: _TWILIO,
    Provider.WHATSAPP_CLOUD: (
        "phone_number_id",
        "business_account_id",
        "access_token",
        "app_secret",
        "verify_token",
    ),
    Provider.ENGAGELAB: ("business_account_id", "dev_key", "dev_secret"),
}


def adapter_for(provider: str) -> ProviderAdapter:
    """Return the adapter that speaks a provider's language."""
    return _adapters(
        settings.TWILIO_API_BASE_URL,
        tuple(settings.TWILIO_MEDIA_HOSTS),
        settings.WHATSAPP_CLOUD_API_BASE_URL,
        settings.ENGAGELAB_API_BASE_URL,
    )[provider]


def voice_for(provider: str) -> VoiceAdapter:
    """Return the adapter that calls people. Raises `NotSupportedError` if the provider cannot."""
    voice = _voices(settings.TWILIO_API_BASE_URL).get(provider)
    if voice is None:
        raise NotSupportedError
    return voice


def config_of(channel: Channel) -> ChannelConfig:
    """Return what an adapter needs to know of a channel, its own provider's secrets in clear.

    Raises `SecretUnreadableError`.
    """
    return ChannelConfig(
        provider=channel.provider,
        medium=channel.medium,
        phone_number=channel.phone_number,
        **{name: getattr(channel, name) for name in _FIELDS[Provider(channel.provider)]},
        second_auth_token=_if_readable(channel, "second_auth_token"),
    )


def _if_readable(channel: Channel, name: str) -> str:
    """Return a secret that one can do without; blank where no key of ours reads it."""
    return str(getattr(channel, name)) if is_readable(channel, name) else ""


@lru_cache(maxsize=8)
def _adapters(
    twilio: str, media_hosts: tuple[str, ...], cloud: str, engagelab: str
) -> dict[str, ProviderAdapter]:
    """Return the adapters, made once per process: they keep their lines open."""
    return {
        Provider.TWILIO.value: TwilioAdapter(api_base_url=twilio, media_hosts=media_hosts),
        Provider.WHATSAPP_CLOUD.value: CloudAdapter(api_base_url=cloud),
        Provider.ENGAGELAB.value: EngageLabAdapter(api_base_url=engagelab),
        Provider.SIMULATOR.value: SimulatorAdapter(),
    }


@lru_cache(maxsize=8)
def _voices(twilio: str) -> dict[str, VoiceAdapter]:
    return {Provider.TWILIO.value: TwilioVoice(api_base_url=twilio)}
