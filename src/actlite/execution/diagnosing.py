"""From a failed step's own output to its diagnosis."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

from actlite.errors import ActliteError
from actlite.events import Diagnosis
from actlite.execution.masking import Masker
from actlite.glibc.diagnosis import NodeFacts, diagnose
from actlite.glibc.image import ImageLibc, describe
from actlite.glibc.loader import LoaderScanner, principal

if TYPE_CHECKING:
    from actlite.execution.steps import StepRun

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


def diagnose_step(run: StepRun) -> Diagnosis | None:
    """What kept a program of a failed step from starting, where its output says so; without secrets."""
    found = _diagnose(run)
    return None if found is None else _hidden(found, run.state.masker)


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
    choice = run.runtime.get("choice")
    node = None
    if choice is not None:
        node = NodeFacts(
            runtime=choice.runtime,
            declared=choice.declared,
            reasons=choice.reasons,
            action=run.runtime.get("action", ""),
            as_of=state.services.runner.date,
        )
    return diagnose(
        failure,
        image=_image(run),
        node=node,
        exists=_exists(run, failure.program),
        stands_for=state.instead_of,
        is_vm=not state.layout.in_container,
    )


def _exists(run: StepRun, program: str) -> bool | None:
    """Whether a program is there, where its path is one of ours; None where only the container knows."""
    real = run.state.layout.host_path(program) if program.startswith("/") else None
    return real.exists() if real is not None else None


def _image(run: StepRun) -> ImageLibc | None:
    state = run.state
    if not state.image:
        return None
    try:
        return describe(state.services.engine.images, state.image, cache=state.services.cache)
    except ActliteError:
        return None


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
