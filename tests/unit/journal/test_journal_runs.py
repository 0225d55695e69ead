"""Run folders: ids, locks, states, foreign content."""

from __future__ import annotations

import errno
import multiprocessing
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from actlite.errors import CannotRun, DiskFull, UsageError
from actlite.journal import runs
from actlite.journal.runs import RunFolder, RunLock, RunStore, State, is_id


def _create(root: str) -> str:
    return RunStore(Path(root)).create().id


def test_first_run_has_id_1_and_is_locked_and_live(tmp_path: Path) -> None:
    run = RunStore(tmp_path / ".actlite").create()
    assert run.id == "1"
    assert run.state() is State.LIVE
    assert run.alive()
    assert RunLock.take(run.lock_path) is None


def test_folders_are_private_and_hidden_from_git(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    store = RunStore.beside(tmp_path)
    run = store.create()
    for folder in (store.root, run.path, run.sub("work")):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    status = subprocess.run(
        ["git", "status", "--porcelain"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert status.stdout == ""


def test_store_is_beside_git_or_in_the_folder_itself(tmp_path: Path) -> None:
    inner = tmp_path / "repo" / "a" / "b"
    inner.mkdir(parents=True)
    assert RunStore.beside(inner).root == inner / ".actlite"
    (tmp_path / "repo" / ".git").mkdir()
    assert RunStore.beside(inner).root == tmp_path / "repo" / ".actlite"


def test_worktrees_have_a_git_file_instead_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: elsewhere\n")
    assert RunStore.beside(tmp_path).root == tmp_path / ".actlite"


def test_ids_are_not_used_again_after_a_run_is_removed(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    for _ in range(3):
        last = store.create()
    assert last.lock is not None
    last.lock.release()
    for file in (last.lock_path, last.path / "state.json"):
        file.unlink()
    last.path.rmdir()
    assert store.create().id == "4"


def test_ids_sort_as_numbers(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    for _ in range(11):
        store.create()
    assert [run.id for run in store.runs()][-3:] == ["9", "10", "11"]


def test_two_processes_never_get_the_same_id(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        ids = pool.map(_create, [str(tmp_path)] * 24)
    assert len(set(ids)) == 24


def test_a_lock_is_free_when_its_process_is_killed(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from actlite.journal.runs import RunStore\n"
        "run = RunStore(Path(sys.argv[1])).create(); print(run.id, flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout:
        id = process.stdout.readline().strip()
        run = RunStore(tmp_path).get(id)
        assert run.alive()
        process.kill()
        process.wait()
    assert not run.alive()
    assert run.state() is State.LIVE  # an orphan


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"state": "dancing"}', b'{"state": []}', b"\xff", b"[" * 100_000]
)
def test_a_state_that_is_not_ours_is_no_state(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "state.json").write_bytes(content)
    assert RunFolder("1", tmp_path).state() is None


def test_foreign_entries_are_passed_over(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    store.create()
    for name in ("notes", "01", "-1", "²", "9" * 30, "1.bak"):
        (tmp_path / "runs" / name).mkdir()
    (tmp_path / "runs" / "7").write_text("a file")
    (tmp_path / "runs" / "8").symlink_to(tmp_path)
    assert [run.id for run in store.runs()] == ["1"]


def test_an_id_taken_by_a_foreign_file_is_left_alone(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    store.prepare()
    (tmp_path / "runs" / "1").write_text("mine")
    assert store.create().id == "2"
    assert (tmp_path / "runs" / "1").read_text() == "mine"


def test_get_names_what_there_is(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    with pytest.raises(UsageError, match="no runs yet"):
        store.get(None)
    store.create()
    assert store.get(None).id == store.get("1").id == "1"
    with pytest.raises(UsageError) as caught:
        store.get("99")
    assert "actlite show" in caught.value.do


def test_a_file_in_the_way_is_said(tmp_path: Path) -> None:
    (tmp_path / ".actlite").write_text("mine")
    with pytest.raises(CannotRun, match="can't be written") as caught:
        RunStore(tmp_path / ".actlite").create()
    assert ".actlite" in caught.value.why
    assert (tmp_path / ".actlite").read_text() == "mine"


def test_no_space_is_said_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object, **options: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(runs, "write_atomically", full)
    with pytest.raises(DiskFull) as caught:
        RunStore(tmp_path).create()
    assert "space" in caught.value.do


def test_writing_atomically_leaves_no_part_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "file"
    target.write_text("old")

    def fail(self: Path, other: Path) -> None:
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="broken"):
        runs.write_atomically(target, b"new")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
    assert target.read_text() == "old"


@pytest.mark.parametrize(
    ("text", "good"),
    [("1", True), ("120", True), ("0", False), ("01", False), ("", False), ("x", False), ("٣", False)],
)
def test_ids(text: str, good: bool) -> None:
    assert is_id(text) is good
