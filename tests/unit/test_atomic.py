"""Making files and folders at once, whoever else does."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

import pytest

from actlite.atomic import LEFTOVER_SECONDS, disk_full, keep, locked, new_folder, write_file
from actlite.errors import DiskFull


def test_a_folder_appears_whole(tmp_path: Path) -> None:
    with new_folder(tmp_path / "a" / "b") as work:
        (work / "x").write_text("1")
        assert not (tmp_path / "a" / "b").exists()
    assert (tmp_path / "a" / "b" / "x").read_text() == "1"
    assert os.listdir(tmp_path / "a") == ["b"]


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    def fail() -> None:
        with new_folder(tmp_path / "b") as work:
            (work / "x").write_text("1")
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()
    assert os.listdir(tmp_path) == []


def test_the_first_one_stays(tmp_path: Path) -> None:
    with new_folder(tmp_path / "b") as slow, new_folder(tmp_path / "b") as fast:
        (slow / "x").write_text("slow")
        (fast / "x").write_text("fast")
    assert (tmp_path / "b" / "x").read_text() == "fast"
    assert os.listdir(tmp_path) == ["b"]


def test_old_leftovers_go_and_young_ones_stay(tmp_path: Path) -> None:
    old, young = tmp_path / ".b.old.tmp", tmp_path / ".b.young.tmp"
    old.mkdir()
    young.mkdir()
    past = time.time() - LEFTOVER_SECONDS - 60
    os.utime(old, (past, past))
    with new_folder(tmp_path / "b"):
        pass
    assert sorted(os.listdir(tmp_path)) == [".b.young.tmp", "b"]


def test_a_file_is_replaced_at_once(tmp_path: Path) -> None:
    write_file(tmp_path / "d" / "f", "one")
    write_file(tmp_path / "d" / "f", "two")
    assert (tmp_path / "d" / "f").read_text() == "two"
    assert os.listdir(tmp_path / "d") == ["f"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES])
def test_a_cache_may_be_unwritable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    assert keep(tmp_path / "d" / "f", "one")

    def fails(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "replace", fails)
    assert not keep(tmp_path / "d" / "f", "two")
    assert (tmp_path / "d" / "f").read_text() == "one"
    assert os.listdir(tmp_path / "d") == ["f"]


def test_no_space_left_is_said(tmp_path: Path) -> None:
    with pytest.raises(DiskFull, match="no space left") as caught, disk_full(tmp_path):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert str(tmp_path) in str(caught.value)
    with pytest.raises(PermissionError), disk_full(tmp_path):
        raise PermissionError("other")


def test_a_lock_can_be_taken_again_and_again(tmp_path: Path) -> None:
    for _ in range(2):
        with locked(tmp_path / "x" / ".lock"):
            assert (tmp_path / "x" / ".lock").exists()
