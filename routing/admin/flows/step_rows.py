"""Rows within a step: its texts by language, values by name, and the paths of a condition."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels.languages import language_choices
from conversations.templatetags.relaydesk import language_name
from routing.admin.flows.typed import TextBox, Way
from routing.admin.flows.ways import Ways
from routing.condition_forms import ConditionRow
from routing.engine.fields import WITHOUT_VALUE, Field, Operator, read_field, write_field
from routing.engine.flow import graph

#: More rows than this are not read: a document could not have them.
MOST_ROWS = 100
Json = dict[str, Any]


# --- Texts


class TextRow(NamedTuple):
    """A text in one language; `language` is blank for everybody else."""

    language: str
    label: str
    form: forms.Form


class _TextForm(forms.Form):
    language = forms.CharField(widget=forms.HiddenInput, required=False)
    text = forms.CharField(widget=TextBox, required=False, strip=False)


class _OtherTextForm(_TextForm):
    def __init__(self, *args: Any, used: frozenset[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = [choice for choice in language_choices() if choice[0] not in used]
        choices = [("", _("Choose a language")), *others]
        label = {"aria-label": _("Language")}
        self.fields["language"].widget = forms.Select(attrs=label, choices=choices)


def draw_texts(step: Mapping[str, Any], *, spoken: Sequence[str], prefix: str) -> list[TextRow]:
    """Return a row for each language that the flow speaks, and one for another."""
    found = step.get("text")
    texts = {"": found} if isinstance(found, str) else dict(found or {})
    languages = ["", *sorted({*spoken, *texts} - {""})]
    rows = [
        TextRow(language, _label(language), _text_form(language, texts, f"{prefix}-text-{place}"))
        for place, language in enumerate(languages)
    ]
    other = _OtherTextForm(prefix=f"{prefix}-text-{len(rows)}", used=frozenset(languages))
    other.fields["text"].widget.attrs["aria-label"] = _("Text in another language")
    return [*rows, TextRow("+", _("Text in another language"), other)]


def _text_form(language: str, texts: Mapping[str, Any], prefix: str) -> _TextForm:
    initial = {"language": language, "text": texts.get(language, "")}
    return _TextForm(initial=initial, prefix=prefix)


def _label(language: str) -> str:
    if not language:
        return _("Text")
    return _("Text in %(language)s") % {"language": language_name(language)}


def take_texts(data: Mapping[str, str], prefix: str) -> dict[str, str]:
    """Return the texts that say something, by language."""
    texts: dict[str, str] = {}
    for row in _rows(data, f"{prefix}-text", "text"):
        text = data[f"{row}-text"].replace("\r\n", "\n")
        if text.strip():
            texts.setdefault(data.get(f"{row}-language", ""), text.strip())
    return texts


# --- Values by name


class PairForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Name"), required=False, widget=forms.TextInput(attrs={"size": 18})
    )
    value = forms.CharField(
        label=gettext_lazy("Value"),
        required=False,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["aria-label"] = field.label


def draw_pairs(step: Mapping[str, Any], *, key: str, prefix: str) -> list[PairForm]:
    """Return a row for each value, and one more."""
    found = step.get(key)
    pairs = [*(found.items() if isinstance(found, Mapping) else ()), ("", "")]
    return [
        PairForm(initial={"name": name, "value": value}, prefix=f"{prefix}-{key}-{place}")
        for place, (name, value) in enumerate(pairs)
    ]


def take_pairs(data: Mapping[str, str], prefix: str, *, key: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for row in _rows(data, f"{prefix}-{key}", "value"):
        name, value = data.get(f"{row}-name", "").strip(), data[f"{row}-value"].strip()
        if name or value:
            pairs[name] = value
    return pairs


# --- Paths of a condition


class PathForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Name of the path"),
        required=False,
        widget=forms.TextInput(attrs={"size": 24}),
    )
    next = Way(label=gettext_lazy("then go on with"), none=gettext_lazy("– the step below –"))


class PathRow(NamedTuple):
    """A path and its conditions; `number` counts from 1."""

    number: int
    form: PathForm
    conditions: list[ConditionRow]
    is_stored: bool


def draw_paths(step: Mapping[str, Any], *, ways: Ways, prefix: str) -> list[PathRow]:
    """Return the paths, each with a row for one more condition; at least one."""
    paths = graph.members_of(step, "paths")
    return [
        _draw_path(path, number, ways=ways, prefix=f"{prefix}-paths-{number}")
        for number, path in enumerate(paths or [{}])
    ]


def _draw_path(path: Mapping[str, Any], number: int, *, ways: Ways, prefix: str) -> PathRow:
    form = PathForm(prefix=prefix, label_suffix="")
    chosen = form.fields["next"].lead(ways, path.get("next"))  # type: ignore[attr-defined]
    form.initial = {"name": path.get("name", ""), "next": chosen}
    conditions = [*graph.members_of(path, "conditions"), {}]
    rows = [
        ConditionRow(initial=_shown(condition), prefix=f"{prefix}-conditions-{place}")
        for place, condition in enumerate(conditions)
    ]
    for row in rows:
        for field in row.fields.values():
            field.widget.attrs["aria-label"] = field.label
    return PathRow(number + 1, form, rows, is_stored=bool(path))


def _shown(condition: Mapping[str, Any]) -> Json:
    """Return a condition as its row shows it; nothing for a new one."""
    shown = {key: str(value) for key, value in condition.items()}
    asked = read_field(shown.get("field", ""))
    if asked is not None and asked.name:
        shown |= {"field": asked.field.value, "name": asked.name}
    return shown


def take_paths(data: Mapping[str, str], prefix: str) -> list[Json]:
    paths = []
    for row in _rows(data, f"{prefix}-paths", "name"):
        if f"{row}-remove" in data:
            continue
        path = {
            "name": data[f"{row}-name"].strip(),
            "conditions": list(_conditions(data, row)),
            "next": data.get(f"{row}-next", ""),
        }
        if any(path.values()) or f"{row}-stored" in data:
            paths.append(path)
    return paths


def _conditions(data: Mapping[str, str], prefix: str) -> Iterator[Json]:
    for row in _rows(data, f"{prefix}-conditions", "field"):
        name, value = (data.get(f"{row}-{key}", "").strip() for key in ("name", "value"))
        field, operator = data[f"{row}-field"], data.get(f"{row}-operator", "")
        is_blank = not (name or value) and operator not in WITHOUT_VALUE
        is_untouched = field == Field.MESSAGE_TEXT and operator == Operator.CONTAINS
        if f"{row}-remove" in data or (is_blank and is_untouched):
            continue
        if field == Field.CONTACT_ATTRIBUTE:
            field = write_field(field, name=name)
        yield {"field": field, "operator": operator, "value": value}


def _rows(data: Mapping[str, str], prefix: str, key: str) -> Iterator[str]:
    """Yield the prefix of each row that was sent; `key` is a field that every row has."""
    for number in range(MOST_ROWS):
        if f"{prefix}-{number}-{key}" not in data:
            return
        yield f"{prefix}-{number}"


def take_rows(data: Mapping[str, str], prefix: str, *, key: str) -> Any:
    """Return what the rows of one key of the document say."""
    if key == "text":
        return take_texts(data, prefix)
    return take_paths(data, prefix) if key == "paths" else take_pairs(data, prefix, key=key)
