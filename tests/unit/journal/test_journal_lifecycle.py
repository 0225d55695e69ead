"""Sweeping: what dead runs left goes, what is live, kept, paused or another's stays."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

from actlite.engines import orphans
from actlite.engines.base import ContainerRun, ImageSpec, Owner, SandboxSpec
from actlite.engines.fake import FakeEngine
from actlite.errors import UsageError
from actlite.events import Annotation, CallStarted, JobStarted, RunStarted, StepAnnotation, StepStarted
from actlite.journal.lifecycle import UNFINISHED_AGE, clean, close_journal, release_kept, remove_tree, sweep
from actlite.journal.log import EventLog, read_events
from actlite.journal.record import fold
from actlite.journal.runs import NEW_PREFIX, RunFolder, RunStore, State


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "repo" / ".actlite")


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


def contain(engine: FakeEngine, run: RunFolder) -> None:
    """Make a container and a network that a run owns."""
    owner = Owner(run.id, run.path)
    image = "image:1"
    engine.images.ensure(ImageSpec(image), lambda _: None)
    engine.open(SandboxSpec("build", ImageSpec(image), owner, {}, (), "/__w"))
    engine.create_network(owner)


def begin(run: RunFolder) -> None:
    """The journal and the work folder of a run that has just begun."""
    with EventLog(run.path, pytest.fail) as log:
        log(RunStarted(100.0, run.id, "w", "w.yml", "push", "refs/heads/main", "0" * 40, "", "", "", ("a",)))
        log(JobStarted(101.0, "a", "a", "a", {}, "image:1"))
        log(StepStarted(102.0, "a", "1", "", "Build"))
        log(StepAnnotation(103.0, "a", "1", Annotation("notice", "m")))
    (run.sub("work") / "file").write_text("x")


def kill(run: RunFolder) -> None:
    """What the kernel does to the lock when a process dies."""
    assert run.lock is not None
    run.lock.release()
    run.lock = None


def names(engine: FakeEngine) -> set[str]:
    return {thing.run for thing in engine.owned()}


def test_an_orphan_is_cleaned_and_its_journal_closed(store: RunStore, engine: FakeEngine) -> None:
    run = store.create()
    begin(run)
    contain(engine, run)
    kill(run)
    said = sweep(engine, store)
    assert engine.owned() == ()
    assert not (run.path / "work").exists()
    record = fold(read_events(run.path))
    assert (record.conclusion, record.duration) == ("cancelled", 3.0)
    job = record.jobs[0]
    assert (job.result, job.duration, job.reason) == ("cancelled", 2.0, "actlite was killed")
    assert (job.steps[0].outcome, job.steps[0].conclusion, job.steps[0].duration) == (
        "cancelled",
        "cancelled",
        1.0,
    )
    assert run.state() is State.FINISHED
    assert said == ["Cleaned up after run 1, which was killed: removed 1 container, 1 network."]
    assert sweep(engine, store) == []


def test_a_live_run_is_left_alone(store: RunStore, engine: FakeEngine) -> None:
    run = store.create()
    begin(run)
    contain(engine, run)
    assert sweep(engine, store) == []
    assert names(engine) == {"1"}
    assert (run.path / "work" / "file").exists()


def test_a_live_run_of_another_process_is_left_alone(store: RunStore, engine: FakeEngine) -> None:
    code = (
        "import sys, time; from pathlib import Path; from actlite.journal.runs import RunStore\n"
        "run = RunStore(Path(sys.argv[1])).create(); print(run.path, flush=True); time.sleep(60)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(store.root)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process.stdout:
        run = RunFolder("1", Path(process.stdout.readline().strip()))
        contain(engine, run)
        elsewhere = RunStore(store.root.parent.parent / "other")
        assert sweep(engine, store) == []
        assert sweep(engine, elsewhere) == []
        assert names(engine) == {"1"}
        process.kill()
        process.wait()
    assert sweep(engine, elsewhere) != []
    assert names(engine) == set()


@pytest.mark.parametrize("state", [State.KEPT, State.PAUSED])
def test_kept_and_paused_runs_stay(store: RunStore, engine: FakeEngine, state: State) -> None:
    run = store.create()
    begin(run)
    contain(engine, run)
    run.set_state(state)
    kill(run)
    assert sweep(engine, store) == []
    assert sweep(engine, RunStore(store.root.parent.parent / "other")) == []
    assert names(engine) == {"1"}
    assert (run.path / "work" / "file").exists()


def test_a_run_whose_state_is_unreadable_counts_as_an_orphan(store: RunStore, engine: FakeEngine) -> None:
    run = store.create()
    contain(engine, run)
    (run.path / "state.json").write_bytes(b"\x00")
    kill(run)
    assert len(sweep(engine, store)) == 1
    assert engine.owned() == ()


def test_what_a_finished_run_left_in_the_engine_goes(store: RunStore, engine: FakeEngine) -> None:
    run = store.create()
    contain(engine, run)
    run.set_state(State.FINISHED)
    kill(run)
    assert "which has ended" in sweep(engine, store)[0]
    assert engine.owned() == ()


def test_objects_of_a_folder_that_is_gone_go(store: RunStore, engine: FakeEngine, tmp_path: Path) -> None:
    other = RunStore(tmp_path / "gone").create()
    contain(engine, other)
    shutil.rmtree(tmp_path / "gone")
    assert "whose folder is gone" in sweep(engine, store)[0]
    assert engine.owned() == ()


def test_with_a_remote_daemon_only_our_own_runs_are_swept(
    store: RunStore, engine: FakeEngine, tmp_path: Path
) -> None:
    contain(engine, RunFolder("9", tmp_path / "on another machine"))
    assert sweep(engine, store, shared_files=False) == []
    assert names(engine) == {"9"}


def test_labels_without_a_path_are_not_ours_to_judge(store: RunStore, engine: FakeEngine) -> None:
    contain(engine, RunFolder("9", Path("relative")))
    assert sweep(engine, store) == []
    assert names(engine) == {"9"}


def test_a_folder_without_its_lock_keeps_its_files(store: RunStore, engine: FakeEngine) -> None:
    run = store.create()
    begin(run)
    contain(engine, run)
    kill(run)
    run.lock_path.unlink()
    assert "whose lock is gone" in sweep(engine, store)[0]
    assert engine.owned() == ()
    assert (run.path / "work" / "file").exists()


def test_without_an_engine_folders_are_swept(store: RunStore) -> None:
    run = store.create()
    begin(run)
    kill(run)
    assert len(sweep(None, store)) == 1
    assert run.state() is State.FINISHED


def test_a_user_folder_in_the_store_is_not_touched(store: RunStore) -> None:
    store.prepare()
    mine = store.root / "runs" / "3" / "work"
    mine.mkdir(parents=True)
    (mine / "precious").write_text("x")
    sweep(None, store)
    assert (mine / "precious").exists()


def test_a_folder_that_never_got_its_id_goes_when_it_is_old(store: RunStore) -> None:
    store.prepare()
    young, old = (store.root / "runs" / f"{NEW_PREFIX}{n}" for n in (1, 2))
    for folder in (young, old):
        folder.mkdir()
    past = time.time() - UNFINISHED_AGE - 60
    os.utime(old, (past, past))
    sweep(None, store)
    assert young.exists()
    assert not old.exists()


def test_the_oldest_kept_runs_are_released(store: RunStore, engine: FakeEngine) -> None:
    kept = []
    for _ in range(4):
        run = store.create()
        begin(run)
        contain(engine, run)
        run.set_state(State.KEPT)
        kill(run)
        kept.append(run)
    said = release_kept(engine, store, keep=2)
    assert said == [f"Released run {n}, which was kept: at most 2 are." for n in (1, 2)]
    assert names(engine) == {"3", "4"}
    assert [run.state() for run in kept] == [State.FINISHED, State.FINISHED, State.KEPT, State.KEPT]
    assert kept[0].events.exists()
    assert release_kept(engine, store, keep=2) == []


def test_a_kept_run_that_somebody_looks_into_is_not_released(store: RunStore, engine: FakeEngine) -> None:
    run = store.create()
    contain(engine, run)
    run.set_state(State.KEPT)
    assert release_kept(engine, store, keep=0) == []
    assert names(engine) == {"1"}


def test_clean_removes_a_kept_run_whole(store: RunStore, engine: FakeEngine) -> None:
    run = store.create()
    begin(run)
    contain(engine, run)
    run.set_state(State.KEPT)
    kill(run)
    assert clean(engine, run, pytest.fail) == []
    assert not run.path.exists()
    assert engine.owned() == ()


def test_clean_refuses_a_live_run(store: RunStore, engine: FakeEngine) -> None:
    run = store.create()
    with pytest.raises(UsageError, match="alive"):
        clean(engine, RunFolder(run.id, run.path), pytest.fail)
    assert run.path.exists()


def leave(run: RunFolder) -> subprocess.Popen[bytes]:
    """A process of a job of the run on this machine, with its note."""
    tracking = "github_" + str(uuid.uuid4())
    orphans.note(run.path, tracking)
    return subprocess.Popen(["sleep", "97"], env={**os.environ, orphans.TRACKING: tracking})


def test_processes_of_dead_runs_are_ended_and_no_others(store: RunStore) -> None:
    dead, living, kept, cleaned = (store.create() for _ in range(4))
    left = [leave(run) for run in (dead, living, kept, cleaned)]
    try:
        kept.set_state(State.KEPT)
        cleaned.set_state(State.KEPT)
        for run in (dead, kept, cleaned):
            kill(run)
        assert sweep(None, store) == [
            "Cleaned up after run 1, which was killed: ended 1 process on this machine."
        ]
        assert left[0].wait(5) == -signal.SIGKILL
        assert not (dead.path / orphans.NOTES).exists()
        assert [each.poll() for each in left[1:]] == [None] * 3
        told: list[str] = []
        assert clean(None, cleaned, told.append) == []
        assert told == ["Ended 1 process that run 4 had left on this machine."]
        assert left[3].wait(5) == -signal.SIGKILL
        with pytest.raises(UsageError, match="alive"):
            clean(None, RunFolder(living.id, living.path), told.append)
        assert [each.poll() for each in left[1:3]] == [None] * 2
    finally:
        for each in left:
            each.kill()
            each.wait()


def test_closing_a_journal_needs_the_lock(store: RunStore) -> None:
    run = store.create()
    assert run.lock is not None
    run.lock.release()
    with pytest.raises(ValueError, match="lock"):
        close_journal(run, run.lock)


def test_an_ended_journal_is_not_ended_twice(store: RunStore) -> None:
    run = store.create()
    begin(run)
    assert run.lock is not None
    close_journal(run, run.lock)
    close_journal(run, run.lock)
    assert [e.kind for e in read_events(run.path)].count("run-finished") == 1


def test_remove_tree_does_not_follow_links(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("x")
    tree = tmp_path / "tree"
    (tree / "sub").mkdir(parents=True)
    (tree / "sub" / "link").symlink_to(outside)
    (tree / "broken").symlink_to("nowhere")
    assert remove_tree(tree) == []
    assert not tree.exists()
    assert (outside / "precious").exists()
    link = tmp_path / "link"
    link.symlink_to(outside)
    assert remove_tree(link) == []
    assert (outside / "precious").exists()


def test_remove_tree_of_nothing(tmp_path: Path) -> None:
    assert remove_tree(tmp_path / "absent") == []


def test_remove_tree_opens_closed_folders(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "sub" / "deep").mkdir(parents=True)
    (tree / "sub" / "deep" / "file").write_text("x")
    (tree / "sub" / "deep").chmod(0)
    (tree / "sub").chmod(0o500)
    # Without its capabilities root may do what the rights of folders allow, as anybody else.
    plain = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
    code = f"import pathlib; from {remove_tree.__module__} import remove_tree; print(remove_tree(pathlib.Path({str(tree)!r})))"
    done = subprocess.run([*plain, sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
    assert not tree.exists()


def test_what_cannot_be_removed_is_removed_through_a_container(
    tmp_path: Path, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "of-root").write_text("x")
    calls: list[ContainerRun] = []

    def run_container(run: ContainerRun, on_output: object, on_start: object) -> None:
        calls.append(run)
        monkeypatch.undo()

    engine.run_container = run_container  # type: ignore[method-assign, assignment]
    monkeypatch.setattr("actlite.journal.lifecycle.os.geteuid", lambda: 1000)
    monkeypatch.setattr("actlite.journal.lifecycle.shutil.rmtree", lambda path, **options: None)
    assert remove_tree(tree, engine, images=["image:1"]) == []
    assert not tree.exists()
    run = calls[0]
    assert run.image.name == "image:1"
    assert [str(a) for a in run.args] == ["-rf", "/actlite-remove/tree"]
    assert run.mounts[0].source == str(tmp_path)


def test_the_calls_of_a_killed_run_are_ended(store: RunStore, engine: FakeEngine) -> None:
    run = store.create()
    begin(run)
    with EventLog(run.path, pytest.fail) as log:
        log(CallStarted(103.0, "b", "b", "B", "b.yml", {}, ("b / one",)))
    kill(run)
    sweep(engine, store)
    record = fold(read_events(run.path))
    (call,) = record.calls
    assert (call.result, call.reason) == ("cancelled", "actlite was killed")
    assert {job.key: job.result for job in record.jobs}["b / one"] == "cancelled"


def test_folders_nested_deeper_than_python_goes_are_removed(tmp_path: Path) -> None:
    top = tmp_path / "top"
    top.mkdir()
    handle = os.open(top, os.O_RDONLY)
    for _ in range(3000):  # deeper than any path may be long
        os.mkdir("a", dir_fd=handle)
        inner = os.open("a", os.O_RDONLY, dir_fd=handle)
        os.close(handle)
        handle = inner
    os.close(handle)
    assert not remove_tree(top)
    assert not top.exists()
