"""What a file is, by its own bytes, and what a browser may be shown of it.

What somebody says of a file only chooses between two names for the same bytes.
"""

import puremagic

UNKNOWN = "application/octet-stream"
#: So much of a file tells what it is.
HEAD_BYTES = 4096

#: Shown in a page: what browsers draw or play without running anything in it. No SVG, no HTML.
IMAGES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
AUDIO = frozenset(
    {
        "audio/3gpp",
        "audio/aac",
        "audio/amr",
        "audio/mp4",
        "audio/mpeg",
        "audio/ogg",
        "audio/wav",
        "audio/webm",
    }
)
VIDEO = frozenset({"video/mp4", "video/3gpp", "video/webm", "video/ogg"})
#: Served under their own name; everything else is `UNKNOWN` to a browser.
NAMED = IMAGES | AUDIO | VIDEO | {"application/pdf"}

#: Containers in which the bytes at the front do not tell sound from pictures.
_FAMILIES = (
    frozenset({"audio/mp4", "video/mp4"}),
    frozenset({"audio/ogg", "video/ogg", "application/ogg"}),
    frozenset({"audio/3gpp", "video/3gpp"}),
    frozenset({"audio/webm", "video/webm"}),
)
#: Kinds that have a beginning and no name in the table, by their usual ending.
_BY_ENDING = {".amr": "audio/amr", ".m4a": "audio/mp4", ".oga": "audio/ogg", ".ogg": "audio/ogg"}
_OTHER_NAMES = {
    "application/ogg": "audio/ogg",
    "audio/mp3": "audio/mpeg",
    "audio/x-m4a": "audio/mp4",
    "audio/wave": "audio/wav",
    "audio/x-wav": "audio/wav",
    "application/excel": "application/vnd.ms-excel",
    "application/mspowerpoint": "application/vnd.ms-powerpoint",
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
}
_ENDINGS = {
    "application/pdf": "pdf",
    "application/zip": "zip",
    "audio/3gpp": "3gp",
    "audio/aac": "aac",
    "audio/amr": "amr",
    "audio/mp4": "m4a",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
    "audio/wav": "wav",
    "audio/webm": "webm",
    "image/gif": "gif",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "text/vcard": "vcf",
    "video/3gpp": "3gp",
    "video/mp4": "mp4",
    "video/ogg": "ogv",
    "video/webm": "webm",
}
_OFFICE = "application/vnd.openxmlformats-officedocument."
_DOCUMENTS = {
    "application/msword": "doc",
    "application/vnd.ms-excel": "xls",
    "application/vnd.ms-powerpoint": "ppt",
    f"{_OFFICE}presentationml.presentation": "pptx",
    f"{_OFFICE}spreadsheetml.sheet": "xlsx",
    f"{_OFFICE}wordprocessingml.document": "docx",
}
#: Archives, of which the front does not tell what is in them: how they begin, what they are called.
_ARCHIVES = {
    b"PK\x03\x04": "application/zip",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "application/x-ole-storage",
}


def sniff(head: bytes, *, declared: str = "") -> str:
    """Return the media type that the beginning of a file has; `UNKNOWN` if it has none."""
    found = _candidates(head)
    said = _plain(declared)
    if not found:
        return UNKNOWN
    if said in found or any(said in family and found[0] in family for family in _FAMILIES):
        return said
    # Office documents are archives too: which of them it is does not show at the front.
    archives = (name for begin, name in _ARCHIVES.items() if head.startswith(begin))
    return next(archives, found[0])


def declared_by(filename: str) -> str:
    """Return the type of an office document that a file's name claims; blank for other names."""
    name = filename.lower()
    return next((kind for kind, end in _DOCUMENTS.items() if name.endswith(f".{end}")), "")


def shown_as(content_type: str) -> str:
    """Return `image`, `audio` or `video` for what a page may show, else `file`."""
    for word, kinds in (("image", IMAGES), ("audio", AUDIO), ("video", VIDEO)):
        if content_type in kinds:
            return word
    return "file"


def served_type(content_type: str) -> str:
    """Return the type under which a browser is given a file."""
    return content_type if content_type in NAMED else UNKNOWN


def ending_of(content_type: str) -> str:
    """Return the ending that files of this type have, without its dot; `bin` for the unknown."""
    return _ENDINGS.get(content_type) or _DOCUMENTS.get(content_type, "bin")


def _candidates(head: bytes) -> list[str]:
    try:
        matches = puremagic.magic_string(head[:HEAD_BYTES])
    except (puremagic.PureError, ValueError):
        return []
    names = [match.mime_type or _BY_ENDING.get(match.extension, "") for match in matches]
    return [_plain(name) for name in names if name]


def _plain(name: str) -> str:
    """Return a type without its parameters, under its usual name."""
    bare = name.partition(";")[0].strip().lower()
    return _OTHER_NAMES.get(bare, bare)
