"""Which release of the zones is read."""

import re
import zoneinfo
from collections.abc import Iterator
from pathlib import Path

import pytest
import tzdata

from callbacks.zone_rules import RELEASE, read_release


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder of zones that is looked at first; what it says of itself is the test's."""
    (tmp_path / "UTC").write_bytes(b"TZif")
    zoneinfo.reset_tzpath(to=[str(tmp_path)])
    yield tmp_path
    zoneinfo.reset_tzpath()


class TestRelease:
    def test_of_this_machine_is_known(self) -> None:
        assert re.fullmatch("[0-9]{4}[a-z]{1,2}", RELEASE)

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("tzdata.zi", "# version 2031c\n# This zic input file is in the public domain.\n"),
            ("tzdata.zi", "# version 2031c-dirty\n"),
            ("+VERSION", "2031c\n"),
            ("version", "2031c\n"),
        ],
    )
    def test_is_what_the_folder_says(self, folder: Path, name: str, text: str) -> None:
        (folder / name).write_text(text)
        assert read_release() == "2031c"

    def test_of_a_folder_that_does_not_say_it_is_unknown(self, folder: Path) -> None:
        (folder / "tzdata.zi").write_text("# version unknown\n")
        assert read_release() == ""

    def test_is_that_of_the_package_where_the_system_has_no_zones(self, folder: Path) -> None:
        (folder / "UTC").unlink()
        assert read_release() == tzdata.IANA_VERSION
