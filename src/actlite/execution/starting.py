"""``Initialize containers`` and ``Stop containers``: the job's container and its services, from start to end."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from actlite.engines.base import ImageSpec, Service, ServiceSpec
from actlite.execution import runner_log
from actlite.execution.cancellation import until_cancelled
from actlite.execution.containers import service_specs, volume_warnings
from actlite.execution.opening import Opening
from actlite.execution.results import FAILURE, SUCCESS
from actlite.execution.steps import StepResult, StepRun, StepTask

if TYPE_CHECKING:
    from actlite.execution.container_log import ContainerLog


class ContainerSteps:
    """The two steps of a job with ``container:`` or ``services:``."""

    def __init__(self, opening: Opening, ready: Callable[[], None], done: Callable[[], None]) -> None:
        """``ready`` waits for the job's sandbox; ``done`` is called when all is started."""
        self._opening = opening
        self._ready = ready
        self._done = done
        self._specs: list[ServiceSpec] = []
        self._started: tuple[Service, ...] = ()
        self._log: ContainerLog | None = None

    def evaluate(self) -> list[str]:
        """Find out which services there are to be; gives lines about those that are not started, which the runner
        writes while it sets the job up. Raises UsageError."""
        opening = self._opening
        if not opening.services_value:
            return []
        state = opening.state
        self._specs, lines = service_specs(
            opening.services, opening.services_value, state.github, state.layout
        )
        return lines

    def tasks(self) -> list[StepTask]:
        """``Initialize containers``, where the job has any."""
        if self._opening.container is None and not self._specs:
            return []
        return [
            StepTask("init", "Initialize containers", self._initialize, self._opening.frame, stage="setup")
        ]

    def close(self) -> None:
        """Stop the services, where that is still to be done."""
        if self._started:
            stopped, self._started = self._started, ()
            self._opening.services.engine.stop_services(stopped)

    def _initialize(self, run: StepRun) -> StepResult:
        self._start(run)
        self._done()
        return StepResult(SUCCESS)

    def _start(self, run: StepRun) -> None:
        from actlite.execution.container_log import ContainerLog

        opening = self._opening
        end = StepTask(
            "stop", "Stop containers", self._stop, opening.frame, stage="setup", condition="always()"
        )
        opening.frame.posts.append(end)
        self._ready()
        state, engine = opening.state, opening.services.engine
        log = self._log = ContainerLog(opening)
        run.log.write(log.begin())
        for text in volume_warnings(opening.container) if opening.container is not None else ():
            _say(run, f"##[warning]{text}\n".encode())
        if opening.container is not None:
            run.log.write(log.job_container())
        if not self._specs:
            run.log.write(runner_log.group("Waiting for all services to be ready"))
            return
        for spec in self._specs:
            self._have(spec.image)
        assert state.network is not None

        def started(spec: ServiceSpec, service: Service) -> None:
            self._started = (*self._started, service)  # known at once: it is stopped, whatever comes
            run.log.write(log.service(spec, service))

        network = state.network
        self._started = until_cancelled(
            state.cancel,
            "services were starting",
            lambda: tuple(engine.start_services(self._specs, network, lambda text: _say(run, text), started)),
        )
        state.job_context.setdefault("container", {})["network"] = state.network
        state.job_context["services"] = {
            s.alias: {"id": s.id, "network": state.network, "ports": dict(s.ports)} for s in self._started
        }

    def _stop(self, run: StepRun) -> StepResult:
        """The job's container itself goes when the job has ended: what is seen here is its end all the same."""
        state, settings = self._opening.state, self._opening.services.settings
        log = self._log
        if log is None:
            return StepResult(SUCCESS)
        if self._opening.container is not None and state.sandbox is not None:
            kept = settings.keep_failed and state.status == FAILURE and not state.unable
            run.log.write(log.stop_job_container(kept=kept))
        engine = self._opening.services.engine
        for service in self._started:
            run.log.write(log.stop_service(service, engine.service_logs(service)))
        self.close()
        run.log.write(log.stop_network())
        return StepResult(SUCCESS)

    def _have(self, image: ImageSpec) -> None:
        """Have a service's image."""
        opening = self._opening
        until_cancelled(
            opening.state.cancel,
            f"{image.name} was being pulled",
            lambda: opening.services.engine.images.ensure(image, opening.progress(image.name)),
        )


def _say(run: StepRun, text: bytes) -> None:
    """Lines of the engine about services: never read for commands; errors and warnings become annotations."""
    shown = text.decode(errors="replace")
    run.log.write(shown)
    for line in shown.splitlines():
        if line.startswith("##[error]"):
            run.effects.annotate_error(line.removeprefix("##[error]"))
        elif line.startswith("##[warning]"):
            run.effects.annotate_warning(line.removeprefix("##[warning]"))
