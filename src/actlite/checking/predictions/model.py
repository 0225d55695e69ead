"""What is predicted of a step that needs the runner's node, as data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actlite.records import frozen
from actlite.source import Span

if TYPE_CHECKING:
    from actlite.glibc.image_system import Described
    from actlite.glibc.loading import Loading
    from actlite.runtimes.choice import Choice

STARTS = "starts"
FAILS = "fails"
MOUNTED = "mounted"
"""The job's own volume lies over the runtime: what is in it decides."""
IMMUNE = "immune"
"""No node of the runner's is started in the container: no container, a docker action, a part of the runner itself."""
UNKNOWN = "unknown"

LACKS_ACTION = "action"
"""What the action declares, or uses, is not known."""
LACKS_IMAGE = "image"
"""The image's libraries are not known."""
LACKS_RUN = "run"
"""It depends on what is only known in the run."""
LACKS_ROOM = "room"
"""There is too much in the workflow to look at all of it."""


@frozen
class Declared:
    """What an action declares, and how that is known."""

    using: str
    """``node20``, ``docker``, ``composite``, ``plugin``; ``node`` where it is one of several nodes (``any_of``); empty
    where it isn't known."""
    source: str = ""
    """Where it is from, in words for the user; where ``using`` is empty, why it isn't known."""
    parts: tuple[str, ...] = ("main",)
    """The scripts that it has, of pre, main and post: each is started by the same node."""
    any_of: tuple[str, ...] = ()
    """For a release that isn't known, what the known releases of the action declare: nodes, all of them."""


@frozen
class JobImage:
    """The container of a leg, as far as it is known before the run."""

    name: str
    """The image that is used; empty where the name is only known in the run."""
    written: str
    """As the workflow has it, with what is known put in."""
    span: Span
    """The place of the image's name."""
    arch: str = "x64"
    """The architecture of the runner's node: x64 or arm64."""
    volumes: tuple[str, ...] = ()
    """``SOURCE:TARGET[:MODE]``, or a target alone."""
    env: tuple[tuple[str, str], ...] = ()
    """``LD_LIBRARY_PATH``, where the container's own ``env:`` has it and it is known."""
    note: str = ""
    """What else is to be said of it: that another image stands in for it."""
    open_library_path: bool = False
    """Its ``LD_LIBRARY_PATH`` is only known in the run."""
    open_volumes: bool = False
    """A volume that lies over ``/__e`` is only known in the run."""
    image_arch: str = ""
    """The architecture that ``--platform`` asks for; empty for the runner's own."""


@frozen
class StepVerdict:
    """Whether one JavaScript action starts: what a prediction and a run have in common."""

    verdict: str
    """STARTS, FAILS, MOUNTED, IMMUNE or UNKNOWN."""
    choice: Choice | None = None
    """The runtime and why; None where no node is chosen."""
    node: str = ""
    """The program as it is started: ``/__e/node24/bin/node``."""
    image: Described | None = None
    """The image's libraries and where they are known from; None where they aren't."""
    loading: Loading | None = None
    """What the loader does; None where that isn't known, and where the runner refuses before."""
    lines: tuple[str, ...] = ()
    """What the log of the step has, exactly and in order: the loader's lines, or the runner's own words."""
    why: str = ""
    """For MOUNTED, IMMUNE and UNKNOWN: the reason, a clause without a full stop."""
    notes: tuple[str, ...] = ()
    """What else has to be said, such as a mount over another runtime."""
    lacks: str = ""
    """For UNKNOWN: what is missing, one of LACKS_…; empty where the node's build is."""
    volume: str = ""
    """The volume that lies over the node, as it is written; empty where the runner's own is started."""

    @property
    def fails(self) -> bool:
        """Whether the step can't start."""
        return self.verdict == FAILS


@frozen
class Prediction:
    """One step of a job that uses an action, in those legs of the job in which it comes out the same."""

    workflow: str
    """The file of the job, relative to the repository."""
    job: str
    """The job's id; ``caller / callee`` for a job of a called workflow."""
    legs: tuple[str, ...]
    """The names of the legs, as GitHub shows them; () where the job has no matrix."""
    all_legs: bool
    """It is so in all legs of the job that are known."""
    number: int
    """The step's number in the job, from 1."""
    place: Span
    """The ``uses:`` of the job's own step (of the outermost one for an action in a composite action)."""
    action: str
    """The action as it is written; the inner one in a composite action."""
    declared: Declared
    step: StepVerdict
    image: JobImage | None = None
    """None for a job without a container."""
    through: tuple[str, ...] = ()
    """The composite actions around it, outermost first."""
    callers: tuple[Span, ...] = ()
    """The ``uses:`` of the calling jobs, outermost first."""
    by_caller: bool = False
    """What the job runs in depends on the inputs that a caller gives."""
    condition: str = ""
    """What is only known in the run of the ``if:`` of the job, the step and those around it: it holds where the
    step runs."""
    tolerated: bool = False
    """``continue-on-error`` is true for the step, for one around it, or for the job."""
    variables: tuple[tuple[str, str], ...] = ()
    """The variables of the step's environment that the choice of a node goes by, as far as they are known."""
    changed_by: tuple[Span, ...] = ()
    """Steps before that may put the missing libraries into the image."""

    @property
    def fails(self) -> bool:
        """Whether the step can't start."""
        return self.step.fails

    @property
    def runtime(self) -> str:
        """``node24``, or '' where no node is chosen."""
        return self.step.choice.runtime if self.step.choice is not None else ""

    @property
    def main_job(self) -> str:
        """The id of the job in its own file."""
        return self.job.rpartition(" / ")[2]
