"""Migrations say what the models say, can be undone, and stand on their own feet."""

import ast
from pathlib import Path

import pytest
from django.core.management import call_command

ROOT = Path(__file__).resolve().parents[2]
APPS = ("teams", "channels", "conversations", "routing", "callbacks")
MIGRATIONS = sorted(path for app in APPS for path in (ROOT / app).glob("migrations/0*.py"))


@pytest.mark.django_db
class TestMigrations:
    def test_say_what_the_models_say(self) -> None:
        call_command("makemigrations", "--check", "--dry-run", verbosity=0)


@pytest.mark.parametrize("path", MIGRATIONS, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
class TestMigration:
    def test_can_be_undone(self, path: Path) -> None:
        for call in _calls(path):
            if call.func.attr in ("RunPython", "RunSQL"):  # type: ignore[attr-defined]
                given = len(call.args) + len(call.keywords)
                assert given > 1, f"{path}:{call.lineno} has no way back"

    def test_imports_no_model_or_service(self, path: Path) -> None:
        allowed = {"teams.identifiers", "channels.secrets", "channels.models.channel"}
        imported = {
            alias.name
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Import)
            for alias in node.names
        }
        ours = {name for name in imported if name.split(".")[0] in APPS}
        assert not {name for name in ours - allowed if ".services" in name or ".tasks" in name}


def _calls(path: Path) -> list[ast.Call]:
    return [
        node
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    ]
