"""``runs-on`` and ``shell``: machines that GitHub does not have (any more), and shells that a machine lacks.

Labels of one's own machines are free: only what looks like one of GitHub's is judged, and only where it is the
only label (DOC: GitHub-hosted runners; R: ScriptHandlerHelpers for shells).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from actlite.diagnostics import DiagnosticBag, Fix, Severity
from actlite.document.nodes import Mapping, Node, Scalar, Sequence
from actlite.workflow import access
from actlite.workflow.model import Job, RunStep, Step, Workflow
from actlite.workflow.nearest import nearest

HOSTED = frozenset(
    {"ubuntu-latest", "ubuntu-slim", "ubuntu-22.04", "ubuntu-22.04-arm", "ubuntu-24.04", "ubuntu-24.04-arm"}
    | {"ubuntu-26.04", "ubuntu-26.04-arm", "windows-latest", "windows-2022", "windows-2025"}
    | {"windows-2025-vs2026", "windows-11-arm", "macos-latest", "macos-latest-large", "macos-latest-xlarge"}
    | {"macos-14", "macos-14-large", "macos-14-xlarge", "macos-15", "macos-15-intel", "macos-15-large"}
    | {"macos-15-xlarge", "macos-26", "macos-26-intel", "macos-26-large", "macos-26-xlarge"}
)
"""The labels of GitHub's own machines."""

RETIRED = {
    "ubuntu-16.04": "ubuntu-latest",
    "ubuntu-18.04": "ubuntu-latest",
    "ubuntu-20.04": "ubuntu-22.04",
    "windows-2016": "windows-latest",
    "windows-2019": "windows-2022",
    "macos-10.15": "macos-latest",
    "macos-11": "macos-latest",
    "macos-11.0": "macos-latest",
    "macos-12": "macos-latest",
    "macos-12-large": "macos-latest-large",
    "macos-12-xl": "macos-latest-large",
    "macos-13": "macos-15-intel",
    "macos-13-large": "macos-15-large",
    "macos-13-xl": "macos-15-large",
    "macos-13-xlarge": "macos-15-xlarge",
}
"""Machines that GitHub has taken away (its blog, and actions/runner-images), and what to write instead."""

_LATEST = ("macos-latest", "ubuntu-latest", "windows-latest")
_LIKE_LATEST = re.compile(r"(?:[umw][a-z]{3,8}-[a-z]{4,8}|[a-z]{4,9}-lat?[a-z]{2,5})\Z")
_ALIKE = 0.85
_NUMBERED = re.compile(r"(ubuntu)-(\d\d\.\d\d)(?:-arm)?\Z|(windows)-(\d{4})\Z|(macos)-(\d\d)(?:\.\d+)?\Z")
_NEWEST = {"ubuntu": 26.04, "windows": 2025.0, "macos": 26.0}
_MATRIX = re.compile(r"\$\{\{\s*matrix\.([A-Za-z_][A-Za-z0-9_-]*)\s*\}\}\Z")
_WAITS = "unless a machine of your own has this label, the job never starts"
SHELLS = ("bash", "sh", "pwsh", "powershell", "cmd", "python")
"""The shells that the runner knows by name."""
_ASKS_SYSTEM = re.compile(r"\brunner\s*\.\s*os\b", re.IGNORECASE)
_WINDOWS_ONLY = frozenset({"powershell", "cmd"})


def check(workflow: Workflow, root: Mapping, bag: DiagnosticBag) -> None:
    """Look at the machines and shells of each job."""
    del root
    _shell(workflow.defaults.shell, "", bag)
    for job in workflow.jobs:
        runs_on = job.runs_on.get("labels") if isinstance(job.runs_on, Mapping) else job.runs_on
        labels = [node for node in _nodes(runs_on) if isinstance(node, Scalar)]
        if len(labels) == 1:
            for label in _written(labels[0], job):
                _label(label, bag)
        elif len(labels) > 1:
            _conflict(labels, bag)
        system = labels[0].text.casefold() if len(labels) == 1 else ""
        system = system.partition("-")[0] if system in HOSTED and job.container is None else ""
        _shell(job.defaults.shell, system, bag)
        check_shells(job.steps, bag, system=system)


def check_shells(steps: Iterable[Step], bag: DiagnosticBag, *, system: str = "") -> None:
    """Look at the shells of a job's or composite action's steps."""
    for step in steps:
        if isinstance(step, RunStep):
            chosen = step.if_ is not None and _ASKS_SYSTEM.search(step.if_.text) is not None
            _shell(step.shell, "" if chosen else system, bag)


def _nodes(node: Node | None) -> tuple[Node, ...]:
    return node.items if isinstance(node, Sequence) else () if node is None else (node,)


def _written(label: Scalar, job: Job) -> Iterator[Scalar]:
    """The label itself, or the values of the matrix key that it names."""
    if "${{" not in label.text:
        yield label
        return
    named = _MATRIX.match(label.text.strip())
    if named is None or not isinstance(job.matrix, Mapping):
        return
    values = list(_nodes(job.matrix.get(named[1])))
    values += [value for item in _nodes(job.matrix.get("include")) if (value := access.get(item, named[1]))]
    yield from (value for value in values if isinstance(value, Scalar) and "${{" not in value.text)


def _label(label: Scalar, bag: DiagnosticBag) -> None:
    name = label.text.casefold()
    if name in HOSTED:
        return
    instead = RETIRED.get(name)
    if instead is not None:
        bag.add(
            "retired-runner",
            f"GitHub has no machines with the label '{label.text}' any more",
            label.span,
            severity=Severity.WARNING,
            notes=(_WAITS,),
            help=f"write {instead}",
            fix=Fix(f"write '{instead}'", label.span, instead) if label.plain else None,
        )
        return
    number = _NUMBERED.match(name)
    guess = None
    if number is not None:
        system, version = (part for part in number.groups() if part is not None)
        if float(version) >= _NEWEST[system]:
            return
        guess = f"{system}-latest"
    elif _LIKE_LATEST.match(name):
        guess = nearest(name, _LATEST, likeness=_ALIKE)
    if guess is not None:
        bag.add(
            "unknown-runner",
            f"GitHub has no machines with the label '{label.text}'",
            label.span,
            severity=Severity.WARNING,
            label=f"did you mean '{guess}'?",
            notes=(_WAITS,),
            fix=Fix(f"write '{guess}'", label.span, guess) if label.plain else None,
        )


def _conflict(labels: list[Scalar], bag: DiagnosticBag) -> None:
    """GitHub gives each of its machines one label; ``latest`` may stand for any version."""
    first: dict[str, Scalar] = {}
    for label in labels:
        name = label.text.casefold()
        if name not in HOSTED:
            continue
        system, _, version = name.partition("-")
        for other, before in first.items():
            other_system, _, other_version = other.partition("-")
            either = "latest" in {version, other_version}
            if system != other_system or (version != other_version and not either):
                bag.add(
                    "unknown-runner",
                    f"no machine has the labels '{before.text}' and '{label.text}': all of a list must fit",
                    label.span,
                    severity=Severity.WARNING,
                    help="to run the job on each of them, use a matrix",
                )
                return
        first[name] = label


def _shell(node: Scalar | None, system: str, bag: DiagnosticBag) -> None:
    if node is None or node.value is None or "${{" in node.text or "{0}" in node.text:
        return
    name = node.text.strip().casefold()
    if not name:
        return
    if name not in SHELLS:
        guess = nearest(name, SHELLS)
        bag.add(
            "unknown-shell",
            "Invalid shell option. Shell must be a valid built-in (bash, sh, cmd, powershell, pwsh) "
            "or a format string containing '{0}'",
            node.span,
            severity=Severity.WARNING,
            label=f"did you mean '{guess}'?" if guess else "",
            help=f"write '{node.text} {{0}}': the runner puts the script's name there",
        )
    elif system in {"ubuntu", "macos"} and name in _WINDOWS_ONLY:
        bag.add(
            "unknown-shell",
            f"GitHub's {system} machines have no '{node.text}'",
            node.span,
            severity=Severity.WARNING,
            help="write pwsh: PowerShell is on all machines under that name"
            if name == "powershell"
            else "write bash, or run the job on Windows",
        )
