"""Concurrency groups on disk: who has one, who waits, who is put out; without any process that could die."""

from __future__ import annotations

from pathlib import Path

import pytest

from actlite.errors import CannotRun
from actlite.journal.groups import MAX_PENDING, Groups, Turn, groups_of


@pytest.fixture
def groups(tmp_path: Path) -> Groups:
    return Groups(tmp_path / "groups")


def enter(groups: Groups, name: str = "g", *, cancel: bool = False, queue: bool = False) -> Turn:
    turn = groups.enter(name, f"one of {name}", cancel_in_progress=cancel, queue_max=queue)
    assert turn is not None
    return turn


def test_one_has_it_and_the_next_waits(groups: Groups) -> None:
    first, second = enter(groups), enter(groups, "G")
    assert (first.state, second.state, second.behind) == ("running", "pending", "one of g")
    assert second.advance() == "pending"
    first.release()
    assert second.advance() == "running"
    second.release()
    second.release()
    assert enter(groups).state == "running"


def test_other_groups_are_apart(groups: Groups) -> None:
    assert [enter(groups, name).state for name in ("a", "b", "ß", "SS")] == [
        "running",
        "running",
        "running",
        "pending",
    ]


def test_a_later_one_takes_the_place_of_the_one_that_waits(groups: Groups) -> None:
    first, second, third = enter(groups), enter(groups), enter(groups)
    assert (first.state, second.state, third.state) == ("running", "replaced", "pending")
    assert second.advance() == "replaced"
    first.release()
    assert third.advance() == "running"


def test_the_one_that_has_it_is_asked_to_end(groups: Groups) -> None:
    first = enter(groups)
    second = enter(groups, cancel=True)
    assert (first.state, second.state) == ("cancelling", "pending")
    assert second.advance() == "pending"
    third = enter(groups)
    assert second.state == "replaced"
    first.release()
    assert third.advance() == "running"


def test_a_queue_keeps_its_order(groups: Groups) -> None:
    turns = [enter(groups, queue=True) for _ in range(3)]
    turns[0].release()
    assert turns[2].advance() == "pending"
    assert turns[1].advance() == "running"
    assert turns[2].behind == "one of g"


def test_who_waits_looks_at_the_one_in_front(groups: Groups, monkeypatch: pytest.MonkeyPatch) -> None:
    turns = [enter(groups, queue=True) for _ in range(3)]
    assert turns[2].advance() == "pending"
    with monkeypatch.context() as patch:
        patch.setattr(groups, "entries", lambda: pytest.fail("all are looked at"))
        assert turns[2].advance() == "pending"
    turns[0].release()
    assert turns[2].advance() == "pending"
    assert turns[1].advance() == "running"
    assert turns[2].advance() == "pending"
    enter(groups, "g", cancel=True).release()
    assert (turns[1].state, turns[2].state) == ("cancelling", "replaced")
    last = enter(groups, queue=True)
    assert last.advance() == last.advance() == "pending"
    turns[1].lock.release()  # killed
    assert last.advance() == "running"


def test_a_full_queue_takes_nobody(groups: Groups) -> None:
    turns = [enter(groups, queue=True) for _ in range(MAX_PENDING + 1)]
    assert groups.enter("g", "late", queue_max=True) is None
    turns[0].release()
    turns[1].advance()
    assert groups.enter("g", "in time", queue_max=True) is not None


def test_the_dead_are_out_at_once(groups: Groups) -> None:
    first, second = enter(groups), enter(groups)
    first.lock.release()  # what the kernel does when the process is killed
    assert second.advance() == "running"
    assert len(list(groups.folder.glob("*.*"))) == 1


def test_files_removed_by_hand(groups: Groups) -> None:
    turn = enter(groups)
    for path in groups.folder.glob("0*"):
        path.unlink()
    assert turn.state == "running"
    turn.release()


def test_foreign_files_are_left_alone(groups: Groups) -> None:
    enter(groups).release()
    (groups.folder / "notes.txt").write_text("mine")
    assert enter(groups).state == "running"
    assert (groups.folder / "notes.txt").exists()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotRun, match="concurrency groups of this repository"):
        Groups(tmp_path / "file" / "groups").enter("g", "who")


def test_the_folder_of_a_folder_without_a_repository(tmp_path: Path) -> None:
    one, other = (groups_of(None, tmp_path / name, tmp_path).folder for name in ("a", "b"))
    assert one != other
    assert one.parent == other.parent == tmp_path / "concurrency"
