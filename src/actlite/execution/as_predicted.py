"""Whether a JavaScript step ended as it was predicted: where it did not, somebody should hear of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from actlite.execution.results import SUCCESS
from actlite.glibc.loader import LoaderFailure

if TYPE_CHECKING:
    from actlite.execution.steps import StepRun

BY_ENGINE = ("interpreter", "not-found", "format")
"""Kinds of failure that the container engine puts in words of its own, which differ between its versions."""
DOUBT = (
    "If no step before it has changed the container's libraries or what is mounted there, that is a defect of actlite's: "
    "please report it."
)


def otherwise(run: StepRun, outcome: str, failures: Sequence[LoaderFailure]) -> str:
    """How a step differs from its prediction, in two sentences; empty where it does not, or none was made of the node
    that has run."""
    from actlite.execution.steps import base_key

    prediction = run.state.predictions.get(base_key(run.task))
    program = str(run.runtime.get("program", ""))
    if prediction is None or not program or prediction.program != program or run.killed or run.timed_out:
        return ""
    real = next((failure for failure in failures if failure.program == program), None)
    if prediction.verdict == "starts" and real is not None:
        return f"It was predicted that {prediction.runtime} starts here. {DOUBT}"
    if prediction.verdict != "fails":
        return ""
    if real is None:
        said = f"It was predicted that {prediction.runtime} can't start here, and it did. {DOUBT}"
        return said if outcome == SUCCESS else ""
    if real.kind in BY_ENGINE and prediction.kind in BY_ENGINE:
        return ""
    if real.lines != tuple(dict.fromkeys(prediction.loader_lines)):
        return f"Other words of the loader were predicted: {' / '.join(prediction.loader_lines)}. {DOUBT}"
    return ""
