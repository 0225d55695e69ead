"""Where a job without ``container:`` runs: an image per runner label, this machine, or nowhere here."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from actlite.contexts.runner import architecture
from actlite.diagnostics import Diagnostic, Severity
from actlite.document.nodes import Node
from actlite.expressions.errors import ExpressionError
from actlite.expressions.template import Scope, TemplateError, evaluate_node
from actlite.expressions.values import to_string
from actlite.planning.called_inputs import contexts_of, is_known
from actlite.planning.matrix import names_needs
from actlite.planning.plan import JobPlan, Leg, Plan
from actlite.records import frozen

IMAGES: Mapping[str, str] = {
    "ubuntu-latest": "ghcr.io/catthehacker/ubuntu:act-latest",
    "ubuntu-26.04": "ghcr.io/catthehacker/ubuntu:act-26.04",
    "ubuntu-26.04-arm": "ghcr.io/catthehacker/ubuntu:act-26.04",
    "ubuntu-24.04": "ghcr.io/catthehacker/ubuntu:act-24.04",
    "ubuntu-24.04-arm": "ghcr.io/catthehacker/ubuntu:act-24.04",
    "ubuntu-22.04": "ghcr.io/catthehacker/ubuntu:act-22.04",
    "ubuntu-22.04-arm": "ghcr.io/catthehacker/ubuntu:act-22.04",
    "ubuntu-20.04": "ghcr.io/catthehacker/ubuntu:act-20.04",
    "ubuntu-18.04": "ghcr.io/catthehacker/ubuntu:act-18.04",
    "ubuntu-slim": "ghcr.io/catthehacker/ubuntu:act-24.04",
}
"""Images made to resemble GitHub's machines, as users of act know them."""
"""For both architectures."""
HOST = "host"
_ARM = re.compile(r"(?:^|[-_.])(?:arm|arm64|aarch64)(?:$|[-_.])", re.IGNORECASE)
_BINFMT = Path("/proc/sys/fs/binfmt_misc")
_EMULATORS = {"arm64": ("qemu-aarch64",), "x64": ("qemu-x86_64", "rosetta")}
ELSEWHERE = re.compile(r"^(macos|windows)(-|$)", re.IGNORECASE)
MAX_NAMED = 3
"""How many legs a finding names; of more it gives the number."""
SELF_HOSTED = frozenset({"self-hosted", "linux", "x64", "arm64"})


@frozen
class Place:
    """Where a leg runs: an image's name or ``host``; or why it can't run here."""

    where: str
    problem: str = ""
    arch: str = "x64"
    """The architecture of the runner; empty where an image that the user names decides it."""


def labels(node: Node | None, scope: Scope) -> tuple[str, ...]:
    """The labels of ``runs-on``, evaluated. Raises ExpressionError or TemplateError."""
    if node is None:
        return ()
    value = evaluate_node(node, scope)
    if isinstance(value, Mapping):
        value = value.get("labels") or []
    if isinstance(value, list):
        return tuple(to_string(v) for v in value)
    return (to_string(value),) if value is not None else ()


def place(wanted: Sequence[str], platforms: Mapping[str, str], *, engine_is_host: bool = False) -> Place:
    """Where a job with these labels runs. Names given by the user come first."""
    given = {k.lower(): v for k, v in platforms.items()}
    for label in wanted:
        image = given.get(label.lower())
        if image:
            host = engine_is_host or image in (HOST, "-self-hosted")
            return Place(HOST if host else image, arch="")
    found = _place(wanted, given, engine_is_host=engine_is_host)
    if found.where in ("", HOST) or runs_here(found.arch):
        return found
    text = ", ".join(wanted)
    lacks = f"this one is {_machine()} and has no emulator for {found.arch}"
    return Place("", f"{text} is an {found.arch} machine, {lacks}")


def _place(wanted: Sequence[str], given: Mapping[str, str], *, engine_is_host: bool) -> Place:
    arch = architecture_of(wanted)
    for label in wanted:
        image = IMAGES.get(label.lower())
        if image:
            return Place(HOST if engine_is_host else image, arch=arch)
    text = ", ".join(wanted) or "(none)"
    for label in wanted:
        if ELSEWHERE.match(label):
            system = "macOS" if label.lower().startswith("macos") else "Windows"
            return Place("", f"no {system} runner ({text})")
    if engine_is_host:
        return Place(HOST)
    if wanted and all(w.lower() in SELF_HOSTED for w in wanted):
        return Place(given.get("ubuntu-latest") or IMAGES["ubuntu-latest"], arch=arch)
    if not wanted:
        return Place("", "runs-on names no label, and only labels can be given an image (-P LABEL=IMAGE)")
    own = next((w for w in wanted if w.lower() not in SELF_HOSTED), wanted[0])
    return Place("", f"no image for runner label {text}; give one with -P {own}=IMAGE")


def leg_place(
    plan: Plan,
    job: JobPlan,
    leg: Leg,
    platforms: Mapping[str, str],
    variables: Mapping[str, str],
    *,
    engine_is_host: bool,
    needs: Mapping[str, object] | None = None,
) -> Place:
    """Where one leg runs. Jobs with ``container:`` need a Linux runner as well, whose image does not matter."""
    contexts = {
        "github": dict(plan.trigger.github),
        "matrix": dict(leg.matrix) or None,
        "vars": dict(variables),
        "inputs": dict(plan.trigger.inputs),
        "needs": needs or {},
        "strategy": {"job-index": float(leg.index), "job-total": float(leg.total)},
    }
    try:
        wanted = labels(job.job.runs_on, Scope(contexts, {}))
    except (ExpressionError, TemplateError) as error:
        return Place("", f"runs-on can't be evaluated: {error}")
    found = place(wanted, platforms, engine_is_host=engine_is_host)
    if job.job.container is not None and found.problem and not any(ELSEWHERE.match(w) for w in wanted):
        arch = architecture_of(wanted)
        return Place(IMAGES["ubuntu-latest"], arch=arch) if runs_here(arch) else found
    return found


def architecture_of(wanted: Sequence[str]) -> str:
    """The architecture of a runner by its labels: ``x64`` or ``arm64``."""
    return "arm64" if any(_ARM.search(label) for label in wanted) else "x64"


def runs_here(arch: str) -> bool:
    """Whether programs of an architecture run on this machine: its own, or one that its kernel hands to an emulator.
    Where engines live in virtual machines (macOS, Windows), those emulate."""
    if arch == _machine() or sys.platform != "linux":
        return True
    return any(_enabled(_BINFMT / name) for name in _EMULATORS.get(arch, ()))


def _enabled(entry: Path) -> bool:
    try:
        return entry.read_text().startswith("enabled")
    except OSError:
        return False


def _machine() -> str:
    return architecture().lower()


@frozen
class Absent:
    """Legs of one job that can't run on this machine for the same reason."""

    legs: tuple[str, ...]
    finding: Diagnostic


def unrunnable(
    plan: Plan, platforms: Mapping[str, str], variables: Mapping[str, str], *, engine_is_host: bool = False
) -> list[Absent]:
    """The legs that can't run on this machine, as findings with their place in the file. Where the
    labels are another job's outputs, it can't be told before that has run."""
    found: list[Absent] = []
    for inner, job in plan.every_job():
        node = job.job.runs_on
        if job.job.uses is not None or (node is not None and _known_later(inner, job, node)):
            continue
        problems: dict[str, list[str]] = {}
        for leg in job.legs or ():
            spot = leg_place(inner, job, leg, platforms, variables, engine_is_host=engine_is_host)
            if spot.problem:
                problems.setdefault(spot.problem, []).append(leg.key)
        for problem, legs in problems.items():
            finding = Diagnostic(
                "no-runner",
                Severity.ERROR,
                f"{_some(job, legs)} can't run here: {problem}",
                node.span if node is not None else job.job.span,
                help="--only-runnable runs the other jobs; -P LABEL=IMAGE gives an image for a label",
            )
            found.append(Absent(tuple(legs), finding))
    return found


def _known_later(plan: Plan, job: JobPlan, node: Node) -> bool:
    """Whether labels are other jobs' outputs, or go by an input that the caller gives in the run."""
    if job.needs and names_needs(node):
        return True
    return bool(plan.later) and not is_known(node, contexts_of(plan, job, None))


def _some(job: JobPlan, legs: Sequence[str]) -> str:
    """Some legs of a job, in words: up to three by name."""
    if len(legs) <= MAX_NAMED:
        return ", ".join(legs)
    total = len(job.legs or ())
    return f"{job.job.id} ({f'all {total}' if len(legs) == total else f'{len(legs)} of {total}'} legs)"
