"""What a called workflow gets from its caller, as far as that is known before the run.

Rules: actions/runner ``src/Sdk/WorkflowParser/Conversion/WorkflowTemplateConverter.cs`` (ConvertToWorkflowJobInputs).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from actlite.diagnostics import Diagnostic, Severity
from actlite.document.nodes import Mapping as MappingNode
from actlite.document.nodes import Node, Scalar
from actlite.errors import InvalidWorkflow
from actlite.expressions.template import Scope, evaluate_node
from actlite.expressions.values import to_string
from actlite.planning.known import leg_contexts, need_contexts, run_contexts
from actlite.planning.partial import has_unknown, node_value
from actlite.planning.plan import JobPlan, Leg, Plan
from actlite.records import frozen
from actlite.source import Span
from actlite.workflow.call_values import wrong_type
from actlite.workflow.called import Interface
from actlite.workflow.model import Input, Job

_ABSENT: dict[str, Any] = {"boolean": False, "number": 0.0}
"""What an input has that neither the caller nor a default sets; '' for a text."""


@frozen
class Given:
    """The inputs of one call."""

    values: Mapping[str, Any]
    """Typed, by the name that is declared."""
    later: Mapping[str, str]
    """Those that are known only in the run, with their types."""
    problems: tuple[Diagnostic, ...] = ()
    """Values that turned out to be of the wrong type."""


def contexts_of(level: Plan, job: JobPlan, leg: Leg | None) -> dict[str, Any]:
    """What the settings of a leg see before the run. ``level`` is the plan that the job is in."""
    needs = {need: need_contexts(False, None) for need in job.needs}
    return leg_contexts(run_contexts(level), job, leg, needs)


def inputs_of(job: Job, declared: Interface, contexts: Mapping[str, Any]) -> Given:
    """The inputs that a call gives, evaluated in the caller's contexts; defaults are evaluated there too."""
    return _given(job, declared, lambda node: node_value(node, contexts))


def inputs_in_run(job: Job, declared: Interface, scope: Scope) -> dict[str, Any]:
    """The same in the run, when all is known. Raises InvalidWorkflow where a value is of the wrong type, and
    ExpressionError."""
    given = _given(job, declared, lambda node: evaluate_node(node, scope))
    if given.problems:
        raise InvalidWorkflow(f"the inputs of job '{job.id}' are not valid", list(given.problems))
    return dict(given.values)


def _given(job: Job, declared: Interface, value_of: Callable[[Node], Any]) -> Given:
    entries = job.with_.entries if isinstance(job.with_, MappingNode) else ()
    given = {key.text.casefold(): value for key, value in entries}
    values: dict[str, Any] = {}
    later: dict[str, str] = {}
    problems: list[Diagnostic] = []
    for input in declared.inputs:
        node = given.get(input.name.casefold(), input.default)
        value = _ABSENT.get(input.type, "") if node is None else value_of(node)
        if has_unknown(value):
            later[input.name] = input.type
            continue
        values[input.name], fault = typed(input, value)
        if fault and node is not None and wrong_type(input.type, node) is None:
            problems.append(_problem(input, fault, node.span, empty=value is None or value == ""))
    return Given(values, later, tuple(problems))


def secrets_of(job: Job) -> dict[str, Scalar]:
    """The secrets that a call hands on by name, not yet evaluated."""
    entries = job.secrets.entries if isinstance(job.secrets, MappingNode) else ()
    return {key.text: value for key, value in entries if isinstance(value, Scalar)}


def inherits_secrets(job: Job) -> bool:
    """Whether a call hands on all the secrets that it has."""
    return isinstance(job.secrets, Scalar) and job.secrets.text == "inherit"


def typed(input: Input, value: Any) -> tuple[Any, str]:
    """A value as its input has it, and '' or what GitHub says against it: no text becomes a number or a boolean."""
    if isinstance(value, list):
        return "", "A sequence was not expected"
    if isinstance(value, Mapping):
        return "", "A mapping was not expected"
    if input.type == "boolean":
        return (value, "") if isinstance(value, bool) else (False, _unexpected(value))
    if input.type == "number":
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value), ""
        return 0.0, _unexpected(value)
    return to_string(value), ""


def is_known(node: Node | None, contexts: Mapping[str, Any]) -> bool:
    """Whether a setting can be evaluated before the run."""
    return not has_unknown(node_value(node, contexts))


def _unexpected(value: Any) -> str:
    return f"Unexpected value '{to_string(value)}'"


def _problem(input: Input, fault: str, span: Span, *, empty: bool) -> Diagnostic:
    help = "use fromJSON() to make a boolean or a number of a text"
    if empty:
        help = "it is empty for this event: write a value for that case behind ||"
    return Diagnostic(
        "call-input-type",
        Severity.ERROR,
        fault,
        span,
        notes=(f"input '{input.name}' of the called workflow is a {input.type}",),
        help=help if input.type != "string" else "",
    )
