"""docs/settings.md names every variable that is read, and no other."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
READ = re.compile(r"""env(?:\.\w+)?\(\s*"([A-Z][A-Z0-9_]+)\"""")
ROW = re.compile(r"^\| `([A-Z][A-Z0-9_]+)` \|", re.MULTILINE)


class TestSettingsTable:
    def test_names_what_is_read(self) -> None:
        read = set(READ.findall((ROOT / "config/settings.py").read_text()))
        rows = ROW.findall((ROOT / "docs/settings.md").read_text())
        assert sorted(rows) == sorted(read)

    def test_is_the_only_way_in(self) -> None:
        """Nothing else of ours reads the environment, so the table is the whole truth."""
        allowed = {"config/settings.py", "config/management/commands/serve.py"}
        readers = {
            str(path.relative_to(ROOT))
            for app in ("config", "teams", "channels", "conversations", "routing", "callbacks")
            for path in (ROOT / app).rglob("*.py")
            if re.search(r"os\.environ(?!\.setdefault\(\"DJANGO_)|os\.getenv", path.read_text())
        }
        assert readers <= allowed
