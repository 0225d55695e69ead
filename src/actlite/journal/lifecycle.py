"""What past runs left behind, and its removal.

A run is *live* while a process holds its lock. Without the lock it is *paused* or *kept* where its
``state.json`` says so, *finished* where that says so, else an *orphan*: its process was killed. A
start removes what orphans left and what belongs to folders that are gone, and nothing else; whoever
cleans a run holds its lock meanwhile, so that two cleaners never meet. Processes of its jobs on this
machine are ended by the ids that its folder has (``actlite.engines.orphans``).
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath

from actlite.engines import orphans
from actlite.engines.base import ContainerRun, Engine, ImageSpec, Mount, Owned, Owner, Pull
from actlite.errors import ActliteError, UsageError
from actlite.events import CallFinished, Event, JobFinished, RunFinished, StepFinished
from actlite.journal.log import EventLog, read_events
from actlite.journal.record import RunRecord, fold
from actlite.journal.runs import RunFolder, RunLock, RunStore, State

KEPT_RUNS = 2
"""How many runs of a repository are kept for a look, by default."""
KILLED = "actlite was killed"
"""The reason given for what a kill left open."""
TRANSIENT = ("work", "control", orphans.NOTES)
"""Folders of a run that only its jobs need."""
UNFINISHED_AGE = 600.0
"""Seconds after which a folder that never got its id is taken for left over."""


def sweep(engine: Engine | None, store: RunStore, *, shared_files: bool = True) -> list[str]:
    """Remove what dead runs left. Gives one sentence for each thing done, or that could not be done.

    ``engine`` is None where there are no containers to look at. ``shared_files``: the engine's daemon
    runs on this machine; with a remote daemon a folder that isn't here may well be alive elsewhere, so
    only this store's own runs are swept. Raises EngineUnavailable.
    """
    said: list[str] = []
    owned = _by_owner(engine)
    mine = {str(run.path): run for run in store.runs()}
    for path, run in mine.items():
        if run.state() not in (State.KEPT, State.PAUSED, State.FINISHED) or (
            path in owned and run.state() is State.FINISHED
        ):
            said += _sweep_run(engine, run, owned.get(path, ()))
    if engine is not None and shared_files:
        for path, things in owned.items():
            if path in mine or not path.startswith("/"):
                continue
            if _gone(path):
                engine.remove(things)
                said.append(f"Removed {_count(things)} of run {things[0].run}, whose folder is gone: {path}")
            else:
                run = RunFolder(things[0].run, Path(path))
                if run.state() not in (State.KEPT, State.PAUSED):
                    said += _sweep_run(engine, run, things, f" of {run.path.parents[2]}")
    said += _sweep_unfinished(store)
    return said


def release_kept(engine: Engine | None, store: RunStore, *, keep: int = KEPT_RUNS) -> list[str]:
    """Release the oldest kept runs until at most ``keep`` are left. One sentence for each."""
    kept = [run for run in store.runs() if run.state() is State.KEPT]
    surplus = kept[: max(0, len(kept) - keep)]
    if not surplus:
        return []
    owned = _by_owner(engine)
    said = []
    for run in surplus:
        lock = run.try_lock()
        if lock is None:
            continue
        try:
            left = _drop_remains(engine, run, owned.get(str(run.path), ()))
            run.set_state(State.FINISHED)
        finally:
            lock.release()
        said.append(f"Released run {run.id}, which was kept: at most {keep} are.")
        said += _cannot_remove(left)
    return said


def clean(engine: Engine | None, run: RunFolder, tell: Callable[[str], None]) -> list[str]:
    """Remove a run: its processes and containers, its folder with journal and artifacts. One sentence for
    each thing that could not be removed; ``tell`` takes one about processes that were ended. Raises
    UsageError for a live run."""
    lock = run.try_lock()
    if lock is None and run.has_lock():
        raise UsageError(
            f"Run {run.id} is alive.",
            why=f"A process holds {run.lock_path}.",
            do="Stop it first (^C in its terminal), then clean.",
        )
    try:
        ended = orphans.end_noted(run.path)
        if ended:
            tell(f"Ended {_processes(ended)} that run {run.id} had left on this machine.")
        things = _by_owner(engine).get(str(run.path), ())
        images = _images(run)
        if engine is not None:
            engine.remove(things)
        return _cannot_remove(remove_tree(run.path, engine, images=images))
    finally:
        if lock is not None:
            lock.release()


def remove_tree(path: Path, engine: Engine | None = None, *, images: Sequence[str] = ()) -> list[Path]:
    """Remove a folder and all in it. Gives what could not be removed.

    Containers may leave files of root's: where we aren't root and ``engine`` is given, a container of
    one of the local ``images`` removes them. Symbolic links are removed, never followed.
    """
    left = _remove_tree(path)
    if not left or engine is None or os.geteuid() == 0:
        return left
    for image in images:
        try:
            engine.run_container(_remover(path, image), lambda _: None, lambda _: None)
        except ActliteError:
            continue
        left = _remove_tree(path)
        if not left:
            break
    return left


def _sweep_run(engine: Engine | None, run: RunFolder, things: Sequence[Owned], whose: str = "") -> list[str]:
    """Clean up after a run, if its lock is free. ``whose``: words about a run of another repository."""
    lock = run.try_lock()
    if lock is None:
        if run.has_lock() or not things or engine is None:
            return []
        # No live run lacks its lock file. The folder isn't a run's any more: its files are left alone.
        engine.remove(things)
        return [f"Removed {_count(things)} of run {run.id}, whose lock is gone: {run.path}"]
    try:
        state = run.state()  # again, now that nobody can change it
        if state is State.FINISHED and things and engine is not None:
            # It may have ended, and cleaned up after itself, since the engine was asked.
            things = _by_owner(engine).get(str(run.path), ())
        if state in (State.KEPT, State.PAUSED) or (state is State.FINISHED and not things):
            return []
        ended = orphans.end_noted(run.path)
        left = _drop_remains(engine, run, things)
        close_journal(run, lock)
    finally:
        lock.release()
    what = "which was killed" if state is not State.FINISHED else "which has ended"
    done = [f"removed {_count(things)}"] if things else []
    done += [f"ended {_processes(ended)} on this machine"] if ended else []
    also = f": {', '.join(done)}" if done else ""
    return [f"Cleaned up after run {run.id}{whose}, {what}{also}.", *_cannot_remove(left)]


def close_journal(run: RunFolder, lock: RunLock) -> None:
    """End the journal of a run that was killed, as cancelled, and mark the run finished.
    ``lock`` is the run's lock, held. Does what it can where the folder can't be written."""
    if not lock.held:
        raise ValueError("the run's lock must be held")
    last_time = 0.0
    ended = run.state() is State.FINISHED
    with suppress(OSError):
        for event in read_events(run.path, output=False):
            last_time = max(last_time, event.time)
            ended = ended or isinstance(event, RunFinished)
        if not ended and run.events.exists():
            record = fold(read_events(run.path, output=False))
            with EventLog(run.path, lambda _: None) as log:
                for event in _endings(record, last_time):
                    log(event)
                duration = _between(record.started, last_time)
                log(RunFinished(time.time(), run.id, "cancelled", duration, folder=str(run.path)))
    with suppress(ActliteError):
        run.set_state(State.FINISHED)


def _endings(record: RunRecord, last: float) -> Iterator[Event]:
    """The ends of all steps and jobs of a run that a kill left open."""
    for job in record.jobs:
        for step in job.steps:
            if not step.outcome:
                yield StepFinished(
                    last,
                    job.key,
                    step.key,
                    step.id,
                    step.name,
                    "cancelled",
                    "cancelled",
                    _between(step.started, last),
                    reason=KILLED,
                )
        if not job.result:
            yield JobFinished(
                last,
                job.key,
                job.id,
                job.name,
                "cancelled",
                {},
                _between(job.started, last),
                KILLED,
                job.matrix,
            )

    for call in reversed(record.calls):
        if not call.result:
            yield CallFinished(
                last,
                call.key,
                call.id,
                call.name,
                "cancelled",
                {},
                _between(call.started, last),
                KILLED,
            )


def _between(start: float, end: float) -> float:
    return max(0.0, end - start) if start else 0.0


def _drop_remains(engine: Engine | None, run: RunFolder, things: Sequence[Owned]) -> list[Path]:
    """Remove a run's containers and the folders that only its jobs needed; its journal, logs and artifacts stay."""
    if engine is not None and things:
        engine.remove(things)
    left: list[Path] = []
    for name in TRANSIENT:
        folder = run.path / name
        if os.path.lexists(folder):
            left += remove_tree(folder, engine, images=_images(run))
    return left


def _images(run: RunFolder) -> list[str]:
    """The images that a run's jobs used, read from its journal."""
    record = RunRecord()
    with suppress(OSError):
        record = fold(read_events(run.path, output=False))
    return list(dict.fromkeys(job.where for job in record.jobs if job.where and job.where != "host"))


def _by_owner(engine: Engine | None) -> Mapping[str, list[Owned]]:
    result: dict[str, list[Owned]] = {}
    for thing in engine.owned() if engine is not None else ():
        result.setdefault(thing.owner, []).append(thing)
    return result


def _sweep_unfinished(store: RunStore) -> list[str]:
    said = []
    for folder in store.unfinished():
        with suppress(OSError):
            if time.time() - folder.stat().st_mtime < UNFINISHED_AGE:
                continue
            lock = RunLock.take(folder / "lock", create=True)
            if lock is not None:
                said += _cannot_remove(remove_tree(folder))
                lock.release()
    return said


def _gone(path: str) -> bool:
    """Whether a run's folder surely does not exist; a folder that we may not look at does."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def _remove_tree(path: Path) -> list[Path]:
    left: list[Path] = []

    def failed(function: Callable[..., object], name: str, info: object) -> None:
        # A folder of ours without the write bit keeps its entries: give it back and try once more.
        target = Path(name)
        with suppress(OSError):
            for folder in (target.parent, target):
                if folder.is_relative_to(path) and not folder.is_symlink() and folder.is_dir():
                    folder.chmod(stat.S_IRWXU)
            if target.is_dir() and not target.is_symlink():
                shutil.rmtree(target)
            else:
                target.unlink()
            return
        if os.path.lexists(target):
            left.append(target)

    if path.is_symlink() or (os.path.lexists(path) and not path.is_dir()):
        try:
            path.unlink()
        except OSError:
            left.append(path)
        return left
    try:
        shutil.rmtree(path, onerror=failed)
    except RecursionError:  # folders are nested deeper than Python goes
        subprocess.run(["rm", "-rf", "--", str(path)], capture_output=True, check=False)
    return left or [path] if os.path.lexists(path) else []


def _remover(path: Path, image: str) -> ContainerRun:
    place = PurePosixPath("/actlite-remove")
    return ContainerRun(
        image=ImageSpec(image, Pull.NEVER),
        owner=Owner("0", path.parent),
        env={},
        mounts=[Mount(str(path.parent), str(place))],
        workdir="/",
        entrypoint="rm",
        args=["-rf", str(place / path.name)],
        network="none",
        timeout=120,
    )


def _cannot_remove(left: Iterable[Path]) -> list[str]:
    paths = list(left)
    if not paths:
        return []
    return [
        f"Could not remove {paths[0]}{f' and {len(paths) - 1} more' if len(paths) > 1 else ''}: "
        f"files of another user. Remove it by: sudo rm -rf {paths[0]}"
    ]


def _count(things: Sequence[Owned]) -> str:
    kinds: dict[str, int] = {}
    for thing in things:
        kinds[thing.kind] = kinds.get(thing.kind, 0) + 1
    return ", ".join(f"{n} {kind}{'s' if n > 1 else ''}" for kind, n in kinds.items())


def _processes(number: int) -> str:
    return f"{number} process{'es' * (number > 1)}"
