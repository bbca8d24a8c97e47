"""The file a backup is: cut, altered, swapped or under another key it is refused."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from lifang.app.restoring import restore, verify_backup
from lifang.kit.errors import Invalid, NotReady
from lifang.services.instance import Instance
from lifang.store.keys import create_key_file
from lifang.upkeep import archive
from lifang.upkeep.archive import FORMAT_BYTES, HEADER, MAGIC, PIECE, TAG
from tests.core.upkeep.dumped import Make, folder, quiet, standing


def pieces_of(file: Path) -> tuple[bytes, list[bytes]]:
    said = file.read_bytes()
    body, size = said[HEADER:], PIECE + TAG
    return said[:HEADER], [body[at : at + size] for at in range(0, len(body), size)]


def damaged(file: Path, rng: random.Random) -> dict[str, bytes]:
    """Twenty files that are no longer the backup that was made."""
    whole = file.read_bytes()
    header, pieces = pieces_of(file)
    assert len(pieces) >= 5
    broken: dict[str, bytes] = {"nothing": b"", "text": b"no backup at all" * 9}
    for number in range(4):
        broken[f"cut {number}"] = whole[: rng.randrange(len(whole))]
    for place in (0, len(MAGIC) + FORMAT_BYTES + 1, HEADER - 1, HEADER, len(whole) - 1):
        broken[f"bit {place}"] = flipped(whole, place, rng)
    for number in range(3):
        broken[f"bit {number}"] = flipped(whole, rng.randrange(HEADER, len(whole)), rng)
    first, second, *rest = pieces
    broken["swapped"] = header + b"".join([second, first, *rest])
    broken["first gone"] = header + b"".join(pieces[1:])
    broken["middle gone"] = header + b"".join([first, *rest])
    broken["last gone"] = header + b"".join(pieces[:-1])
    broken["doubled"] = header + b"".join([first, *pieces])
    broken["appended piece"] = whole + pieces[-1]
    broken["appended byte"] = whole + b"\0"
    at = len(MAGIC)
    broken["newer format"] = whole[:at] + b"\0\2" + whole[at + FORMAT_BYTES :]
    return broken


def flipped(data: bytes, place: int, rng: random.Random) -> bytes:
    return data[:place] + bytes([data[place] ^ 1 << rng.randrange(8)]) + data[place + 1 :]


@pytest.fixture
def many_pieces(instance: Instance, made: Make) -> Path:
    (instance.settings.data / "files").mkdir()
    (instance.settings.data / "files" / "0f").write_bytes(os.urandom(5 * PIECE))
    return made()


def test_every_damaged_backup_is_refused_and_the_data_stays_as_it_was(
    instance: Instance, many_pieces: Path, key: Path, elsewhere: Path, tmp_path: Path
) -> None:
    with standing(elsewhere, key):
        pass
    instance.database.bind()
    before = folder(elsewhere)
    before.pop("run/serve.lock", None)
    cases = damaged(many_pieces, random.Random(16))
    assert len(cases) >= 20
    bad = tmp_path / "bad.lifang"
    for name, said in cases.items():
        bad.write_bytes(said)
        with pytest.raises((Invalid, NotReady)) as refused:
            restore(bad, key, quiet, replace=True)
        assert "备份" in refused.value.sentence, name
        with pytest.raises((Invalid, NotReady)):
            verify_backup(bad, key, quiet)
        now = folder(elsewhere)
        now.pop("run/serve.lock")
        assert now == before, name
        assert sorted(path.name for path in elsewhere.iterdir() if "data" in path.name) == ["data"]
    done = restore(many_pieces, key, quiet, replace=True)
    assert done.aside is not None
    assert (elsewhere / "data" / "files" / "0f").stat().st_size == 5 * PIECE


def test_another_key_is_refused_with_both_fingerprints(
    made: Make, key: Path, elsewhere: Path, tmp_path: Path
) -> None:
    file, other = made(), tmp_path / "other.key"
    create_key_file(other)
    needed = verify_backup(file, key, quiet)[0]["key"]
    with pytest.raises(NotReady) as refused:
        restore(file, other, quiet, replace=False)
    assert needed in refused.value.sentence
    assert archive.fingerprint(b"x" * 32) not in refused.value.sentence
    with pytest.raises(NotReady, match="找不到密钥"):
        restore(file, None, quiet, replace=False)
    assert not (elsewhere / "data").exists()
    assert not (elsewhere / "lifang.toml").exists()
