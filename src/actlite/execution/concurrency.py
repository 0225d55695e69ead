"""``concurrency`` of workflows, calls and jobs: evaluated here, kept in ``journal.groups``.

Rules: docs: control the concurrency of workflows and jobs; R: Sdk/WorkflowParser/Conversion/
WorkflowTemplateConverter.cs (ConvertToConcurrency), WorkflowTemplateEvaluator.cs (EvaluateConcurrency).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from actlite.diagnostics import Diagnostic, Severity
from actlite.document.nodes import Node
from actlite.expressions.errors import ExpressionError
from actlite.expressions.template import Scope, TemplateError, evaluate_node
from actlite.expressions.values import to_string
from actlite.journal.groups import CANCELLING, MAX_PENDING, PENDING, REPLACED, Groups, Turn
from actlite.records import changeable, frozen
from actlite.workflow.validate import start_of
from actlite.workflow.values import MAX_GROUP

TOP = "a top level workflow"
"""What GitHub calls the run in the text of a deadlock."""


@frozen
class Setting:
    """What a ``concurrency`` comes to."""

    group: str
    cancel_in_progress: bool = False
    queue_max: bool = False


def setting(node: Node | None, scope: Scope, job: str = "") -> Setting | None:
    """What ``concurrency`` of a workflow, or of the ``job`` with that id, comes to; None where there is none.
    Raises ExpressionError, with GitHub's words before it."""
    if node is None:
        return None
    try:
        return _setting(node, scope)
    except ExpressionError as error:
        where = f" for job '{job}'" if job else ""
        prefix = f"Error when evaluating 'concurrency'{where}."
        diagnostic = getattr(error, "diagnostic", None)
        place = f" {diagnostic.span}:" if diagnostic is not None and diagnostic.span else ""
        raise ExpressionError("evaluation", f"{prefix}{place} {error.message}") from None


def _setting(node: Node, scope: Scope) -> Setting:
    def wrong(message: str) -> TemplateError:
        error = ExpressionError("evaluation", message)
        return TemplateError(error, Diagnostic(error.code, Severity.ERROR, message, start_of(node)))

    value = evaluate_node(node, scope)
    given: Mapping[str, object] = value if isinstance(value, Mapping) else {"group": value}
    group, cancels, queue = "", False, "single"
    for key, item in given.items():
        match key:
            case "group":
                if isinstance(item, Mapping | list):
                    raise wrong(
                        f"A {'mapping' if isinstance(item, Mapping) else 'sequence'} was not expected"
                    )
                group = to_string(item)
            case "cancel-in-progress":
                if not isinstance(item, bool):
                    raise wrong(f"Unexpected value '{to_string(item)}'")
                cancels = item
            case "queue":
                queue = to_string(item)
                if queue not in {"single", "max"}:
                    raise wrong(f"Unexpected value '{queue}'")
            case _:
                raise wrong(f"Unexpected value '{key}'")
    if not group:
        raise wrong("Concurrency group name cannot be empty")
    if len(group) > MAX_GROUP:
        raise wrong(f"Concurrency group name must be less than {MAX_GROUP} characters")
    if queue == "max" and cancels:
        raise wrong("'queue: max' cannot be combined with 'cancel-in-progress: true'.")
    return Setting(group, cancels, queue == "max")


@changeable
class Place:
    """A place in a group: waiting, held, or lost before it was ever held."""

    setting: Setting
    turn: Turn | None
    lost: str = ""
    """Why it was never in the group: a deadlock, a full queue."""

    @property
    def waiting(self) -> bool:
        """Whether others are still in front; takes the group if nobody is any more."""
        return self.turn is not None and self.turn.advance() == PENDING

    @property
    def cancelled(self) -> str:
        """Why what is in this place has to end, in GitHub's words; '' where it needn't."""
        if self.turn is not None and self.turn.state in {REPLACED, CANCELLING}:
            return f"Canceling since a higher priority waiting request for '{self.setting.group}' exists"
        return self.lost

    @property
    def wait_text(self) -> str:
        """A sentence about what it waits for."""
        behind = self.turn.behind if self.turn is not None else ""
        return (
            f"Waiting for the concurrency group '{self.setting.group}', which {behind or 'another run'} has."
        )

    def release(self) -> None:
        """Leave the group. Safe to call twice."""
        if self.turn is not None:
            self.turn.release()


class Queues:
    """The groups as one run uses them. ``groups`` opens the repository's when it is first needed."""

    def __init__(self, groups: Callable[[], Groups], run: str) -> None:
        self._open = groups
        self.run = run
        """The run in words, for those who wait behind it."""
        self.whole: Place | None = None
        """The place of the whole run, where its workflow has ``concurrency``."""

    def enter_run(self, wanted: Setting) -> Place:
        """Come to the group of the run's own workflow. Raises CannotRun as ``enter`` does."""
        self.whole = self.enter(wanted)
        return self.whole

    def enter(self, wanted: Setting, name: str = "", held: Sequence[tuple[str, Place]] = ()) -> Place:
        """Come to a group, for the whole run or for the job of that ``name``. ``held`` are the places that this
        run holds around it, each with the name of what holds it: to wait for those would be to wait for itself.
        Raises CannotRun where the groups' folder can't be used."""
        for holder, place in held:
            if place.setting.group.casefold() == wanted.group.casefold():
                return Place(
                    wanted,
                    None,
                    f"Canceling since a deadlock was detected for concurrency group: '{wanted.group}' "
                    f"between {holder} and '{name}'",
                )
        who = f"job '{name}' of {self.run}" if name else self.run
        turn = self._open().enter(
            wanted.group, who, cancel_in_progress=wanted.cancel_in_progress, queue_max=wanted.queue_max
        )
        if turn is None:
            return Place(
                wanted,
                None,
                f"Canceling since {MAX_PENDING} are already waiting for '{wanted.group}'",
            )
        return Place(wanted, turn)
