"""An action's inputs: what the step gives, the action's defaults, the warnings (R: ActionRunner.cs)."""

from __future__ import annotations

from actlite.execution.prepared import PreparedAction
from actlite.execution.steps import StepRun
from actlite.expressions.template import evaluate_mapping, evaluate_string
from actlite.workflow.model import UsesStep


def action_inputs(run: StepRun, action: PreparedAction) -> dict[str, str]:
    """All inputs by name, as strings: those of the step first, then the defaults. Unknown ones are passed on with a
    warning, a missing required one is ''. Every stage of an action evaluates and warns again."""
    step = run.task.step
    assert isinstance(step, UsesStep)
    given = evaluate_mapping(step.with_, run.scope) if step.with_ is not None else {}
    declared = action.manifest.inputs
    deprecated = {spec.name: spec.deprecation for spec in declared.values() if spec.deprecation}
    for name in given:
        if name in deprecated:
            warn(run, f"Input '{name}' has been deprecated with message: {deprecated[name]}")
    result = dict(given)
    names = {name.lower() for name in given}
    for lowered, spec in declared.items():
        if lowered not in names:
            result[spec.name] = evaluate_string(spec.default, run.scope) if spec.default is not None else ""
    allowed = ["entryPoint", "args"] if action.is_docker else []
    valid = [*allowed, *(spec.name for spec in declared.values())]
    known = {name.lower() for name in valid}
    unknown = [name for name in given if name.lower() not in known]
    if unknown and action.is_repository:
        wrong, right = "', '".join(unknown), "', '".join(valid)
        warn(run, f"Unexpected input(s) '{wrong}', valid inputs are ['{right}']")
    return result


def warn(run: StepRun, message: str) -> None:
    """A warning in the log and as an annotation."""
    run.log.write(f"##[warning]{message}\n")
    run.effects.annotate_warning(message)
