"""Fields that take JSON values as they are: nothing is guessed, and no value is repeated back."""

import re
import uuid
from datetime import UTC
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from teams.time_zones import time_zones

UUID_FORM = re.compile(
    r"\A[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z", re.IGNORECASE
)
LARGEST_WHOLE = 2**31 - 1


class Text(serializers.CharField):
    """A JSON string. Numbers are not taken for one."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 500)
        super().__init__(**kwargs)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        if data is not serializers.empty and data is not None and not isinstance(data, str):
            self.fail("invalid")
        return super().run_validation(data)


class Email(Text):
    default_error_messages = {"invalid_email": _("Enter an e-mail address.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": 254, **kwargs})
        self.validators.append(serializers.EmailField().validators[-1])

    def to_internal_value(self, data: Any) -> str:
        return super().to_internal_value(data).lower()


class Whole(serializers.IntegerField):
    """A JSON number without a fraction, within 32 bits."""

    default_error_messages = {"invalid": _("Enter a whole number.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_value": LARGEST_WHOLE, "min_value": -LARGEST_WHOLE, **kwargs})

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return data


class Flag(serializers.BooleanField):
    """true or false."""

    default_error_messages = {"invalid": _("Enter true or false.")}

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid")
        return data


class Choice(serializers.ChoiceField):
    """One of the listed values."""

    default_error_messages = {"invalid_choice": _("Choose one of: {choices_listed}.")}

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, bool) or not isinstance(data, str | int) or data not in self.choices:
            self.fail("invalid_choice", choices_listed=", ".join(str(key) for key in self.choices))
        return data


class TextList(serializers.ListField):
    """A list of strings."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"child": Text(max_length=64), "max_length": 100, **kwargs})

    def to_internal_value(self, data: Any) -> list[str]:
        if not isinstance(data, list):
            self.fail("not_a_list", input_type=_("something else"))
        return list(dict.fromkeys(super().to_internal_value(data)))


class PublicId(serializers.UUIDField):
    """One of our ids."""

    default_error_messages = {"invalid": _("This is not an id of ours.")}

    def to_internal_value(self, data: Any) -> uuid.UUID:
        if not isinstance(data, str) or not UUID_FORM.match(data):
            self.fail("invalid")
        return uuid.UUID(data)


class TimeZone(Text):
    """The IANA name of a time zone, such as Asia/Tokyo."""

    default_error_messages = {"unknown_zone": _("Enter a time zone such as Asia/Tokyo.")}

    def to_internal_value(self, data: Any) -> str:
        name = super().to_internal_value(data)
        if name not in time_zones():
            self.fail("unknown_zone")
        return name


class Instant(serializers.DateTimeField):
    """An instant, always written in UTC with a Z."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"default_timezone": UTC, **kwargs})
