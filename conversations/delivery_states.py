"""What became of an outbound message. A status only moves forward."""

from enum import StrEnum


class DeliveryStatus(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    UNKNOWN = "unknown"


#: A later status wins; `failed` beats everything before delivery and loses to it.
_RANK = {
    DeliveryStatus.QUEUED: 1,
    DeliveryStatus.SENDING: 2,
    DeliveryStatus.UNKNOWN: 3,
    DeliveryStatus.SENT: 4,
    DeliveryStatus.FAILED: 5,
    DeliveryStatus.DELIVERED: 6,
    DeliveryStatus.READ: 7,
}


def is_forward(current: str, reported: DeliveryStatus) -> bool:
    """Say whether `reported` may replace `current`; reports come late, twice and out of order."""
    return _RANK[reported] > _RANK[DeliveryStatus(current)]
