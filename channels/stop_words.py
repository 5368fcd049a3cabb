"""Words by which customers say that they want no more messages, or want them again. Pure."""

import unicodedata

#: What operators and Twilio itself obey on SMS. https://help.twilio.com/articles/223134027
SMS_STOP_WORDS = "STOP, UNSUBSCRIBE, END, QUIT, STOPALL, REVOKE, OPTOUT, CANCEL"
SMS_START_WORDS = "START, UNSTOP, YES"
#: WhatsApp knows no such words: these are ours until somebody changes them.
STOP_WORDS = (
    "STOP, UNSUBSCRIBE, ARRET, DÉSABONNER, ABBESTELLEN, BAJA, SAIR, 配信停止, 停止, 退订, 取消订阅"
)
START_WORDS = "START, UNSTOP"
_AROUND = " \t\r\n.,!?'\"“”«»。！？、"


def split_words(text: str) -> frozenset[str]:
    """Return the words of a list as somebody typed it, separated by commas or lines."""
    separated = text.replace("\n", ",").replace("、", ",").replace("，", ",")
    return frozenset(filter(None, map(_plain, separated.split(","))))


def is_one_of(text: str, *, words: str) -> bool:
    """Say whether a whole message is one of these words, whatever its case, accents apart or not.

    A message that only contains such a word says something else: "please stop by tomorrow".
    """
    return _plain(text) in split_words(words)


def _plain(text: str) -> str:
    """Return the bare word: full-width letters made narrow, accents and marks around it gone."""
    wide = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(letter for letter in wide if not unicodedata.combining(letter))
    return unicodedata.normalize("NFC", bare).strip(_AROUND)
