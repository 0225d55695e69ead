"""Steps that run nothing themselves: ``wait``, ``wait-all``, ``cancel`` and ``parallel``.

Rules and words: languageservices, workflow-parser/src/model/converter/steps.ts. What they do: ``execution.background``.
"""

from __future__ import annotations

from collections.abc import Sequence as SequenceABC

from actlite.diagnostics import DiagnosticBag
from actlite.document.nodes import Mapping, Scalar, Sequence
from actlite.workflow import access
from actlite.workflow.nearest import did_you_mean

CONTROL_STEPS = ("wait", "wait-all", "cancel", "parallel")
"""The keys that make such a step."""


def check_control_steps(steps: SequenceABC[Mapping], bag: DiagnosticBag) -> None:
    """Add a finding for each step that waits for or cancels what does not exist, and for what can't stand
    inside ``parallel``."""
    known: list[str] = []
    for step in steps:
        own = access.text(step, "id")
        if own:
            known.append(own)
        for key in ("wait", "cancel"):
            value = access.get(step, key)
            targets = value.items if isinstance(value, Sequence) else (value,)
            for target in targets:
                if isinstance(target, Scalar) and target.value is not None and "${{" not in target.text:
                    _check_target(target, own, known, bag)
        every = access.scalar(step, "wait-all")
        if every is not None and every.value is False:
            bag.add("step-target", "The value of 'wait-all' must be true or omitted", every.span)
        _check_parallel(step, bag)


def _check_target(target: Scalar, own: str, known: list[str], bag: DiagnosticBag) -> None:
    name = target.text
    if name.startswith("__"):
        message = f"The identifier '{name}' is invalid. IDs starting with '__' are reserved."
    elif own and name.casefold() == own.casefold():
        message = f"Step '{own}' cannot reference itself"
    elif name not in known:
        message = f"Step references unknown step ID '{name}'"
    else:
        return
    bag.add(
        "step-target",
        message,
        target.span,
        label=did_you_mean(name, [id for id in known if id != own]),
        help=f"ids before this: {', '.join(known)}" if known else "no step before this has an id",
    )


def _check_parallel(step: Mapping, bag: DiagnosticBag) -> None:
    inner = access.get(step, "parallel")
    if not isinstance(inner, Sequence):
        return
    steps = [item for item in inner.items if isinstance(item, Mapping)]
    for item in steps:
        for key, _ in item.entries:
            if key.text in CONTROL_STEPS[:-1]:
                bag.add("step-target", f"'{key.text}' is not allowed inside a parallel block.", key.span)
            elif key.text == "parallel":
                bag.add("step-target", "Nested 'parallel' blocks are not allowed.", key.span)
            elif key.text == "background":
                bag.add(
                    "step-target",
                    "'background' is not allowed inside a parallel block. Steps in a parallel block are "
                    "automatically run as background steps.",
                    key.span,
                    help="remove it",
                )
