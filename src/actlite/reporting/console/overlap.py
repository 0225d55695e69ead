"""What runs at the same time: the words before a line that could be of several jobs, or of several steps of one."""

from __future__ import annotations

from actlite.events import Event, JobFinished, JobStarted, RunStarted, StepFinished, StepStarted

WIDTH = 24
"""Characters of a step's name that stand before its lines."""


class Overlap:
    """The jobs and steps that run now. A step of a composite action counts as the step that uses the action."""

    def __init__(self) -> None:
        self._jobs: dict[str, str] = {}
        self._steps: dict[str, dict[str, str]] = {}

    def before(self, event: Event) -> None:
        """Take an event, before it is shown: what begins with it runs."""
        match event:
            case RunStarted():
                self._jobs.clear()
                self._steps.clear()
            case JobStarted():
                self._jobs[event.job] = event.name
            case StepStarted() if "." not in event.step:
                self._steps.setdefault(event.job, {})[event.step] = event.name
            case _:
                pass

    def after(self, event: Event) -> None:
        """Take an event, after it was shown: what ends with it runs no more."""
        match event:
            case JobFinished():
                self._jobs.pop(event.job, None)
                self._steps.pop(event.job, None)
            case StepFinished():
                self._steps.get(event.job, {}).pop(event.step, None)
            case _:
                pass

    def prefix(self, job: str, step: str = "") -> str:
        """What to put before a line: the job where several run, the step where several of the job do; '' else."""
        words = [self._jobs.get(job, job)] if job and len(self._jobs) > 1 else []
        steps = self._steps.get(job, {})
        top = step.partition(".")[0]
        if top in steps and len(steps) > 1:
            name = steps[top]
            words.append(name if len(name) <= WIDTH else f"{name[: WIDTH - 1]}…")
        return "".join(f"{word} | " for word in words)
