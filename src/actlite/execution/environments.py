"""The environment that a job deploys to: its name, known before the job, and its address, known after.

Rules: R: Sdk/WorkflowParser/Conversion/WorkflowTemplateConverter.cs (ConvertToActionEnvironmentReference),
Runner.Worker/JobExtension.cs (FinalizeJob). Approvals, waiting times and branch rules are GitHub's alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from actlite.document.nodes import Node
from actlite.execution.problems import explain_error
from actlite.expressions.errors import ExpressionError
from actlite.expressions.template import Scope, evaluate_node, evaluate_scalar
from actlite.expressions.values import to_string
from actlite.records import frozen
from actlite.workflow import access

if TYPE_CHECKING:
    from actlite.document.nodes import Scalar
    from actlite.execution.steps import StepRun


@frozen
class Environment:
    """What a job's ``environment`` comes to."""

    name: str
    url: Scalar | None = None
    """Evaluated when the steps have run."""


def environment(node: Node | None, scope: Scope) -> Environment | None:
    """A job's environment; None where it has none, or one with an empty name. Raises ExpressionError."""
    if node is None:
        return None
    named = access.get(node, "name")
    value = evaluate_node(node if named is None else named, scope)
    name = value.get("name") if isinstance(value, dict) else value
    text = to_string(name)
    return Environment(text, access.scalar(node, "url")) if text else None


def evaluate_url(run: StepRun, wanted: Environment) -> str | None:
    """The address, evaluated in the job's last step, whose log tells it; '' where there is none, or one with a
    secret in it. None where it can't be evaluated: then the job has failed."""
    if wanted.url is None or wanted.url.value is None:
        return ""
    run.log.write("Evaluate and set environment url\n")
    try:
        url = to_string(evaluate_scalar(wanted.url, run.scope))
    except ExpressionError as error:
        for message in ("Failed to evaluate environment url", explain_error(error)):
            run.log.write(f"##[error]{message}\n")
            run.effects.annotate_error(message)
        return None
    if run.state.masker.mask(url) != url:
        message = f"Skip setting environment url as environment '{wanted.name}' may contain secret."
        run.log.write(f"##[warning]{message}\n")
        run.effects.annotate_warning(message)
        return ""
    run.log.write(f"Evaluated environment url: {url}\n")
    return url
