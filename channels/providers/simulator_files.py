"""The files on the simulated customer's phone: made here, so that nothing is fetched."""

import io
import math
import struct
import wave
import zlib
from base64 import b64encode
from functools import lru_cache

from channels.providers.base import MediaSource, SendError

#: A name that no resolver knows.
_HOST = "https://media.simulator.example/"
_WIDTH, _HEIGHT = 320, 240
_WHEELS, _AXLE, _RADIUS, _PEN = (90, 230), 150, 52, 4
_RATE, _SECONDS = 8000, 2
#: Picture -> the colours of its ground and of what stands on it.
_PICTURES = {
    "bicycle.png": ((214, 233, 248), (36, 87, 197)),
    "saddle.png": ((248, 232, 214), (138, 74, 0)),
    "basket.png": ((220, 240, 226), (17, 115, 75)),
}
#: Files that never come, and why.
_LOST = {"gone.png": "not_found", "huge.png": "too_large"}
_TYPES = {"png": "image/png", "wav": "audio/wav", "pdf": "application/pdf"}


def address_of(name: str) -> str:
    return f"{_HOST}{name}"


def type_of(name: str) -> str:
    return _TYPES[name.rpartition(".")[2]]


def source_of(reference: str) -> MediaSource:
    """Return the file itself in place of an address. Raises `SendError` for one that is lost."""
    name = reference.removeprefix(_HOST)
    if name in _LOST:
        raise SendError("permanent", _LOST[name], "The simulated provider does not give the file.")
    if name not in (*_PICTURES, "voice.wav", "receipt.pdf"):
        raise SendError("permanent", "foreign_host", "The file is not on the simulated phone.")
    return MediaSource(f"data:{type_of(name)};base64,{b64encode(_content(name)).decode()}")


@lru_cache(maxsize=8)
def _content(name: str) -> bytes:
    if name in _PICTURES:
        return _draw(*_PICTURES[name])
    return _hum() if name == "voice.wav" else _PDF


def _draw(ground: tuple[int, int, int], ink: tuple[int, int, int]) -> bytes:
    """Draw two wheels and a bar as PNG."""
    rows = b"".join(
        b"\x00" + b"".join(bytes(ink if _is_inked(x, y) else ground) for x in range(_WIDTH))
        for y in range(_HEIGHT)
    )
    header = struct.pack(">IIBBBBB", _WIDTH, _HEIGHT, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*each) for each in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _is_inked(x: int, y: int) -> bool:
    left, right = _WHEELS
    is_wheel = any(abs(math.hypot(x - hub, y - _AXLE) - _RADIUS) <= _PEN for hub in _WHEELS)
    is_bar = left <= x <= right and abs(y - (_AXLE - _RADIUS)) <= _PEN
    return is_wheel or is_bar


def _hum() -> bytes:
    """Play two seconds of a quiet tone as WAV."""
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(_RATE)
        sound.writeframes(
            b"".join(
                struct.pack("<h", int(4000 * math.sin(2 * math.pi * 330 * n / _RATE)))
                for n in range(_RATE * _SECONDS)
            )
        )
    return out.getvalue()


_PDF = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Contents 4 0 R
/Resources<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>endobj
4 0 obj<</Length 44>>stream
BT /F1 18 Tf 40 120 Td (Receipt no. 1) Tj ET
endstream endobj
trailer<</Root 1 0 R>>
%%EOF
"""
