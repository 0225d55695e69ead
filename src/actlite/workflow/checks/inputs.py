"""The inputs of ``workflow_dispatch`` and ``workflow_call``: defaults and options that don't fit their type."""

from __future__ import annotations

from actlite.diagnostics import DiagnosticBag, Severity
from actlite.document.nodes import Mapping, Node, Scalar, Sequence
from actlite.expressions.values import to_number
from actlite.workflow import access
from actlite.workflow.model import Workflow
from actlite.workflow.nearest import did_you_mean

MAX_INPUTS = 25
"""The most inputs of workflow_dispatch (DOC: events, providing inputs)."""


def check(workflow: Workflow, root: Mapping, bag: DiagnosticBag) -> None:
    """Look at the inputs of both events."""
    del workflow
    on = access.get(root, "on")
    if not isinstance(on, Mapping):
        return
    for key, settings in on.entries:
        inputs = access.get(settings, "inputs") if isinstance(settings, Mapping) else None
        if not isinstance(inputs, Mapping):
            continue
        if key.text == "workflow_dispatch":
            if len(inputs.entries) > MAX_INPUTS:
                _too_many(key, len(inputs.entries), bag)
            for name, value in inputs.entries:
                _dispatch_input(name, value, bag)
        elif key.text == "workflow_call":
            for name, value in inputs.entries:
                _call_input(name, value, bag)


def _too_many(key: Scalar, number: int, bag: DiagnosticBag) -> None:
    bag.add(
        "too-many-inputs",
        f"you may only define up to {MAX_INPUTS} `inputs` for a `workflow_dispatch` event",
        key.span,
        notes=(f"there are {number}",),
        help="put several values into one input, as JSON for fromJSON()",
    )


def _dispatch_input(name: Scalar, value: Node, bag: DiagnosticBag) -> None:
    kind = access.text(value, "type") if access.get(value, "type") is not None else "string"
    options = access.get(value, "options")
    texts = access.spanned_texts(options)
    default = access.scalar(value, "default")
    if kind == "choice":
        if not texts:
            if isinstance(options, Scalar):
                bag.items = [found for found in bag.items if found.span != options.span]
            bag.add(
                "input-options",
                f"Missing 'options' for choice input '{name.text}'",
                name.span,
                help="add 'options:' with what can be chosen",
            )
            return
        _duplicates(name, options, bag)
        allowed = [text for text, _ in texts]
        whole = isinstance(options, Sequence) and len(options.items) == len(allowed)
        given = default.text if whole and default is not None and default.value is not None else ""
        if default is not None and given not in ("", *allowed):
            bag.add(
                "input-default",
                f"the default '{default.text}' of input '{name.text}' is none of its options",
                default.span,
                label=did_you_mean(default.text, allowed),
                help=f"its options: {', '.join(allowed)}",
            )
        return
    if options is not None and kind in {"string", "boolean", "number", "environment"}:
        at = name if texts else _key(value, "options")
        bag.add(
            "input-options",
            f"input '{name.text}' has 'options', but its type is {kind}",
            at.span,
            severity=Severity.WARNING,
            notes=("GitHub offers a choice only for the type choice",),
            help="write type: choice",
        )
    if default is not None and not _fits(default, kind, strict=False):
        _wrong_default(name, kind, default, Severity.WARNING, bag)


def _key(node: Node, name: str) -> Scalar:
    """A key of a mapping that is known to be there."""
    return next(key for key, _ in (node.entries if isinstance(node, Mapping) else ()) if key.text == name)


def _duplicates(name: Scalar, options: Node | None, bag: DiagnosticBag) -> None:
    seen: set[str] = set()
    for text, span in access.spanned_texts(options if isinstance(options, Sequence) else None):
        if text in seen:
            bag.add(
                "input-options",
                f"option '{text}' of input '{name.text}' is given twice",
                span,
                severity=Severity.WARNING,
                help="remove one of them",
            )
        seen.add(text)


def _call_input(name: Scalar, value: Node, bag: DiagnosticBag) -> None:
    """GitHub converts the default of a called workflow's input to its type before the call, given or not
    (R: WorkflowTemplateConverter.ConvertToWorkflowJobInputs)."""
    kind = access.text(value, "type")
    default = access.scalar(value, "default")
    if default is None:
        return
    if not _fits(default, kind, strict=True):
        _wrong_default(name, kind, default, Severity.ERROR, bag)
    elif access.flag(value, "required") and default.value is not None:
        bag.add(
            "input-default",
            f"the default of input '{name.text}' is never used: a required input must be given",
            default.span,
            severity=Severity.WARNING,
            help="remove 'required: true' or the default",
        )


def _wrong_default(name: Scalar, kind: str, default: Scalar, severity: Severity, bag: DiagnosticBag) -> None:
    fitting = "true or false, without quotes" if kind == "boolean" else "a number, without quotes"
    bag.add(
        "input-default",
        f"Unexpected value '{default.text}'",
        default.span,
        severity=severity,
        notes=(f"it is the default of input '{name.text}', whose type is {kind}",),
        help=f"write {fitting}",
    )


def _fits(default: Scalar, kind: str, *, strict: bool) -> bool:
    """Whether a default is of the input's type; if not ``strict``, a text that can be read as one will do."""
    value = default.value
    if isinstance(value, str) and "${{" in value:
        return True
    if kind == "boolean":
        return isinstance(value, bool) or (not strict and default.text.lower() in {"true", "false", ""})
    if kind == "number":
        if isinstance(value, float) and not isinstance(value, bool):
            return True
        return not strict and (not default.text or to_number(default.text) == to_number(default.text))
    return True
