"""The provider's 24-hour window for free text. Pure."""

from datetime import datetime, timedelta

WINDOW = timedelta(hours=24)


def closes_at(last_inbound_at: datetime | None) -> datetime | None:
    """Return until when free text may be sent; None if the customer never wrote."""
    return None if last_inbound_at is None else last_inbound_at + WINDOW


def is_window_open(last_inbound_at: datetime | None, *, now: datetime) -> bool:
    """Say whether WhatsApp takes free text now: within 24 hours of the customer's last message."""
    end = closes_at(last_inbound_at)
    return end is not None and now < end
