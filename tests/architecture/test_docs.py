"""The paper says what is there: its commands exist, its links lead somewhere, its tables hold."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import get_commands, load_command_class
from django.urls import URLResolver, get_resolver, resolve

from channels.failures import FAILURES
from config.beat import BEAT

ROOT = Path(__file__).resolve().parents[2]
PAPERS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
DECISIONS = sorted((ROOT / "docs/decisions").glob("[0-9]*.md"))
#: This record lists names that our app must not have.
NAMES_WHAT_IS_ABSENT = ROOT / "docs/decisions/0006-the-name-channels.md"

SOME_ID = "01990000-0000-7000-8000-000000000000"

FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
MAKE = re.compile(r"(?:^|&& )make ([a-z]+)\b", re.MULTILINE)
MANAGE = re.compile(r"manage\.py ([a-z_]+)([^\n`|]*)")
OPTION = re.compile(r"(?<!\S)(--[a-z-]+)")
OUR_FILE = re.compile(
    r"(?:config|teams|channels|conversations|routing|callbacks|tests|docs|benchmarks|\.ci)"
    r"/[\w./-]*\w(?:\.\w+)?"
)
DRAIN_ROW = re.compile(r"^\| `(\w+)` \| (\d+) s \|", re.MULTILINE)
ADDRESS_ROW = re.compile(r"^\| `(/api/v1/[^`]*)` \| (.*) \|$", re.MULTILINE)
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
METHOD = re.compile(rf"\b({'|'.join(METHODS)})\b")
APPLICATION = re.compile(r"config\.\w+:\w+")
DECISION_TITLE = re.compile(r"# (\d+)\. \S")


def named(paper: Path) -> str:
    return str(paper.relative_to(ROOT))


def in_code(text: str) -> Iterator[str]:
    """What stands in code style: a word like "make sure" in a sentence is no command."""
    yield from FENCE.findall(text)
    yield from CODE.findall(FENCE.sub("", text))


def anchors(paper: Path) -> set[str]:
    """The anchors that a page's headings get where it is shown."""
    plain = (re.sub(r"[^\w\s-]", "", heading) for heading in HEADING.findall(paper.read_text()))
    return {heading.strip().lower().replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("paper", PAPERS, ids=named)
class TestPaper:
    def test_has_links_that_lead_somewhere(self, paper: Path) -> None:
        for target in LINK.findall(FENCE.sub("", paper.read_text())):
            if re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = target.partition("#")
            page = (paper.parent / path).resolve() if path else paper
            assert page.is_relative_to(ROOT), target
            assert page.exists(), target
            assert not anchor or anchor in anchors(page), target

    def test_names_make_targets_that_exist(self, paper: Path) -> None:
        targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
        used = {name for code in in_code(paper.read_text()) for name in MAKE.findall(code)}
        assert used <= targets

    def test_names_commands_and_options_that_exist(self, paper: Path) -> None:
        commands = get_commands()
        for code in in_code(paper.read_text()):
            for name, rest in MANAGE.findall(code):
                assert name in commands, f"manage.py {name}"
                known = _options(name)
                assert set(OPTION.findall(rest)) <= known, f"manage.py {name}{rest}"

    def test_names_files_that_exist(self, paper: Path) -> None:
        if paper == NAMES_WHAT_IS_ABSENT:
            return
        for code in CODE.findall(FENCE.sub("", paper.read_text())):
            if OUR_FILE.fullmatch(code):
                assert (ROOT / code).exists(), code


class TestDecisions:
    def test_are_numbered_without_gaps(self) -> None:
        numbers = [int(path.name[:4]) for path in DECISIONS]
        assert numbers == list(range(1, len(DECISIONS) + 1))

    def test_have_their_number_and_three_parts(self) -> None:
        for path in DECISIONS:
            title = DECISION_TITLE.match(path.read_text())
            assert title is not None, path.name
            assert int(title[1]) == int(path.name[:4]), path.name
            parts = re.findall(r"^## (.+)$", path.read_text(), re.MULTILINE)
            assert parts == ["Context", "Decision", "Consequence"], path.name

    def test_are_all_listed(self) -> None:
        listed = LINK.findall((ROOT / "docs/decisions/README.md").read_text())
        assert listed == [path.name for path in DECISIONS]


class TestDependencies:
    def test_have_a_line_each_in_their_record(self) -> None:
        pinned = re.findall(r"^([a-z][a-z0-9-]+)", (ROOT / "requirements.in").read_text(), re.M)
        explained = set(CODE.findall((ROOT / "docs/decisions/0008-dependencies.md").read_text()))
        assert set(pinned) <= explained


class TestTheNameChannels:
    def test_is_not_mistaken_for_the_package(self) -> None:
        for name in CODE.findall(NAMES_WHAT_IS_ABSENT.read_text()):
            assert name == "channels" or not (ROOT / name).exists(), name


class TestDrainsTable:
    def test_says_what_beat_does(self) -> None:
        rows = DRAIN_ROW.findall((ROOT / "docs/how-it-works.md").read_text())
        assert {name: float(every) for name, every in rows} == {
            name: every for name, (_, every) in BEAT.items()
        }


class TestOperations:
    def test_name_the_application_that_serve_runs(self) -> None:
        named = {
            path: set(APPLICATION.findall((ROOT / path).read_text()))
            for path in ("config/programs.py", "docs/operations.md", "Dockerfile")
        }
        assert len(set().union(*named.values())) == 1, named


class TestApiTable:
    def test_has_every_address_with_its_methods(self) -> None:
        rows = ADDRESS_ROW.findall((ROOT / "docs/api.md").read_text())
        told = {_view(address): set(METHOD.findall(what)) for address, what in rows}
        there = {
            view: {name for name in METHODS if hasattr(view, name.lower())}
            for view in _views(get_resolver(), below="api/v1/")
        }
        assert told == there


def _view(address: str) -> Any:
    """The view behind an address of the table; `<id>` and `<id or code>` are an id."""
    return resolve(re.sub(r"<[^>]+>", SOME_ID, address)).func.view_class  # type: ignore[attr-defined]


def _views(resolver: URLResolver, *, below: str, at: str = "") -> set[Any]:
    """The classes behind the addresses that begin with `below`."""
    views = set()
    for pattern in resolver.url_patterns:
        address = at + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            views |= _views(pattern, below=below, at=address)
        elif address.startswith(below):
            views.add(pattern.callback.view_class)
    return views


def _options(command: str) -> set[str]:
    """The options of a command, those of its own subcommands included."""
    app = get_commands()[command]
    built = load_command_class(app, command) if isinstance(app, str) else app
    known, parsers = set(), [built.create_parser("manage.py", command)]
    for parser in parsers:
        for action in parser._actions:
            known |= set(action.option_strings)
            parsers.extend(action.choices.values() if _has_subparsers(action) else [])
    return known


def _has_subparsers(action: object) -> bool:
    return type(action).__name__ == "_SubParsersAction"


class TestTheFailuresOfAChannel:
    def test_are_explained_on_paper_as_in_the_console(self) -> None:
        paper = (ROOT / "docs/channels.md").read_text()
        told = re.findall(r"^### ([a-z0-9-]+):", paper, re.MULTILINE)
        assert told == [failure.code for failure in FAILURES]
