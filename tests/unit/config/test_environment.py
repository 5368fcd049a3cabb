"""The small answers of `config/environment.py`."""

import multiprocessing
from pathlib import Path

import pytest

from config import environment
from config.environment import SettingsError


class TestKeepingASecret:
    def test_makes_it_once(self, tmp_path: Path) -> None:
        path = tmp_path / "var" / "secret_key"
        first = environment.keep_secret(path, make=environment.new_secret_key)
        assert environment.keep_secret(path, make=environment.new_secret_key) == first

    def test_lets_nobody_else_read_it(self, tmp_path: Path) -> None:
        path = tmp_path / "var" / "secret_key"
        environment.keep_secret(path, make=environment.new_secret_key)
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700

    def test_gives_all_who_start_at_once_the_same(self, tmp_path: Path) -> None:
        with multiprocessing.get_context("fork").Pool(4) as pool:
            keys = pool.map(_keep, [tmp_path / "key"] * 40)
        assert len(set(keys)) == 1
        assert [path.name for path in tmp_path.iterdir()] == ["key"]


def _keep(path: Path) -> str:
    return environment.keep_secret(path, make=environment.new_secret_key)


class TestTheEmbeddedBroker:
    def test_listens_in_the_data_folder(self, tmp_path: Path) -> None:
        folder = Path("/srv/relaydesk")
        assert environment.embedded_broker_socket(folder) == folder / "broker" / "broker.sock"

    def test_listens_elsewhere_when_the_name_is_too_long_for_a_socket(self) -> None:
        first = environment.embedded_broker_socket(Path("/srv/" + "a" * 120))
        other = environment.embedded_broker_socket(Path("/srv/" + "b" * 120))
        assert len(str(first)) < 100
        assert first != other


class TestTheDatabase:
    def test_is_sqlite_in_the_data_folder_whatever_its_name(self, tmp_path: Path) -> None:
        folder = tmp_path / "50% off? #1"
        read = environment.read_database("", data_dir=folder, prepare_threshold=0)
        assert read["NAME"] == str(folder / "relaydesk.sqlite3")
        assert read["OPTIONS"]["transaction_mode"] == "IMMEDIATE"

    def test_is_postgresql_by_address(self, tmp_path: Path) -> None:
        url = "postgresql://desk:p%40ss@db:5433/relaydesk"
        read = environment.read_database(url, data_dir=tmp_path, prepare_threshold=0)
        assert (read["HOST"], read["PORT"], read["PASSWORD"]) == ("db", 5433, "p@ss")
        assert (read["CONN_MAX_AGE"], read["CONN_HEALTH_CHECKS"]) == (None, True)
        assert "prepare_threshold" not in read["OPTIONS"]

    def test_prepares_statements_when_asked_to(self, tmp_path: Path) -> None:
        url = "postgresql://db/relaydesk"
        read = environment.read_database(url, data_dir=tmp_path, prepare_threshold=5)
        assert read["OPTIONS"]["prepare_threshold"] == 5
        assert read["OPTIONS"]["server_side_binding"] is True


class TestRefusing:
    @pytest.mark.parametrize(
        "key", ["change-me-please-change-me-please", "django-insecure-0123456789", "short", "x" * 9]
    )
    def test_names_the_secret_key(self, key: str) -> None:
        with pytest.raises(SettingsError, match="SECRET_KEY"):
            environment.check_secret_key(key)

    @pytest.mark.parametrize("key", ["not base64!", "c2hvcnQ=", "日本"])
    def test_names_the_field_keys(self, key: str) -> None:
        with pytest.raises(SettingsError, match="FIELD_ENCRYPTION_KEYS"):
            environment.check_field_keys([key], environment="development")

    def test_knows_a_key_that_nobody_drew(self) -> None:
        zeros = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
        with pytest.raises(SettingsError, match="FIELD_ENCRYPTION_KEYS"):
            environment.check_field_keys([zeros], environment="production")

    @pytest.mark.parametrize("zone", ["Tokio", "", "../etc/passwd", "asia/tokyo"])
    def test_names_the_time_zone(self, zone: str) -> None:
        with pytest.raises(SettingsError, match="TIME_ZONE"):
            environment.check_time_zone(zone)
