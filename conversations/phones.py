"""How a phone number is shown to people who need not call it. Pure."""

_HEAD, _TAIL = 3, 4


def mask_phone(phone: str) -> str:
    """Return the number with its first three and last four characters only."""
    if len(phone) <= _HEAD + _TAIL:
        return phone
    return f"{phone[:_HEAD]} •••• {phone[-_TAIL:]}"
