"""``Complete job``: what is known of a job when its steps have run (R: JobExtension.cs, FinalizeJob)."""

from __future__ import annotations

from actlite.execution.environments import Environment, evaluate_url
from actlite.execution.problems import explain_error
from actlite.execution.results import FAILURE, SUCCESS
from actlite.execution.steps import StepResult, StepRun
from actlite.expressions.errors import ExpressionError
from actlite.expressions.template import evaluate_mapping
from actlite.records import changeable, field
from actlite.workflow.model import Job


@changeable
class Finished:
    """What a job leaves behind."""

    outputs: dict[str, str] = field(default_factory=dict)
    environment_url: str = ""


def finish(run: StepRun, job: Job, environment: Environment | None, finished: Finished) -> StepResult:
    """Evaluate the job's outputs, then the address of its environment, also where the job has failed or was
    cancelled. What can't be evaluated lets the job fail."""
    well = _outputs(run, job, finished)
    if environment is not None:
        url = evaluate_url(run, environment)
        well = well and url is not None
        finished.environment_url = url or ""
    return StepResult(SUCCESS if well else FAILURE)


def _outputs(run: StepRun, job: Job, finished: Finished) -> bool:
    """Those with a secret in them are dropped; where one can't be evaluated, none is set."""
    if job.outputs is None:
        return True
    run.log.write("Evaluate and set job outputs\n")
    try:
        values = evaluate_mapping(job.outputs, run.scope)
    except ExpressionError as error:
        for message in ("Fail to evaluate job outputs", explain_error(error)):
            run.log.write(f"##[error]{message}\n")
            run.effects.annotate_error(message)
        return False
    for name, text in values.items():
        if text == "":
            continue
        if run.state.masker.mask(text) != text:
            message = f"Skip output '{name}' since it may contain secret."
            run.log.write(f"##[warning]{message}\n")
            run.effects.annotate_warning(message)
            continue
        run.log.write(f"Set output '{name}'\n")
        finished.outputs[name] = text
    return True
