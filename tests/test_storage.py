"""Files on the disk: whole or not at all, and refusals that name the place and its room."""

import errno
import os
import resource
import stat
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from seismic_lightning.errors import StorageError
from seismic_lightning.storage import (
    locked,
    remove_unfinished,
    require_writable,
    storage_error,
    write_atomically,
)


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def full_disk() -> Iterator[None]:
    """Let every file end at 50 kB, as a disk without room does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_what_is_written_replaces_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "a.json"
    write_atomically(path, b"old and longer")
    write_atomically(path, memoryview(b"new"))
    assert path.read_bytes() == b"new"
    assert files_in(path.parent) == ["a.json"]


def test_permissions_follow_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_atomically(tmp_path / "a.json", b"a")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.json").stat().st_mode) == 0o640


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_is_named_and_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_atomically(path, b"old")
    expected = rf"{path} cannot be written .*[\d,]+ bytes are free in {tmp_path}\."
    with pytest.raises(StorageError, match=expected):
        write_atomically(path, bytes(100_000))
    assert path.read_bytes() == b"old"
    assert files_in(tmp_path) == ["a.json"]


def test_a_run_that_is_interrupted_while_writing_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "a.json", b"a")
    assert files_in(tmp_path) == []


def test_only_what_is_unfinished_is_removed(tmp_path: Path) -> None:
    (tmp_path / ".best.ckpt.123.part").write_bytes(b"half")
    (tmp_path / "keep.part").write_bytes(b"another's")
    remove_unfinished(tmp_path)
    remove_unfinished(tmp_path / "absent")
    assert files_in(tmp_path) == ["keep.part"]


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    folder = tmp_path / "file" / "checkpoints"
    with pytest.raises(StorageError, match=rf"{folder}.* cannot be written .* free in {tmp_path}\."):
        require_writable(folder)


def test_where_nobody_may_write_permission_is_spoken_of_and_not_room(tmp_path: Path) -> None:
    told = str(storage_error(tmp_path / "records", PermissionError(errno.EACCES, "Permission denied")))
    assert f"no permission to write in {tmp_path}" in told
    assert "bytes" not in told


def test_a_lock_that_goes_admits_one_at_a_time(tmp_path: Path) -> None:
    inside: list[int] = []
    most = 0

    def work(number: int) -> None:
        nonlocal most
        with locked(tmp_path / "records", leaves_file=False):
            inside.append(number)
            most = max(most, len(inside))
            time.sleep(0.002)
            inside.remove(number)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(40)))
    assert most == 1
    assert files_in(tmp_path) == []


def test_a_writable_folder_is_left_empty(tmp_path: Path) -> None:
    require_writable(tmp_path / "new")
    assert files_in(tmp_path / "new") == []
