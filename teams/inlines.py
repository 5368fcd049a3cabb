"""Rows of a form inside another form, each of whose fields says what it is."""

from typing import Any

from django.forms.models import BaseInlineFormSet
from django.utils.translation import gettext as _


class NamedRowFormSet(BaseInlineFormSet):  # type: ignore[type-arg]
    """Gives every field of a row a name of its own: the heading of a column names none of them."""

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        if "DELETE" in form.fields:
            form.fields["DELETE"].label = _("Remove")
        for field in form.fields.values():
            if field.label and not field.widget.is_hidden:
                field.widget.attrs["aria-label"] = field.label
