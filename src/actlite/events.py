"""What happens in a run, as frozen data: the only thing that execution says and reporters hear.

Every text in an event is already masked. ``to_json`` and ``from_json`` are the journal's format; a
field added later must have a default, so that older journals still load.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any, ClassVar, Union, get_args, get_origin, get_type_hints

from actlite.records import frozen

SCHEMA = 1
"""The version of the event format."""


@frozen
class Missing:
    """One version that a library lacks, as the dynamic loader says it."""

    library: str
    """The path or soname that the loader names."""
    version: str
    """Such as ``GLIBC_2.28``; empty where the library itself is missing."""


@frozen
class Cause:
    """A version that a program asks for, and the symbols of it that do."""

    library: str
    """The library's soname."""
    version: str
    """Such as ``GLIBC_2.34``; empty where the library itself is missing."""
    symbols: tuple[str, ...] = ()
    """In file order; empty where the file does not tell."""
    weak: bool = False
    """All of them are weak references. The loader refuses the file all the same, unless the version itself is
    marked weak."""


@frozen
class Diagnosis:
    """Why a program could not start, recognised from its own output."""

    kind: str
    """``versions``, ``library``, ``interpreter``, ``not-found``, ``musl``, ``docker-socket``, ``shell``."""
    program: str
    """The file that could not start, as the message names it."""
    summary: str
    """One sentence that says what happened."""
    missing: tuple[Missing, ...] = ()
    loader_lines: tuple[str, ...] = ()
    """The loader's own text, in its order."""
    reasons: tuple[str, ...] = ()
    """Why that runtime: what the action declares, what the runner of that date makes of it."""
    has: str = ""
    """What the image has, such as ``glibc 2.17 · GLIBCXX 3.4.19 · CXXABI 1.3.7``."""
    fixes: tuple[str, ...] = ()
    """What would work, best first."""
    notes: tuple[str, ...] = ()
    window: str = ""
    """What the actions need and what the users of the product have, and whether an image does both."""
    causes: tuple[Cause, ...] = ()
    """Which symbols of the program ask for what is missing, where its file could be read."""
    image: str = ""
    """The image of the docker action whose program it is; '' for programs in the job's own container."""


@frozen
class Prediction:
    """What will come of starting the node of one JavaScript step, worked out without starting anything."""

    step: str
    """The step's key; its stages have the same one."""
    stages: tuple[str, ...]
    """Those of ``pre``, ``main`` and ``post`` that the action has."""
    action: str
    """As the workflow writes it."""
    declared: str
    """What the action declares in ``using:``."""
    runtime: str
    """The node that the runner takes, such as ``node24``."""
    program: str
    """Its path in the container."""
    verdict: str
    """``starts``, ``fails``, ``mounted`` (a volume of the job's lies over it) or ``unknown``."""
    kind: str = ""
    """Why it fails, as ``Diagnosis.kind`` has it."""
    missing: tuple[Missing, ...] = ()
    loader_lines: tuple[str, ...] = ()
    """The loader's words, in its order."""
    reasons: tuple[str, ...] = ()
    """Why that runtime, or why nothing can be said."""


@frozen
class FileAudit:
    """An ELF program or library that a product is or holds: what it asks of the systems that it is for."""

    name: str
    """Its path in the archive; empty where the product is the file."""
    kind: str
    """``program`` or ``library``."""
    arch: str
    """``x64``, ``arm64`` and so on."""
    linkage: str
    """``dynamic``, ``static`` or ``static-pie``."""
    libc: str
    """``glibc`` or ``musl``; empty where it needs none."""
    newest: Mapping[str, str] = field(default_factory=dict)
    """The newest version of each kind that it asks for: ``{"GLIBC": "2.17"}``."""
    policy: str = ""
    """The oldest manylinux or musllinux policy that it meets."""
    runs_on: tuple[str, ...] = ()
    """The oldest release of each distribution that has all it needs: ``Debian ≥ 12``."""
    not_on: tuple[str, ...] = ()
    """The systems that refuse it."""
    verdict: str = ""
    """Against the target: ``fits``, ``refused``, or ``unknown``."""
    over: tuple[Cause, ...] = ()
    """What it asks for and the target lacks, newest version first."""
    advice: tuple[str, ...] = ()
    """What to do where it does not fit."""

    @property
    def summary(self) -> str:
        """Its needs in a few words: ``glibc 2.17``, ``static``, ``musl``."""
        if "GLIBC" in self.newest:
            return f"glibc {self.newest['GLIBC']}"
        return "static" if self.linkage.startswith("static") else self.libc or self.kind


@frozen
class Annotation:
    """A notice, warning or error attached to a step, and maybe to a file."""

    level: str
    message: str
    title: str = ""
    file: str = ""
    line: int | None = None
    end_line: int | None = None
    column: int | None = None
    end_column: int | None = None


@frozen
class Event:
    """The base of all events. ``time`` is in seconds since the epoch."""

    kind: ClassVar[str] = ""
    time: float


@frozen
class RunStarted(Event):
    """A run of one workflow begins."""

    kind: ClassVar[str] = "run-started"
    run: str
    workflow: str
    """The workflow's name."""
    path: str
    """The workflow's file, relative to the repository."""
    event: str
    ref: str
    sha: str
    as_of: str
    """The date whose runner is used, YYYY-MM-DD."""
    runner: str
    """The release of that runner."""
    source: str
    """Which commit and which changes the sources come from, in words."""
    jobs: tuple[str, ...]
    """Keys of all job legs known at the start, in file order."""
    schema: int = SCHEMA
    engine: str = ""
    """Where jobs run: ``docker``, ``podman`` or ``host``; empty in journals of before this was told."""


@frozen
class Notice(Event):
    """Something that the user must know and that belongs to no step's log: a stand-in, a difference."""

    kind: ClassVar[str] = "notice"
    level: str
    """``note`` or ``warning``."""
    message: str
    job: str = ""


@frozen
class JobStarted(Event):
    """A job leg begins."""

    kind: ClassVar[str] = "job-started"
    job: str
    """The leg's key: the job's id, with the matrix values in parentheses where there is a matrix."""
    id: str
    name: str
    matrix: Mapping[str, Any]
    where: str
    """The image or ``host``."""
    instead_of: str = ""
    """The image that the workflow names, where another stands in for it."""
    runs_on: str = ""


@frozen
class JobFinished(Event):
    """A job leg has ended, or was cancelled, skipped or could not be run; then ``reason`` says why."""

    kind: ClassVar[str] = "job-finished"
    job: str
    id: str
    name: str
    result: str
    """``success``, ``failure``, ``cancelled``, ``skipped``; ``not-run`` for a leg that can't run here."""
    outputs: Mapping[str, str]
    duration: float
    """Seconds."""
    reason: str = ""
    matrix: Mapping[str, Any] = field(default_factory=dict)
    condition: Mapping[str, Any] | None = None
    """Where its ``if:`` is why it was skipped: the tree of that, as ``expressions.Trace.data`` has it."""
    environment: str = ""
    """The name of the environment that it deploys to."""
    environment_url: str = ""
    """The address of what it has deployed; '' too where that might have told a secret."""


@frozen
class CallStarted(Event):
    """A leg of a job that calls a workflow has begun: the jobs of that workflow have keys that begin with ``job``."""

    kind: ClassVar[str] = "call-started"
    job: str
    """The calling leg's key."""
    id: str
    name: str
    workflow: str
    """The called file; ``owner/repo/path@ref`` for one of another repository."""
    inputs: Mapping[str, Any]
    jobs: tuple[str, ...]
    """The keys of its legs that are known, in an order in which needs come first."""


@frozen
class CallFinished(Event):
    """All jobs of a called workflow have ended."""

    kind: ClassVar[str] = "call-finished"
    job: str
    id: str
    name: str
    result: str
    """``success``, ``failure``, ``cancelled``, ``skipped``; ``not-run`` as of a job."""
    outputs: Mapping[str, str]
    duration: float
    """Seconds."""
    reason: str = ""
    """Where its outputs can't be evaluated: why. It has failed then."""


@frozen
class ImageProgress(Event):
    """An image is being pulled or built. ``current`` and ``total`` are bytes; 0 where not known."""

    kind: ClassVar[str] = "image-progress"
    job: str
    image: str
    status: str
    current: int = 0
    total: int = 0


@frozen
class StepsPredicted(Event):
    """Which of a job's JavaScript steps will start in its container: said before the first of them is reached."""

    kind: ClassVar[str] = "steps-predicted"
    job: str
    image: str
    has: str
    """What the image has, such as ``glibc 2.17 · GLIBCXX 3.4.19 · CXXABI 1.3.7``."""
    predictions: tuple[Prediction, ...]
    """One for each JavaScript step whose node is known, in the order of the steps; those that start too."""


@frozen
class StepStarted(Event):
    """A step begins. ``step`` is its key within the job: ``"0"`` for set-up, then ``"1"``, ``"2"``…;
    ``"pre-2"`` and ``"post-2"`` for stages of step 2; ``"2.1"`` for the first inner step of a composite."""

    kind: ClassVar[str] = "step-started"
    job: str
    step: str
    id: str
    name: str
    detail: str = ""
    """A few words beside the name, such as ``actions/checkout@v2 · node12 → node24``."""
    background: bool = False
    """The steps after it do not wait for it."""


@frozen
class StepQueued(Event):
    """A background step is due, and waits for another one to end: only ten run at a time."""

    kind: ClassVar[str] = "step-queued"
    job: str
    step: str
    id: str
    name: str


@frozen
class StepOutput(Event):
    """A piece of a step's log: whole lines, except that the last line of a log may lack its newline."""

    kind: ClassVar[str] = "step-output"
    job: str
    step: str
    text: str


@frozen
class StepAnnotation(Event):
    """An annotation was made by a step."""

    kind: ClassVar[str] = "step-annotation"
    job: str
    step: str
    annotation: Annotation


@frozen
class StepSummary(Event):
    """A step wrote a summary, in Markdown."""

    kind: ClassVar[str] = "step-summary"
    job: str
    step: str
    markdown: str


@frozen
class StepFinished(Event):
    """A step has ended, or was skipped; then ``reason`` says why."""

    kind: ClassVar[str] = "step-finished"
    job: str
    step: str
    id: str
    name: str
    outcome: str
    conclusion: str
    duration: float
    """Seconds."""
    exit_code: int | None = None
    outputs: Mapping[str, str] = field(default_factory=dict)
    diagnosis: Diagnosis | None = None
    reason: str = ""
    file: str = ""
    """Where the step stands, relative to the repository."""
    line: int = 0
    column: int = 0
    condition: Mapping[str, Any] | None = None
    """Where its ``if:`` is why it was skipped: the tree of that, as ``expressions.Trace.data`` has it."""


@frozen
class ArtifactFound(Event):
    """A file that the run has made and kept, with its path on this machine."""

    kind: ClassVar[str] = "artifact"
    job: str
    name: str
    path: str
    size: int
    """Bytes."""
    needs: str = ""
    """For an ELF program: the newest versions it asks for, such as ``GLIBC 2.17``."""
    audited: tuple[FileAudit, ...] = ()
    """The ELF programs and libraries that it is or holds; none in journals of before they were audited."""
    target: str = ""
    """The target that they were held against; empty without one."""
    verdict: str = ""
    """Of all of them against the target: ``fits``, ``refused`` or ``unknown``."""
    unseen: tuple[str, ...] = ()
    """What of it was not looked at, and why."""
    uploaded: bool = False
    """A step has uploaded it by this name: ``path`` is the folder with its files. Else it is a product of the job's,
    found in its workspace."""
    files: int = 1
    """How many files an uploaded artifact has."""


@frozen
class RunFinished(Event):
    """A run has ended."""

    kind: ClassVar[str] = "run-finished"
    run: str
    conclusion: str
    """``success``, ``failure``, ``cancelled`` or ``incomplete`` (legs that can't run here)."""
    duration: float
    """Seconds."""
    kept: tuple[str, ...] = ()
    """Names of containers that are kept for a look."""
    folder: str = ""
    """The run's folder."""


Emit = Callable[[Event], None]
"""Takes an event; must be safe to call from several threads."""

KINDS: dict[str, type[Event]] = {
    cls.kind: cls
    for cls in (
        RunStarted,
        Notice,
        JobStarted,
        JobFinished,
        CallStarted,
        CallFinished,
        ImageProgress,
        StepsPredicted,
        StepQueued,
        StepStarted,
        StepOutput,
        StepAnnotation,
        StepSummary,
        StepFinished,
        ArtifactFound,
        RunFinished,
    )
}


def to_json(event: Event) -> dict[str, Any]:
    """The event as plain JSON data, with its ``kind`` first."""
    return {"kind": event.kind, **{f.name: _plain(getattr(event, f.name)) for f in dataclasses.fields(event)}}


def from_json(data: Mapping[str, Any]) -> Event:
    """The event that ``to_json`` made. Raises KeyError for an unknown kind, TypeError for missing fields."""
    built = _build(KINDS[data["kind"]], {k: v for k, v in data.items() if k != "kind"})
    assert isinstance(built, Event)
    return built


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    return value


def _build(cls: type[Any], data: Mapping[str, Any]) -> Any:
    hints = get_type_hints(cls)
    known = {f.name for f in dataclasses.fields(cls)}
    return cls(**{k: _typed(hints[k], v) for k, v in data.items() if k in known})


def _typed(hint: Any, value: Any) -> Any:
    if value is None:
        return None
    origin = get_origin(hint)
    if origin is tuple:
        item = get_args(hint)[0]
        return tuple(_typed(item, v) for v in value)
    if origin is Union or (origin is not None and type(None) in get_args(hint)):
        return _typed(next(a for a in get_args(hint) if a is not type(None)), value)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return _build(hint, value)
    return value
