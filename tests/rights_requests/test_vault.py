"""Files in the vault: unreadable without the keys, whole or refused, one chunk at a time."""

import base64
import hashlib
import os
import resource
import stat
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as with_settings
from hypothesis import strategies as st
from pytest_django import Settings

from groundwork.encryption import box
from rights_requests import vault
from rights_requests.vault import CHUNK, TAG, Missing, Unreadable

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
OLD_KEY, NEW_KEY = (base64.urlsafe_b64encode(bytes([n]) * 32).decode() for n in (1, 2))
LETTER = b"To the Governance Team: my passport is attached. " * 5000


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Path:
    settings.VAULT_DIR = tmp_path / "kept" / "vault"
    return tmp_path / "kept" / "vault"


def whole(name: str) -> bytes:
    return b"".join(vault.read(name))


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def only_file(folder: Path) -> Path:
    (path,) = files(folder)
    return path


# --- What comes in comes out ---


SIZES = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 17]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("piece", [1000, CHUNK, 10 * CHUNK])
def test_a_file_comes_back_as_it_was_given(size: int, piece: int) -> None:
    content = os.urandom(size)

    stored = vault.put(content[i : i + piece] for i in range(0, size, piece))

    assert whole(stored.name) == content
    assert stored.size == size
    assert stored.sha256 == hashlib.sha256(content).digest()


@given(st.lists(st.binary(max_size=3 * CHUNK), max_size=4))
@with_settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_it_does_not_matter_in_which_pieces_it_is_given(pieces: list[bytes]) -> None:
    assert whole(vault.put(pieces).name) == b"".join(pieces)


def test_two_equal_files_have_nothing_in_common(folder: Path) -> None:
    one, other = vault.put([LETTER]), vault.put([LETTER])

    assert one.name != other.name
    first, second = (path.read_bytes() for path in files(folder))
    head = len(vault.MAGIC) + 2
    assert len(first) == len(second)
    assert first[:head] == second[:head]
    same = sum(a == b for a, b in zip(first[head:], second[head:], strict=True))
    assert same < len(first) * 0.02


def test_nothing_of_the_content_can_be_read_on_the_disk(folder: Path) -> None:
    vault.put([LETTER])

    assert b"passport" not in only_file(folder).read_bytes()


def test_only_our_own_account_can_look_at_the_files(folder: Path) -> None:
    before = os.umask(0)
    try:
        name = vault.put([LETTER]).name
    finally:
        os.umask(before)

    path = only_file(folder)
    assert path == folder / name[:2] / name
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_thirty_megabytes_pass_through_a_few_chunks_of_memory() -> None:
    size = 30 * 1024 * 1024
    piece = os.urandom(100_000)
    pieces = (piece[: size - start] for start in range(0, size, len(piece)))

    tracemalloc.start()
    try:
        stored = vault.put(pieces)
        read = sum(map(len, vault.read(stored.name)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert stored.size == read == size
    assert peak < 12 * CHUNK


# --- Keys ---


def test_after_a_change_of_keys_old_files_open_still(settings: Settings) -> None:
    settings.FIELD_KEYS = [OLD_KEY]
    old = vault.put([LETTER]).name
    settings.FIELD_KEYS = [NEW_KEY, OLD_KEY]
    new = vault.put([b"new"]).name

    assert whole(old) == LETTER
    settings.FIELD_KEYS = [NEW_KEY]
    assert whole(new) == b"new"


def test_without_its_key_a_file_is_refused_before_the_first_byte(
    settings: Settings,
) -> None:
    settings.FIELD_KEYS = [OLD_KEY]
    name = vault.put([LETTER]).name
    settings.FIELD_KEYS = [NEW_KEY]

    with pytest.raises(Unreadable, match="FIELD_KEYS"):
        vault.read(name)


# --- Damage and deceit ---


def head_of(written: bytes) -> int:
    wrapped = int.from_bytes(written[len(vault.MAGIC) :][:2])
    return len(vault.MAGIC) + 2 + wrapped


def chunks_of(written: bytes) -> list[bytes]:
    body = written[head_of(written) :]
    return [body[i : i + CHUNK + TAG] for i in range(0, len(body), CHUNK + TAG)]


def rewrite(path: Path, chunks: list[bytes]) -> None:
    written = path.read_bytes()
    path.write_bytes(written[: head_of(written)] + b"".join(chunks))


def assert_refused(name: str, *, intact: bytes = LETTER) -> None:
    """It may begin with what is true, but it must not come to its end."""
    handed_out = b""
    with pytest.raises(Unreadable):
        for chunk in vault.read(name):
            handed_out += chunk
    assert intact.startswith(handed_out)
    assert handed_out != intact


def test_a_changed_bit_anywhere_is_found(folder: Path) -> None:
    name = vault.put([b"a short letter"]).name
    path = only_file(folder)
    written = path.read_bytes()

    for place in range(len(written)):
        changed = bytearray(written)
        changed[place] ^= 1 << place % 8
        path.write_bytes(changed)
        with pytest.raises(Unreadable):
            whole(name)
    path.write_bytes(written)
    assert whole(name) == b"a short letter"


def test_a_file_cut_short_anywhere_is_found(folder: Path) -> None:
    name = vault.put([LETTER]).name
    path = only_file(folder)
    written = path.read_bytes()
    chunks = chunks_of(written)
    assert len(chunks) == 4
    ends = [head_of(written) + sum(map(len, chunks[:count])) for count in range(4)]

    for end in [0, 5, *ends, *(end - 1 for end in ends), len(written) - 1]:
        path.write_bytes(written[:end])
        assert_refused(name)


def test_chunks_out_of_order_left_out_or_twice_are_found(folder: Path) -> None:
    name = vault.put([LETTER]).name
    path = only_file(folder)
    a, b, c, d = chunks_of(path.read_bytes())

    for chunks in ([b, a, c, d], [a, c, d], [a, a, b, c, d], [a, b, c, d, d], [d], []):
        rewrite(path, chunks)
        assert_refused(name)
    rewrite(path, [a, b, c, d])
    assert whole(name) == LETTER


def test_one_file_cannot_stand_in_for_another(folder: Path) -> None:
    ours, theirs = vault.put([LETTER]).name, vault.put([LETTER]).name
    ours_path, theirs_path = (folder / name[:2] / name for name in (ours, theirs))
    our_chunks = chunks_of(ours_path.read_bytes())
    their_file = theirs_path.read_bytes()

    rewrite(theirs_path, our_chunks)
    with pytest.raises(Unreadable):
        whole(theirs)
    ours_path.write_bytes(their_file)
    with pytest.raises(Unreadable):
        whole(ours)


def test_a_key_that_is_none_is_refused(folder: Path) -> None:
    name = vault.put([LETTER]).name
    path = only_file(folder)
    other = box().encrypt(b"the text of a field")
    path.write_bytes(vault.MAGIC + len(other).to_bytes(2) + other + b"x" * 100)

    assert_refused(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "a",
        "../" * 7 + "a",
        "a" * 21,
        "a" * 23,
        "a" * 22 + "\n",
        "/etc/passwd",
        "ä" * 22,
    ],
)
def test_a_name_that_is_none_of_ours_leads_nowhere(name: str) -> None:
    with pytest.raises(Missing):
        vault.read(name)
    with pytest.raises(Missing):
        vault.remove(name)


# --- A write that fails ---


def test_what_breaks_off_leaves_nothing(folder: Path) -> None:
    def pieces() -> Iterator[bytes]:
        yield LETTER
        raise ConnectionError("the visitor has gone")

    with pytest.raises(ConnectionError):
        vault.put(pieces())

    assert files(folder) == []


def test_what_nobody_goes_on_writing_is_taken_away(folder: Path) -> None:
    stored = vault.put([LETTER])
    [whole_file] = files(folder)
    dead, alive = (whole_file.with_name(f"{n * 22}.part") for n in "ab")
    for path in (dead, alive):
        path.write_bytes(b"half")
    now = datetime.now(UTC)
    long_ago = (now - timedelta(minutes=16)).timestamp()
    os.utime(dead, times=(long_ago, long_ago))

    assert sorted(vault.unfinished()) == ["a" * 22, "b" * 22]
    assert vault.sweep_unfinished(now) == 1

    assert list(vault.unfinished()) == ["b" * 22]
    assert whole(stored.name) == LETTER


def test_a_disk_that_refuses_leaves_nothing_and_says_so(folder: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 * CHUNK, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            vault.put([LETTER])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert files(folder) == []
    assert whole(vault.put([LETTER]).name) == LETTER


def test_a_folder_that_refuses_is_told(folder: Path) -> None:
    folder.parent.mkdir()
    folder.write_text("a file in its place")

    with pytest.raises(OSError, match="vault"):
        vault.put([LETTER])


# --- Removing ---


def test_a_removed_file_is_gone_and_removing_again_is_no_error(folder: Path) -> None:
    name = vault.put([LETTER]).name

    vault.remove(name)

    with pytest.raises(Missing):
        vault.read(name)
    assert files(folder) == []
    vault.remove(name)


def age(path: Path, by: timedelta) -> None:
    then = (NOW - by).timestamp()
    os.utime(path, (then, then))


def test_the_sweep_takes_what_no_row_knows_after_a_day(folder: Path) -> None:
    known, orphan, fresh = (vault.put([LETTER]).name for _ in range(3))
    paths = {name: folder / name[:2] / name for name in (known, orphan, fresh)}
    a_day, moments = timedelta(days=1, seconds=1), timedelta(hours=23)
    age(paths[known], timedelta(days=400))
    age(paths[orphan], a_day)
    age(paths[fresh], moments)
    unfinished = [paths[known].with_name(letter * 22 + ".part") for letter in "ab"]
    for path, by in zip(unfinished, (a_day, moments), strict=True):
        path.write_bytes(b"x")
        age(path, by)
    left_by_somebody = [folder / "README", paths[known].with_name("notes")]
    for path in left_by_somebody:
        path.write_text("of an operator")
        age(path, timedelta(days=400))

    assert vault.sweep_orphans({known}, now=NOW) == 2

    left = {paths[known], paths[fresh], unfinished[1], *left_by_somebody}
    assert set(files(folder)) == left
    assert vault.sweep_orphans({known}, now=NOW) == 0


def test_the_sweep_of_a_vault_that_nobody_has_used_finds_nothing() -> None:
    assert vault.sweep_orphans(set(), now=NOW) == 0
