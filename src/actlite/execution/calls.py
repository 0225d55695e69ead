"""Calls of reusable workflows in a run: what is handed over when a leg begins one, and what comes back.

Rules: R: Sdk/WorkflowParser/WorkflowTemplateEvaluator.cs (EvaluateWorkflowJobInputs, EvaluateWorkflowJobOutputs),
Conversion/WorkflowTemplateConverter.cs (ConvertToWorkflowJobInputs, ConvertToWorkflowJobSecrets); docs: reuse workflows.
"""

from __future__ import annotations

from actlite.diagnostics import Diagnostic, Severity
from actlite.errors import CannotRun, InvalidWorkflow
from actlite.execution.levels import JobProgress, Level, leg_scope
from actlite.execution.masking import Masker
from actlite.expressions.template import Scope, evaluate_node
from actlite.expressions.values import to_string
from actlite.planning.called_inputs import inputs_in_run
from actlite.planning.plan import CallPlan, Leg
from actlite.planning.planner import called_plan
from actlite.workflow.called import interface


def begin_call(outer: Level, job: JobProgress, leg: Leg, masker: Masker, now: float) -> Level:
    """The level of what a leg calls. Secrets that it hands over are masked from here on, whatever they are made of.

    Raises CannotRun where the workflow is not known, and InvalidWorkflow and ExpressionError where its inputs or
    secrets can't be had: the calling job fails with that.
    """
    call = job.plan.call_of(leg)
    if call is None or call.call is None or call.call.interface is None:
        raise CannotRun(
            call.unknown if call is not None and call.unknown else "the workflow is not known here"
        )
    inputs = inputs_in_run(job.plan.job, call.call.interface, leg_scope(outer, job, leg))
    plan = called_plan(outer.plan, job.plan, leg, call.call, inputs)
    if plan is None:
        raise CannotRun(call.unknown or "the workflow is not known here")
    secrets = _secrets(outer, job, leg, call)
    masker.add_secrets(secrets)
    return Level(
        plan,
        outer.cancel,
        secrets=secrets,
        token=outer.token,
        vars=outer.vars,
        run=outer.run,
        caller=(job, leg),
        began=now,
    )


def outputs_of(level: Level) -> dict[str, str]:
    """What ``on.workflow_call.outputs`` says, when the called jobs have ended. Raises ExpressionError, and
    InvalidWorkflow for a value that is no text."""
    declared = interface(level.plan.workflow)
    jobs = {id: {"result": job.seen, "outputs": dict(job.outputs)} for id, job in level.jobs.items()}
    scope = Scope(
        {
            "github": level.github,
            "inputs": level.plan.trigger.inputs,
            "vars": level.vars,
            "jobs": jobs,
        },
        {},
    )
    found: dict[str, str] = {}
    for output in declared.outputs if declared is not None else ():
        value = evaluate_node(output.value, scope) if output.value is not None else ""
        if isinstance(value, list | dict):
            what = "sequence" if isinstance(value, list) else "mapping"
            message = f"A {what} was not expected"
            raise InvalidWorkflow(
                f"the output '{output.name}' of {level.plan.workflow.path} is not valid",
                [Diagnostic("invalid-output", Severity.ERROR, message, output.span)],
            )
        found[output.name] = to_string(value)
    return found


def _secrets(outer: Level, job: JobProgress, leg: Leg, call: CallPlan) -> dict[str, str]:
    """All of the caller's, or those that it names; an empty one counts as not given."""
    if call.inherits_secrets:
        return dict(outer.secrets)
    token = {"GITHUB_TOKEN": outer.token}
    scope = leg_scope(outer, job, leg, secrets={**token, **outer.secrets})
    found = {name: to_string(evaluate_node(value, scope)) for name, value in call.secrets.items()}
    return {name: value for name, value in found.items() if value}
