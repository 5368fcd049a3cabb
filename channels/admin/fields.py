"""Fields of channels: secrets that are written and never read, numbers as people write them."""

import re
from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

#: For a token whose key is lost; written where the token would be.
UNREADABLE = gettext_lazy(
    "The stored token cannot be read: its key is not among FIELD_ENCRYPTION_KEYS. Enter the token "
    "anew. Until then nothing is sent, and what arrives is kept in the inbound log."
)


class SecretInput(forms.PasswordInput):
    """A field that can be written and never read: what is stored shows as dots alone."""

    def __init__(self, *, is_set: bool, is_readable: bool) -> None:
        super().__init__(attrs={"autocomplete": "new-password"}, render_value=False)
        self.is_set = is_set
        self.is_readable = is_readable

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        box = super().render(name, None, attrs, renderer)
        if not self.is_readable:
            return format_html('<div class="lost-secret"><p>{}</p>{}</div>', UNREADABLE, box)
        if not self.is_set:
            return box
        return format_html(
            '<details class="secret"><summary><span aria-hidden="true">••••••••</span> {}</summary>'
            "{}</details>",
            _("Set. Replace…"),
            box,
        )


class NumberField(forms.CharField):
    """A telephone number, as consoles and letterheads write it: `+44 (20) 7946-0123`."""

    def to_python(self, value: Any) -> Any:
        return re.sub(r"[\s().-]", "", super().to_python(value) or "")

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        attributes = dict(super().widget_attrs(widget))
        attributes.pop("maxlength", None)
        return attributes
