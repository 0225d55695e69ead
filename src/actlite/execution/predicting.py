"""Before the first JavaScript step is reached: which of them will start in the job's container.

It is worked out while the container starts, from the image's own files and the node build that is mounted, by the
same rules as ``actlite check`` (``checking.predictions``). A run never depends on it: where anything goes wrong
here, nothing is predicted.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from actlite.errors import ActliteError
from actlite.events import Event, Missing, Notice, Prediction, StepsPredicted
from actlite.execution.foreseen import Foreseen, javascript_steps
from actlite.execution.opening import Opening
from actlite.execution.prepared import Preparer
from actlite.records import replace

if TYPE_CHECKING:
    from actlite.checking.predictions.model import StepVerdict
    from actlite.glibc.elf import ElfFile
    from actlite.glibc.image_system import Described
    from actlite.glibc.system import System

PATIENCE = 3.0
"""Seconds that the first step waits at most for what is predicted of it. It is there long before."""


class Predictor:
    """Predicts for one job leg, in a thread of its own."""

    def __init__(self, opening: Opening, preparer: Preparer) -> None:
        self.opening = opening
        self.state = opening.state
        self._preparer = preparer
        self._thread: threading.Thread | None = None
        self._open = True
        self._lock = threading.Lock()

    def begin(self) -> None:
        """Begin, once the actions are there. Only steps in a container of the workflow's own are predicted: an
        image that stands for GitHub's machine says nothing of GitHub's machine."""
        state = self.state
        if self.opening.container is None:
            return
        try:
            steps = tuple(javascript_steps(state, self._preparer, self.opening.frame, state.job.job.steps))
        except Exception as error:
            self._defect(error)
            return
        if steps:
            self._thread = threading.Thread(
                target=self._run, args=(steps,), name=f"predict {state.leg.key}", daemon=True
            )
            self._thread.start()

    def wait(self) -> None:
        """Wait until it has been said; once, and not longer than PATIENCE."""
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(PATIENCE)

    def close(self) -> None:
        """The job is over: what is not said by now is not said any more."""
        with self._lock:
            self._open = False

    def _run(self, steps: tuple[Foreseen, ...]) -> None:
        try:
            self._predict(steps)
        except (ActliteError, OSError):
            return  # the image or the build can't be read: nothing can be said
        except Exception as error:
            self._defect(error)

    def _defect(self, error: Exception) -> None:
        text = f"Nothing is predicted of this job's actions, by a defect of actlite's ({type(error).__name__}: {error})."
        state = self.state
        self._say(Notice(state.services.clock(), "note", state.masker.mask(text), state.leg.key))

    def _say(self, event: Event) -> None:
        with self._lock:
            if self._open:
                self.state.emit(event)

    def _predict(self, steps: tuple[Foreseen, ...]) -> None:
        from actlite.glibc.image_system import describe_local

        state, services = self.state, self.state.services
        if not self.opening.image_there():
            return
        image = describe_local(services.engine.images, state.image, cache=services.cache, arch=state.arch)
        if image is None:
            return
        predictions = tuple(self._each(steps, image))
        state.predictions = {p.step: p for p in predictions}
        mask = state.masker.mask
        self._say(
            StepsPredicted(
                services.clock(), state.leg.key, mask(state.image), mask(str(image.libc)), predictions
            )
        )

    def _each(self, steps: tuple[Foreseen, ...], image: Described) -> Iterator[Prediction]:
        from actlite.checking.predictions.verdict import predict_step
        from actlite.checking.predictions.volumes import of_options, other_runtime, volume

        container = self.opening.container
        assert container is not None
        volumes = (*container.volumes, *of_options(container.options))
        self.state.mounted = tuple(filter(None, (other_runtime(volume(text)) for text in volumes)))
        programs = _Programs(self.opening)
        image = replace(image, system=programs.system(image.system, volumes))
        for step in steps:
            verdict = predict_step(
                step.using,
                runner=self.state.services.runner,
                env=step.env,
                job_env=step.job_env,
                image=image,
                arch=self.state.arch,
                volumes=volumes,
                container_env={**self.opening.image_env, **container.env},
                node=programs.node,
                mounted=programs.mounted,
            )
            if verdict.verdict != "immune":
                yield _prediction(step, verdict, self.state.masker.mask)


class _Programs:
    """The node builds as they will be in the container."""

    def __init__(self, opening: Opening) -> None:
        self._state = opening.state
        services = opening.state.services
        self._externals = services.nodes.externals(services.runner, [], arch=self._state.arch)

    def node(self, folder: str, version: str) -> ElfFile | None:
        """The runner's own, where it is here already; else what is known of that build."""
        from actlite.checking.predictions.verdict import catalogue_node

        found = self._facts(self._externals / folder / "bin" / "node")
        return found if found is not None else catalogue_node(self._state.arch)(folder, version)

    def mounted(self, source: str, below: str) -> ElfFile | None:
        """What a folder of this machine, or of the run, has where a volume is mounted over the runner's."""
        folder = self._folder(source)
        if folder is None:
            return None
        path = (folder / below).resolve()
        return self._facts(path) if path.is_relative_to(folder.resolve()) else None

    def system(self, image: System, volumes: Sequence[str]) -> System:
        """The image with what is mounted into it: the runner's folder, whose musl builds may have libraries beside
        them, and the folders of this machine that the job names."""
        from actlite.checking.predictions.volumes import volume
        from actlite.glibc.folder import FolderSystem
        from actlite.glibc.system import MountedSystem

        mounts: dict[str, System] = {self._state.layout.externals: FolderSystem(self._externals)}
        for item in map(volume, volumes):
            folder = self._folder(item.source)
            if folder is not None and folder.is_dir() and item.target not in ("", "/"):
                mounts[item.target] = FolderSystem(folder)
        return MountedSystem(image, mounts)

    def _folder(self, source: str) -> Path | None:
        """The folder of this machine behind a volume's source; None for a volume that the engine has."""
        return (self._state.layout.host_path(source) or Path(source)) if source.startswith("/") else None

    def _facts(self, path: Path) -> ElfFile | None:
        from actlite.execution.program_facts import facts

        return facts(path, self._state.services.cache)


def _prediction(step: Foreseen, verdict: StepVerdict, mask: Callable[[str], str]) -> Prediction:
    choice, loading = verdict.choice, verdict.loading
    reasons = choice.reasons if choice is not None else ()
    return Prediction(
        step=step.key,
        stages=step.stages,
        action=mask(step.action),
        declared=mask(step.using.lower()),
        runtime=choice.runtime if choice is not None else "",
        program=verdict.node,
        verdict=verdict.verdict,
        kind=loading.kind if loading is not None and not loading.starts else "",
        missing=tuple(Missing(mask(item.library), mask(item.version)) for item in loading.missing)
        if loading is not None
        else (),
        loader_lines=tuple(mask(line) for line in verdict.lines),
        reasons=tuple(mask(text) for text in (*reasons, verdict.why, *verdict.notes) if text),
    )
