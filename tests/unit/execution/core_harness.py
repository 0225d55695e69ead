"""Runs a workflow's text through planner and scheduler on the fake engine, and gives the events."""

from __future__ import annotations

import datetime
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from actlite.actions.reference import RemoteAction
from actlite.actions.store import FetchedAction
from actlite.checking.runners import Place
from actlite.engines.base import Owner
from actlite.engines.fake import Call, FakeEngine, Reply
from actlite.errors import ActionUnavailable
from actlite.events import Event, JobFinished, StepAnnotation, StepFinished, StepOutput
from actlite.execution.cancellation import Cancellation
from actlite.execution.concurrency import Queues
from actlite.execution.scheduler import RunOutcome, Scheduler
from actlite.execution.state import Services, Settings
from actlite.planning.plan import Plan, Trigger
from actlite.planning.planner import plan as make_plan
from actlite.planning.trigger import make_trigger
from actlite.runtimes.eras import runner_at
from actlite.source import SourceFile
from actlite.workflow.reader import read


@dataclass
class Actions:
    """An action store of folders."""

    folders: dict[str, Path] = field(default_factory=dict)

    def is_overridden(self, action: RemoteAction) -> bool:
        return f"{action.owner}/{action.repo}@{action.ref}" in self.folders

    def get(self, action: RemoteAction) -> FetchedAction:
        name = f"{action.owner}/{action.repo}@{action.ref}"
        if name not in self.folders:
            raise ActionUnavailable(f"no {name} in this test")
        return FetchedAction(self.folders[name], "0" * 40, False, "test")


@dataclass
class Nodes:
    """A node store that has every runtime."""

    folder: Path
    asked: list[str] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)

    def externals(self, runner: Any, runtimes: Iterable[str], **_: Any) -> Path:
        self.asked += list(runtimes)
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder

    def note(self, name: str) -> str:
        return self.notes.get(name, "")


@dataclass
class Result:
    """What came of a run."""

    outcome: RunOutcome
    events: list[Event]
    engine: FakeEngine
    nodes: Nodes
    scheduler: Scheduler

    def steps(self, job: str = "") -> dict[str, StepFinished]:
        """Finished steps by key."""
        return {e.step: e for e in self.events if isinstance(e, StepFinished) and (not job or e.job == job)}

    def step(self, name: str) -> StepFinished:
        """The finished step of that display name."""
        found = [e for e in self.events if isinstance(e, StepFinished) and e.name == name]
        assert len(found) == 1, (name, [e.name for e in self.events if isinstance(e, StepFinished)])
        return found[0]

    def jobs(self) -> dict[str, JobFinished]:
        """Finished jobs by key."""
        return {e.job: e for e in self.events if isinstance(e, JobFinished)}

    def log(self, step: str = "", job: str = "") -> str:
        """The log of a step, or of all."""
        return "".join(
            e.text
            for e in self.events
            if isinstance(e, StepOutput) and (not step or e.step == step) and (not job or e.job == job)
        )

    def annotations(self) -> list[tuple[str, str]]:
        """Level and message of all annotations."""
        return [
            (e.annotation.level, e.annotation.message) for e in self.events if isinstance(e, StepAnnotation)
        ]

    def scripts(self) -> list[str]:
        """The scripts that ran, in order."""
        return [c.script.strip() for c in self.engine.calls if _is_step(c)]


def _is_step(call: Call) -> bool:
    """Not the look for a shell."""
    return 'command -v "$1"' not in call.process.argv


class Bench:
    """Runs workflows in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.engine = FakeEngine()
        self.engine.on("command -v", Reply(0, b"/usr/bin/bash\n"))
        self.actions = Actions()
        self.nodes = Nodes(folder / "externals")
        self.cancel = Cancellation()
        self.settings: dict[str, Any] = {}
        self.as_of = datetime.date(2026, 11, 23)
        self.place = Place("an/image")
        self.repository: Any = None
        self.matrix: list[tuple[str, str]] = []
        self.queues: Queues | None = None

    def action(self, name: str, manifest: str, files: Mapping[str, str] | None = None) -> None:
        """Make a remote action ``owner/repo@ref``, with the scripts that its manifest names."""
        folder = self.folder / "actions" / name.replace("/", "-")
        folder.mkdir(parents=True)
        (folder / "action.yml").write_text(manifest)
        for script in re.findall(r"(?:pre|main|post): *([\w.]+\.js)", manifest):
            (folder / script).touch()
        for path, text in (files or {}).items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        self.actions.folders[name] = folder

    def writes(self, script: str, file: str, text: str) -> None:
        """Let the steps with ``script`` write this to one of their files, such as GITHUB_OUTPUT."""

        def write(call: Call) -> Reply:
            call.append(file, text)
            return Reply()

        self.engine.on(script, write)

    def plan(self, text: str, event: str = "push", **trigger: Any) -> Plan:
        """The plan of a workflow's text."""
        workflow, bag = read(SourceFile("w.yml", text), ".github/workflows/w.yml")
        assert not bag.errors, [d.render() for d in bag]
        assert workflow is not None
        made: Trigger = make_trigger(event, None, folder=self.folder, **trigger)
        plan = make_plan(workflow, made, vars=self.settings.get("vars", {}), matrix_filter=self.matrix)
        assert isinstance(plan, Plan), plan
        return plan

    def until_a_step_runs(self, script: str = "") -> None:
        """Wait until a step runs (one with this text in its script)."""
        while not any(_is_step(call) and script in call.script for call in tuple(self.engine.calls)):
            time.sleep(0.002)

    def run(
        self,
        text: str,
        *,
        during: Callable[[Scheduler], None] | None = None,
        event: str = "push",
        clock: Callable[[], float] | None = None,
        **trigger: Any,
    ) -> Result:
        """Run a workflow's text."""
        events: list[Event] = []
        lock = threading.Lock()

        def emit(event: Event) -> None:
            with lock:
                events.append(event)

        times = iter(range(1, 1_000_000_000))
        services = Services(
            engine=self.engine,
            actions=lambda: self.actions,  # type: ignore[arg-type,return-value]
            nodes=self.nodes,  # type: ignore[arg-type]
            runner=runner_at(self.as_of),
            emit=emit,
            clock=clock or (lambda: next(times) / 1e6),
            folder=self.folder / "run",
            owner=Owner("1", self.folder / "run"),
            repository=self.repository,
            settings=Settings(**self.settings),
            cache=self.folder / "cache",
            queues=self.queues,
        )
        plan = self.plan(text, event, **trigger)
        scheduler = Scheduler(
            services, plan, where=lambda plan, job, leg, needs: self.place, cancel=self.cancel
        )
        if during is not None:
            threading.Thread(target=during, args=(scheduler,), daemon=True).start()
        outcome = scheduler.run()
        scheduler.close()
        return Result(outcome, events, self.engine, self.nodes, scheduler)
