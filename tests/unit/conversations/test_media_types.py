"""What a file is: its bytes decide, whatever was said of it."""

import pytest

from conversations.media_types import UNKNOWN, declared_by, ending_of, served_type, shown_as, sniff
from tests import pictures

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


class TestAFile:
    @pytest.mark.parametrize(
        ("head", "declared", "found"),
        [
            (pictures.JPEG, "image/jpeg", "image/jpeg"),
            (pictures.JPEG, "text/html", "image/jpeg"),
            (pictures.PNG, "", "image/png"),
            (pictures.WEBP, "image/webp", "image/webp"),
            (pictures.VOICE, "audio/ogg; codecs=opus", "audio/ogg"),
            (pictures.VOICE, "", "audio/ogg"),
            (pictures.MP4, "video/mp4", "video/mp4"),
            (pictures.MP4, "audio/mp4", "audio/mp4"),
            (pictures.PDF, "image/png", "application/pdf"),
            (b"#!AMR\n" + bytes(50), "audio/amr", "audio/amr"),
            (b"ID3\x03\x00" + bytes(50), "audio/mpeg", "audio/mpeg"),
            (b"PK\x03\x04\x14\x00\x06\x00" + bytes(50), "", "application/zip"),
            (b"PK\x03\x04\x14\x00\x06\x00" + bytes(50), DOCX, DOCX),
            (b"PK\x03\x04\x14\x00\x06\x00" + bytes(50), "image/png", "application/zip"),
            (OLE, "application/msword", "application/msword"),
            (OLE, "application/vnd.ms-excel", "application/vnd.ms-excel"),
            (OLE, "", "application/x-ole-storage"),
            (b"Good morning", "image/png", UNKNOWN),
            (b"", "image/png", UNKNOWN),
            (b"\x00", "image/png", UNKNOWN),
        ],
    )
    def test_is_what_its_bytes_say(self, head, declared, found):
        assert sniff(head, declared=declared) == found

    @pytest.mark.parametrize("head", [pictures.SVG, pictures.HTML, b"<?xml version='1.0'?><a/>"])
    def test_that_could_run_something_is_never_shown(self, head):
        for declared in ("image/svg+xml", "image/png", "text/html", ""):
            found = sniff(head, declared=declared)
            assert (shown_as(found), served_type(found)) == ("file", UNKNOWN)

    def test_is_shown_as_what_browsers_draw_and_play(self):
        shown = [shown_as(kind) for kind in ("image/png", "audio/ogg", "video/mp4", UNKNOWN)]

        assert shown == ["image", "audio", "video", "file"]

    @pytest.mark.parametrize(
        ("name", "claimed"),
        [("a.docx", DOCX), ("A.DOCX", DOCX), ("a.xls", "application/vnd.ms-excel"), ("docx", "")],
    )
    def test_claims_to_be_an_office_document_by_its_name(self, name, claimed):
        assert declared_by(name) == claimed

    def test_gets_an_ending_for_its_name(self):
        assert (ending_of("image/jpeg"), ending_of("audio/ogg"), ending_of("x/y")) == (
            "jpg",
            "ogg",
            "bin",
        )
