"""Testing a channel: every step from the settings to the last signed message, and what fails."""

from dataclasses import asdict
from datetime import datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

from django.conf import settings

from channels.addresses import inbound_url
from channels.checks import STEPS
from channels.models import Channel, Envelope, EnvelopeOutcome, Provider, RefusedRequest
from channels.models.refusal import WRONG_ADDRESS
from channels.providers import adapter_for, config_of
from channels.providers.base import Finding
from channels.secrets import SecretUnreadableError

_PRIVATE_ENDINGS = (".local", ".localhost", ".internal", ".lan", ".home.arpa")


def check(channel: Channel, *, now: datetime) -> list[Finding]:
    """Walk all steps, asking the provider where it can be asked; keep the report, and return it.

    Talks HTTP: never in a transaction.
    """
    findings = _in_order([*_own(channel), *_ask_provider(channel)])
    report = [asdict(finding) for finding in findings]
    Channel.objects.filter(pk=channel.pk).update(checked_at=now, check_report=report)
    channel.checked_at, channel.check_report = now, report
    return findings


def look_again(channel: Channel) -> list[Finding]:
    """Return how things are now, without asking anybody: what the provider said when it was last
    asked, and what we know ourselves."""
    own = _own(channel)
    known = {finding.step for finding in own}
    kept = [Finding(**row) for row in channel.check_report if row["step"] not in known]
    return _in_order([*own, *kept])


def _own(channel: Channel) -> list[Finding]:
    return [_settings(channel), *_address(channel), _inbound(channel), _sending(channel)]


def _in_order(findings: list[Finding]) -> list[Finding]:
    order = list(STEPS)
    return sorted(findings, key=lambda finding: order.index(finding.step))


def _settings(channel: Channel) -> Finding:
    if not channel.is_active:
        return Finding("settings", "failed", "switched_off")
    try:
        config_of(channel)
    except SecretUnreadableError:
        return Finding("settings", "failed", "key_missing")
    return Finding("settings", "ok", "configured")


def _address(channel: Channel) -> list[Finding]:
    """Look at the shape of the address that providers are given; whoever is inside may not be able
    to call it."""
    if channel.provider == Provider.SIMULATOR:
        return []
    facts = {"url": settings.PUBLIC_BASE_URL}
    parts = urlsplit(settings.PUBLIC_BASE_URL)
    if _is_inside(parts.hostname or ""):
        return [Finding("address", "failed", "address_local", facts)]
    if parts.scheme != "https":
        return [Finding("address", "failed", "address_not_https", facts)]
    return [Finding("address", "ok", "address_public", facts)]


def _is_inside(host: str) -> bool:
    try:
        return not ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith(_PRIVATE_ENDINGS)


def _ask_provider(channel: Channel) -> tuple[Finding, ...]:
    try:
        config = config_of(channel)
    except SecretUnreadableError:
        return ()
    return adapter_for(channel.provider).examine(config, inbound_url=inbound_url(channel))


def _inbound(channel: Channel) -> Finding:
    """Look at the last request: was it taken, or turned away?"""
    taken = (
        Envelope.objects.filter(channel=channel)
        .exclude(outcome=EnvelopeOutcome.FETCHED)
        .order_by("-pk")
        .first()
    )
    refused = RefusedRequest.objects.filter(channel=channel).order_by("-last_at", "-pk").first()
    if refused is not None and (taken is None or refused.last_at > taken.received_at):
        facts = {"at": _instant(refused.last_at), "seen": refused.url, "ours": inbound_url(channel)}
        is_address = refused.code == WRONG_ADDRESS
        code = "inbound_wrong_address" if is_address else _refused_code(channel)
        return Finding("inbound", "failed", code, facts)
    if taken is None:
        return Finding("inbound", "waiting", "inbound_none")
    return Finding("inbound", "ok", "inbound_received", {"at": _instant(taken.received_at)})


def _refused_code(channel: Channel) -> str:
    """Name the refusal so that the sentence names the secret which this provider signs with."""
    is_cloud = channel.provider == Provider.WHATSAPP_CLOUD
    return "cloud_inbound_refused" if is_cloud else "inbound_refused"


def _sending(channel: Channel) -> Finding:
    if channel.broken_at is not None:
        reason = {"reason": channel.broken_reason}
        return Finding("sending", "failed", "sending_broken", reason)
    return Finding("sending", "ok", "sending_allowed")


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
