"""Files on the disk: whole or not at all, small enough, and under a name of ours."""

import stat

import pytest

from conversations import media_files
from conversations.media_files import EmptyFileError, TooLargeError
from teams.identifiers import new_public_id
from tests import pictures


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MEDIA_DIR = tmp_path / "media"
    settings.MEDIA_MAX_BYTES = 1000
    return settings.MEDIA_DIR


def everything_in(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


class TestAFile:
    def test_is_written_and_read(self):
        stored = media_files.write(new_public_id(), [pictures.PNG[:5], pictures.PNG[5:]])

        assert (stored.size, stored.content_type) == (len(pictures.PNG), "image/png")
        with media_files.open_file(stored.path) as found:
            assert found.read() == pictures.PNG
        assert list(media_files.paths()) == [stored.path]

    def test_is_for_our_own_eyes(self, folder):
        stored = media_files.write(new_public_id(), [b"x"])

        assert stat.S_IMODE((folder / stored.path).stat().st_mode) == 0o600

    def test_that_is_too_large_is_given_up_where_it_gets_so(self, folder):
        taken = []

        def endless():
            while True:
                taken.append(1)
                yield b"x" * 300

        with pytest.raises(TooLargeError):
            media_files.write(new_public_id(), endless())

        assert len(taken) == 4
        assert everything_in(folder) == []

    def test_that_breaks_off_leaves_nothing(self, folder):
        def broken():
            yield b"x"
            raise TimeoutError

        with pytest.raises(TimeoutError):
            media_files.write(new_public_id(), broken())

        assert everything_in(folder) == []

    def test_without_a_byte_is_none(self, folder):
        with pytest.raises(EmptyFileError):
            media_files.write(new_public_id(), [b""])

        assert everything_in(folder) == []

    def test_of_another_attempt_can_be_removed(self):
        public_id = new_public_id()
        paths = [media_files.write(public_id, [b"x"], attempt=number).path for number in (1, 2)]
        other = media_files.write(new_public_id(), [b"y"]).path

        media_files.remove_others(public_id, but=paths[1])

        assert set(media_files.paths()) == {paths[1], other}

    def test_can_be_removed_twice(self):
        path = media_files.write(new_public_id(), [b"x"]).path

        media_files.remove(path)
        media_files.remove(path)

        assert not media_files.exists(path)
