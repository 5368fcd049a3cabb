"""The catalogues hold every sentence of the sources, translated, and are compiled as they stand."""

import gettext
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CATALOGUES = sorted((ROOT / "locale").glob("*/LC_MESSAGES/django.po"))
SOURCES = ("config", "teams", "channels", "conversations", "routing", "callbacks", "templates")
MESSAGE = re.compile(
    r'^msgid ((?:".*"\n)+)(?:msgid_plural (?:".*"\n)+)?((?:msgstr.*\n(?:".*"\n)*)+)', re.M
)
needs = {
    name: pytest.mark.skipif(shutil.which(name) is None, reason=f"{name} (gettext) is not here")
    for name in ("msgfmt", "xgettext")
}


def read(catalogue: Path) -> dict[str, str]:
    """Return source sentence and raw translation of every entry but the header."""
    entries = MESSAGE.findall(re.sub(r"^#~.*\n", "", catalogue.read_text(), flags=re.M))
    plain = {_unquote(source): _unquote(target) for source, target in entries}
    return {source: target for source, target in plain.items() if source}


def _unquote(lines: str) -> str:
    return "".join(re.findall(r'"(.*)"$', lines, re.M))


@pytest.mark.parametrize("catalogue", CATALOGUES, ids=lambda path: path.parts[-3])
class TestCatalogue:
    def test_leaves_no_sentence_out(self, catalogue: Path) -> None:
        missing = [source for source, target in read(catalogue).items() if not target]
        assert not missing

    def test_is_sure_of_every_sentence(self, catalogue: Path) -> None:
        assert "#, fuzzy" not in catalogue.read_text()

    def test_keeps_every_placeholder(self, catalogue: Path) -> None:
        named = re.compile(r"%\(\w+\)[sd]|\{\w*\}")
        for source, target in read(catalogue).items():
            assert set(named.findall(target)) >= set(named.findall(source)), source

    @needs["msgfmt"]
    def test_is_compiled_as_it_stands(self, catalogue: Path, tmp_path: Path) -> None:
        fresh = tmp_path / "django.mo"
        subprocess.run(["msgfmt", "--check-format", "-o", fresh, catalogue], check=True)
        kept = catalogue.with_suffix(".mo")
        assert kept.exists(), "run `make messages`"
        assert _compiled(kept) == _compiled(fresh), "run `make messages`"


def _compiled(path: Path) -> dict[str, str]:
    with path.open("rb") as file:
        catalogue = vars(gettext.GNUTranslations(file))["_catalog"]
    return {key: text for key, text in catalogue.items() if key}


@pytest.mark.slow
@needs["xgettext"]
@pytest.mark.skipif(not CATALOGUES, reason="there are no catalogues yet")
class TestSources:
    def test_say_nothing_that_the_catalogues_do_not_know(self, tmp_path: Path) -> None:
        for name in filter(lambda name: (ROOT / name).exists(), SOURCES):
            shutil.copytree(ROOT / name, tmp_path / name)
        shutil.copytree(ROOT / "locale", tmp_path / "locale")
        locales = [part for path in CATALOGUES for part in ("--locale", path.parts[-3])]
        subprocess.run(
            [sys.executable, "-m", "django", "makemessages", "--no-obsolete", *locales],
            cwd=tmp_path,
            env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
            check=True,
            capture_output=True,
        )
        for path in CATALOGUES:
            fresh = tmp_path / path.relative_to(ROOT)
            differs = set(read(fresh)) ^ set(read(path))
            assert not differs, f"{path.parts[-3]}: run `make messages`"
