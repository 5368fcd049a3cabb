"""What a sentence is before it is shown: text, or text that waits for the reader's language."""

from typing import TYPE_CHECKING, TypeAlias

from django.utils.functional import Promise

if TYPE_CHECKING:
    # The checker's own name for a lazy text.
    from django.utils.functional import _StrPromise

    Text: TypeAlias = str | _StrPromise
else:
    Text: TypeAlias = str | Promise
