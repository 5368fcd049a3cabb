"""Rows of a form inside another form, each of whose fields says what it is."""

from typing import Any

from django import forms
from django.forms.models import BaseInlineFormSet
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _


class LabelledCheckbox(forms.CheckboxInput):
    """Says what it is where the columns have no headings: on a phone."""

    def __init__(self, label: str) -> None:
        super().__init__()
        self.label = label

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        box = super().render(name, value, attrs, renderer)
        return format_html('{} <span class="phone-only">{}</span>', box, self.label)


class NamedRowFormSet(BaseInlineFormSet):  # type: ignore[type-arg]
    """Gives every field of a row a name of its own: the heading of a column names none of them."""

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        if "DELETE" in form.fields:
            form.fields["DELETE"].label = _("Remove")
            form.fields["DELETE"].widget = LabelledCheckbox(_("Remove"))
        for field in form.fields.values():
            if field.label and not field.widget.is_hidden:
                field.widget.attrs["aria-label"] = field.label
