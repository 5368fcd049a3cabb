"""What customers wrote to the stand-in's account, whether it reached the desk or not."""

import uuid
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from tests.fake_twilio.store import API, Store


def write(
    store: Store,
    *,
    account_sid: str,
    to: str,
    sender: str,
    text: str,
    at: datetime,
    service: str | None = None,
    files: tuple[str, ...] = (),
) -> str:
    """Keep a message of a customer; return its SID. `files`: their types."""
    sid = f"{'MM' if files else 'SM'}{uuid.uuid4().hex}"
    message = {
        "account_sid": account_sid,
        "api_version": "2010-04-01",
        "body": text,
        "date_created": format_datetime(at),
        "date_sent": format_datetime(at),
        "date_updated": format_datetime(at),
        "direction": "inbound",
        "error_code": None,
        "error_message": None,
        "from": sender,
        "messaging_service_sid": service,
        "num_media": str(len(files)),
        "num_segments": "1",
        "price": None,
        "price_unit": None,
        "sid": sid,
        "status": "received",
        "subresource_uris": {},
        "to": to,
        "uri": f"{API}/Accounts/{account_sid}/Messages/{sid}.json",
    }
    with store.lock:
        store.received.append({"message": message, "files": files})
    return sid


def media(store: Store, account_sid: str, sid: str) -> dict[str, Any]:
    """Return the list of a message's files."""
    kept = next(each for each in store.received if each["message"]["sid"] == sid)
    address = f"{API}/Accounts/{account_sid}/Messages/{sid}/Media"
    found = [
        {
            "sid": f"ME{index:032x}",
            "content_type": content_type,
            "uri": f"{address}/ME{index:032x}.json",
        }
        for index, content_type in enumerate(kept["files"])
    ]
    return {"media_list": found, "next_page_uri": None, "page": 0}
