"""What a job's log says of the actions that are fetched, in the runner's order: level by level, and within a level
each composite action's own in turn (R: ActionManager.PrepareActionsRecursiveAsync)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from actlite.execution import runner_log
from actlite.execution.prepared import Home, PreparedAction, Preparer, is_local
from actlite.workflow.model import COMPOSITE_DEPTH, CompositeRuns, Step, UsesStep

_LINE = re.compile(r"Download action repository '(.*)' \(SHA:(.*)\)")
NOT_FETCHED = "none: actlite does its work"


class Downloads:
    """Makes the lines. What was said once of a repository and ref is not said again."""

    def __init__(self, preparer: Preparer) -> None:
        self._preparer = preparer
        self._resolved: set[str] = set()
        self._said: set[str] = set()
        self._followed: set[tuple[str, int]] = set()
        """Composite actions whose steps were looked at, with their depth: a wide tree has few of them."""

    def lines(self, steps: Iterable[Step], home: Home | None = None) -> str:
        """The lines for what steps use, as far as it could be made ready."""
        found = [(m[1], m[2]) for line in self._preparer.lines if (m := _LINE.fullmatch(line))]
        uses = [(step.uses.text, home) for step in steps if isinstance(step, UsesStep)]
        return self._asked(uses) + self._level(uses, dict(found), 0)

    def _asked(self, uses: Iterable[tuple[str, Home | None]]) -> str:
        """GitHub is asked once for all that is new."""
        new = {_name(text, self._preparer.known(text, home)) for text, home in uses} - self._resolved - {""}
        self._resolved |= new
        return runner_log.GET_DOWNLOADS if new else ""

    def _level(self, uses: Iterable[tuple[str, Home | None]], shas: dict[str, str], depth: int) -> str:
        text, inner = "", []
        for written, home in uses:
            action = self._preparer.known(written, home)
            name = _name(written, action)
            if action is None or not name:
                continue
            if name not in self._said:
                self._said.add(name)
                sha = NOT_FETCHED if action.done_here == "checkout" else shas.get(name, "")
                text += runner_log.download(action.repository, action.ref, sha) if sha else ""
            at = (action.reference, depth)
            if (
                isinstance(action.manifest.runs, CompositeRuns)
                and depth < COMPOSITE_DEPTH
                and at not in self._followed
            ):
                self._followed.add(at)
                steps = action.manifest.runs.steps
                inner.append([(s.uses.text, action.home) for s in steps if isinstance(s, UsesStep)])
        text += self._asked([one for group in inner for one in group])
        return text + "".join(self._level(group, shas, depth + 1) for group in inner)


def _name(uses: str, action: PreparedAction | None) -> str:
    """The repository and ref of an action that is fetched; empty for all others."""
    if is_local(uses) or uses.startswith("docker://"):
        return ""
    if action is not None:
        return f"{action.repository}@{action.ref}"
    return uses
