"""Languages in which customers are written to."""

from functools import lru_cache

from django.conf import global_settings
from django.core.exceptions import ValidationError
from django.utils.translation import get_language_info
from django.utils.translation import gettext_lazy as _

#: Those whose way of writing dates is known.
LANGUAGES = tuple(code for code, _name in global_settings.LANGUAGES)


@lru_cache(maxsize=1)
def language_choices() -> list[tuple[str, str]]:
    """Return each language by its code, and its name in itself, in the order of the codes."""
    return [(code, f"{_own_name(code)} ({code})") for code in sorted(LANGUAGES)]


def validate_language(code: str) -> None:
    """Refuse what is not the code of a language."""
    if code not in LANGUAGES:
        raise ValidationError(_("Enter a language such as en, ja or zh-hans."), code="unknown")


def _own_name(code: str) -> str:
    name: str = get_language_info(code)["name_local"]
    return name[:1].upper() + name[1:]
