"""The import contracts of pyproject.toml: apps in one direction, floors, pure rooms, no cycles."""

from pathlib import Path

from importlinter.cli import lint_imports

ROOT = Path(__file__).resolve().parents[2]


class TestImports:
    def test_keep_every_contract(self) -> None:
        broken = lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True)
        assert broken == 0, "run `make check` and read what `lint-imports` says"
