"""From a failed step's own output to its diagnosis."""

from __future__ import annotations

import datetime
import re
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

from actlite.errors import ActliteError
from actlite.events import Diagnosis, Notice
from actlite.execution.as_predicted import otherwise
from actlite.execution.masking import Masker
from actlite.execution.own_programs import OwnProgram, own_program
from actlite.execution.results import FAILURE, SUCCESS
from actlite.execution.writable_ways import predicting_of, writable_ways
from actlite.glibc.diagnosis import NodeFacts, diagnose
from actlite.glibc.loader import LoaderScanner, principal
from actlite.records import replace

if TYPE_CHECKING:
    from actlite.execution.steps import StepRun
    from actlite.glibc.image import ImageLibc
    from actlite.glibc.target import Target

NO_SOCKET = re.compile(
    rb"Cannot connect to the Docker daemon|docker: command not found|docker: not found|dial unix /var/run/docker\.sock"
)


class Observer:
    """Looks at a step's raw output as it comes, for what a diagnosis can be made of."""

    def __init__(self) -> None:
        self.loader = LoaderScanner()
        self.docker_line = ""

    def feed(self, data: bytes) -> None:
        """Take the next piece of output."""
        self.loader.feed(data.decode(errors="replace"))
        if b"ocker" in data and not self.docker_line:
            found = NO_SOCKET.search(data)
            if found:
                start = data.rfind(b"\n", 0, found.start()) + 1
                end = data.find(b"\n", found.end())
                line = data[start : end if end >= 0 else len(data)][:500]
                self.docker_line = line.decode(errors="replace").strip()


ENTRYPOINT_FIX = (
    "Name an entrypoint that the action's image has, or give the action an image that has this one"
)


def diagnose_step(run: StepRun) -> Diagnosis | None:
    """What kept a program of a failed step from starting, where its output says so; without secrets."""
    try:
        found = _diagnose(run)
    except Exception as error:  # the step's result does not depend on it
        state = run.state
        text = f"The step's failure can't be explained, by a defect of actlite's ({type(error).__name__}: {error})."
        state.emit(Notice(state.services.clock(), "note", state.masker.mask(text), state.leg.key))
        return None
    return None if found is None else _hidden(found, run.state.masker)


def doubt_prediction(run: StepRun) -> None:
    """Say it where a step has succeeded of which the contrary was predicted; once for a job."""
    if run.state.doubted or not (run.state.predictions and run.runtime.get("program")):
        return
    said = otherwise(run, SUCCESS, run.observer.loader.failures())
    if said:
        run.state.doubted = True
        clock, leg = run.state.services.clock, run.state.leg.key
        run.state.emit(Notice(clock(), "warning", said, leg))


def _hidden(found: Any, masker: Masker) -> Any:
    """A record with secrets hidden in all its texts."""
    if isinstance(found, str):
        return masker.mask(found)
    if isinstance(found, tuple):
        return tuple(_hidden(inner, masker) for inner in found)
    if is_dataclass(found) and not isinstance(found, type):
        return type(found)(**{f.name: _hidden(getattr(found, f.name), masker) for f in fields(found)})
    return found


def _diagnose(run: StepRun) -> Diagnosis | None:
    failures = run.observer.loader.failures()
    if not failures:
        return _docker(run)
    failure = principal(failures, run.runtime.get("program", "")) or failures[0]
    state = run.state
    own_image = str(run.runtime.get("image", ""))
    choice = run.runtime.get("choice")
    node = None
    own = OwnProgram()
    if choice is not None:
        node = NodeFacts(
            runtime=choice.runtime,
            declared=choice.declared,
            reasons=choice.reasons,
            action=run.runtime.get("action", ""),
            as_of=state.services.runner.date,
            is_past=state.services.runner.date != datetime.date.today(),
            mounted=run.state.mounted,
            writable=writable_ways(run),
        )
    else:
        own = own_program(run, failure)
    found = diagnose(
        failure,
        image=_image(run, own_image),
        node=node,
        needs=own.newest,
        causes=own.causes,
        exists=_exists(run, failure.program),
        stands_for="" if own_image else state.instead_of,
        is_vm=not state.layout.in_container and not own_image,
        target=_target(run),
        window=_window(run) if choice is not None and state.layout.in_container else "",
    )
    if found is not None and own_image:
        certain = failure.kind == "not-found" and failure.certain
        return replace(found, image=own_image, fixes=(ENTRYPOINT_FIX,) if certain else found.fixes)
    differs = otherwise(run, FAILURE, failures)
    return replace(found, notes=(*found.notes, differs)) if found is not None and differs else found


def _target(run: StepRun) -> Target | None:
    text = run.state.services.settings.target
    if not text:
        return None
    from actlite.glibc.target import read_target

    return read_target(text)


def _window(run: StepRun) -> str:
    """What lies between what the job's actions need and what the users of its products have."""
    from actlite.checking.predictions.windows import window_for

    state, runner = run.state, run.state.services.runner
    known = [p for p in state.predictions.values() if p.runtime and p.verdict != "mounted"]
    choice = run.runtime["choice"]
    runtimes = {p.runtime: runner.nodes.get(p.runtime, "") for p in known} | {choice.runtime: choice.version}
    usings = tuple(dict.fromkeys([*(p.declared for p in known), choice.declared]))
    image = _image(run)
    has = image.glibc if image is not None else ""
    return window_for(usings, runtimes, has, run.state.arch, run.env, predicting_of(run)).sentence


def _exists(run: StepRun, program: str) -> bool | None:
    """Whether a program is there, where its path is one of ours; None where only the container knows."""
    real = run.state.layout.host_path(program) if program.startswith("/") else None
    return real.exists() if real is not None else None


def _image(run: StepRun, own: str = "") -> ImageLibc | None:
    """The libraries of the job's image, or of that of a docker action, ``own``."""
    from actlite.glibc.image_system import describe_local

    state = run.state
    if not (own or state.image):
        return None
    try:
        found = describe_local(state.services.engine.images, own or state.image, cache=state.services.cache)
    except (ActliteError, OSError):
        return None
    return found.libc if found is not None else None


def _docker(run: StepRun) -> Diagnosis | None:
    """A step that calls docker without having been given its socket."""
    if run.state.services.settings.docker_socket:
        return None
    line = run.observer.docker_line
    if not line:
        return None
    return Diagnosis(
        kind="docker-socket",
        program="docker",
        summary="The step calls docker, and the docker socket is not given to jobs unless asked.",
        loader_lines=(line,),
        fixes=("actlite run --docker-socket: GitHub's own runner gives the socket to every job container.",),
        notes=("A job with the socket can do anything on this machine that the daemon can.",),
    )
