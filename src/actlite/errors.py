"""The errors that actlite raises on purpose, one exit code per class.

::

    ActliteError
    ├── UsageError              2   the command line, a setting or a workflow is wrong
    │   └── InvalidWorkflow     2   carries the findings, each with its place in the file
    ├── CannotRun               4   this machine can't do what is asked
    │   ├── EngineUnavailable   4   no daemon answers, or it is too old
    │   ├── ImageUnavailable    4   an image can't be had, or can't host a job
    │   ├── ActionUnavailable   4   an action can't be had
    │   ├── RuntimeUnavailable  4   a node build can't be had
    │   ├── RunnerUnavailable   4   no image for a runner label
    │   └── DiskFull            4   no space left
    ├── NothingSelected         5   no workflow or job is selected by the event
    ├── RunPaused               6   the run waits for a decision
    └── Interrupted           130   stopped by the user

Anything else that escapes is a defect of actlite: ``cli`` writes a report file and exits with 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from actlite.diagnostics import Diagnostic


class ActliteError(Exception):
    """An expected failure: what is wrong, why, and what the user can do about it.

    ``what`` is one sentence; ``why`` is evidence (another program's words, a path, a value) and may
    be empty; ``do`` is the next action and may be empty only where nothing can be done.
    """

    exit_code: ClassVar[int] = 3

    def __init__(self, what: str, *, why: str = "", do: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.do = do

    def __str__(self) -> str:
        return "\n".join(part for part in (self.what, self.why, self.do) if part)


class UsageError(ActliteError):
    """The command line, a setting or an input file is wrong."""

    exit_code = 2


class InvalidWorkflow(UsageError):
    """A workflow or action manifest that GitHub would refuse; ``diagnostics`` says where and why."""

    def __init__(self, what: str, diagnostics: Sequence[Diagnostic], *, why: str = "", do: str = "") -> None:
        super().__init__(what, why=why, do=do)
        self.diagnostics = tuple(diagnostics)


class CannotRun(ActliteError):
    """This machine can't do what is asked."""

    exit_code = 4


class EngineUnavailable(CannotRun):
    """No container daemon answers, or it is too old."""


class ImageUnavailable(CannotRun):
    """An image can't be had, or can't host a job."""


class ActionUnavailable(CannotRun):
    """An action can't be had."""


class RuntimeUnavailable(CannotRun):
    """A node build that the runner of that date would use can't be had."""


class RunnerUnavailable(CannotRun):
    """There is no image for a runner label."""


class DiskFull(CannotRun):
    """There is no space left where actlite or the engine must write."""


class NothingSelected(ActliteError):
    """No workflow or job is selected by the event and the flags."""

    exit_code = 5


class RunPaused(ActliteError):
    """The run has stopped at a breakpoint and waits for a decision."""

    exit_code = 6


class Interrupted(ActliteError):
    """The user stopped the run."""

    exit_code = 130
