"""An action's inputs: what the step gives, the action's defaults, the warnings (R: ActionRunner.cs)."""

from __future__ import annotations

from actlite.execution.prepared import PreparedAction
from actlite.execution.steps import StepRun
from actlite.expressions.template import evaluate_mapping, evaluate_string
from actlite.workflow.model import UsesStep


def action_inputs(run: StepRun, action: PreparedAction, *, warn: bool = True) -> dict[str, str]:
    """All inputs by name, as strings. Unknown ones are passed on with a warning, a missing required one is ''."""
    step = run.task.step
    assert isinstance(step, UsesStep)
    given = evaluate_mapping(step.with_, run.scope) if step.with_ is not None else {}
    declared = action.manifest.inputs
    result = dict(given)  # R: ActionRunner.cs: the defaults come after what the step gives, also in the log
    names = {k.lower() for k in given}
    for name, spec in declared.items():
        if name.lower() not in names:
            result[spec.name] = evaluate_string(spec.default, run.scope) if spec.default is not None else ""
        elif spec.deprecation and warn:
            message = f"Input '{spec.name}' has been deprecated with message: {spec.deprecation}"
            run.log.write(f"##[warning]{message}\n")
            run.effects.annotate_warning(message)
    unknown = [k for k in given if k.lower() not in declared]
    allowed = ["entryPoint", "args"] if action.is_docker else []
    unknown = [k for k in unknown if k.lower() not in {name.lower() for name in allowed}]
    if unknown and warn and action.is_repository:
        valid = "', '".join([*allowed, *(s.name for s in declared.values())])
        wrong = "', '".join(unknown)
        message = f"Unexpected input(s) '{wrong}', valid inputs are ['{valid}']"
        run.log.write(f"##[warning]{message}\n")
        run.effects.annotate_warning(message)
    return result
