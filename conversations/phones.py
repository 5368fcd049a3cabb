"""How a phone number is shown to people who need not call it, and where it is at home. Pure."""

import phonenumbers
from phonenumbers.timezone import UNKNOWN_TIMEZONE, time_zones_for_number

_HEAD, _TAIL = 3, 4


def mask_phone(phone: str) -> str:
    """Return the number with its first three and last four characters only."""
    if len(phone) <= _HEAD + _TAIL:
        return phone
    return f"{phone[:_HEAD]} •••• {phone[-_TAIL:]}"


def country_of(phone: str) -> str:
    """Return the country of a number, `JP`; blank where it has none, or may be one of several."""
    try:
        region = phonenumbers.region_code_for_number(phonenumbers.parse(phone))
    except phonenumbers.NumberParseException:
        return ""
    return region if region and region.isalpha() else ""


def zone_of(phone: str) -> str:
    """Return the time zone of a number, `Asia/Tokyo`; blank where it may be one of several.

    By the ranges of numbers that each country gives out. A traveller keeps the zone of home.
    """
    try:
        zones = time_zones_for_number(phonenumbers.parse(phone))
    except phonenumbers.NumberParseException:
        return ""
    return str(zones[0]) if len(zones) == 1 and zones[0] != UNKNOWN_TIMEZONE else ""
