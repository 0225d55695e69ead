"""The inputs of a workflow_dispatch event: checked against those that the workflow declares."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from actlite.document.nodes import Scalar
from actlite.errors import UsageError
from actlite.expressions.values import parse_number, to_string
from actlite.workflow.model import Input, Workflow
from actlite.workflow.nearest import nearest


def resolve_inputs(workflow: Workflow, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """The inputs context, typed, and ``github.event.inputs``, all texts (DOC: workflow_dispatch inputs).

    An input that isn't given has its default; without one it is '' (false for a boolean, the first option for
    a choice, as GitHub's form has it). Raises UsageError for an unknown input, a missing required one, a value
    that is no option, and one that is not of the input's type.
    """
    declared = _declared(workflow)
    by_name = {input.name.casefold(): input for input in declared}
    values: dict[str, Any] = {}
    for name, value in given.items():
        input = by_name.get(name.casefold())
        if input is None:
            raise _unknown(workflow, name, declared)
        values[input.name] = value
    typed: dict[str, Any] = {}
    texts: dict[str, str] = {}
    for input in declared:
        if input.name in values:
            text = to_string(values[input.name])
        elif input.default is not None:
            text = to_string(input.default.value) if isinstance(input.default, Scalar) else ""
        else:
            text = _absent(input)
        if input.required and text == "":
            raise UsageError(
                f"input '{input.name}' is required and not given",
                why=f"{workflow.path} needs it" + (f": {input.description}" if input.description else "."),
                do=f"Add --input {input.name}=VALUE.",
            )
        typed[input.name] = _typed(input, text)
        texts[input.name] = text
    return typed, texts


def _declared(workflow: Workflow) -> tuple[Input, ...]:
    return next((event.inputs for event in workflow.on if event.name == "workflow_dispatch"), ())


def _unknown(workflow: Workflow, name: str, declared: tuple[Input, ...]) -> UsageError:
    guess = nearest(name, (input.name for input in declared))
    return UsageError(
        f"{workflow.path} has no input '{name}'",
        why=f"Its inputs are: {', '.join(input.name for input in declared)}."
        if declared
        else "It declares none.",
        do=f"Did you mean '{guess}'?" if guess else "",
    )


def _absent(input: Input) -> str:
    if input.type == "boolean":
        return "false"
    if input.type == "choice" and input.options:
        return input.options[0]
    return ""


def _typed(input: Input, text: str) -> Any:
    if input.type == "boolean":
        if text.lower() in {"true", "false"}:
            return text.lower() == "true"
        raise _wrong(input, text, "true or false")
    if input.type == "number" and text != "":
        number = parse_number(text)
        if math.isnan(number):
            raise _wrong(input, text, "a number")
        return number
    if input.type == "choice" and input.options and text not in input.options and text != "":
        raise _wrong(input, text, f"one of {', '.join(input.options)}")
    return text


def _wrong(input: Input, text: str, expected: str) -> UsageError:
    guess = nearest(text, input.options) if input.type == "choice" else None
    return UsageError(
        f"input '{input.name}' is {expected}, not '{text}'",
        do=f"Did you mean '{guess}'?" if guess else f"Give --input {input.name}=VALUE with {expected}.",
    )
