"""The plan as text: the verdict first, one line per thing, and the reason for whatever will not run."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING, Any

from actlite.cli.plan_view import PlanView
from actlite.cli.summary import place
from actlite.cli.text import columns, paint
from actlite.diagnostics import Diagnostic, Severity, printable, width
from actlite.expressions.explain import Trace, literal
from actlite.planning.outline import CallOutline, JobOutline, Later, LegOutline, WorkflowOutline
from actlite.planning.plan import JobPlan
from actlite.planning.why import LATER, listed

if TYPE_CHECKING:
    from actlite.checking.predictions.model import Prediction

WIDTH = 80
SHOWN = 3
"""So many different values are named where legs differ."""
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_LONG_ID = re.compile(r"@(sha256:[0-9a-f]{12}|[0-9a-f]{7})(?:[0-9a-f]{52}|[0-9a-f]{33})\b")
"""A commit or an image's digest: its beginning tells it apart, and JSON has all of it."""
_STYLES = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}
LEGS_WIDTH = 60
"""A matrix takes so much room at most."""


def plan_lines(view: PlanView, *, explain: bool = False) -> list[str]:
    """The whole answer. ``explain``: with the tree of each condition that is not surely true."""
    selected = view.selected
    lines = [f"{_trigger(view)}: {_verdict(view)}"]
    for workflow in view.workflows:
        lines += _workflow(workflow, view, explain)
    for other in selected.skipped:
        head = f"{paint('–', 'dim')} {printable(other.workflow.path)}  "
        reason = f"no: {printable(other.reason)}"
        fits = width(_plain(head)) + width(reason) <= _room()
        lines += [head + reason] if fits else [head.rstrip(), *_words("    ", reason, 8)]
    for file in selected.invalid:
        count = len(file.errors)
        lines.append(
            f"{paint('✗', 'red')} {printable(file.name)}  {count} error{'s' * (count != 1)}: actlite check"
        )
    lines += _absent(view.absent)
    lines += _not_here(view)
    for note in selected.trigger.notes:
        lines += _words("note: ", printable(note), 6)
    return lines


def _trigger(view: PlanView) -> str:
    from actlite.cli.select_workflows import describe_trigger

    selected = view.selected
    return f"{printable(describe_trigger(selected.trigger))} ({selected.source})"


def _verdict(view: PlanView) -> str:
    """How many jobs run, counting each leg, in how many workflows."""
    accepted = [workflow for workflow in view.workflows if not workflow.plan.refused]
    if not accepted:
        return "nothing runs"
    surely = maybe = 0
    open_ended = False
    for job in (job for workflow in accepted for job in workflow.all_jobs()):
        if job.plan.broken or job.plan.job.uses is not None:
            continue
        count = len(job.plan.legs) if job.plan.legs is not None else 1
        open_ended |= job.plan.legs is None and job.condition.runs != "no"
        surely += count * (job.condition.runs == "yes")
        maybe += count * (job.condition.runs == "depends")
    calls = (call for workflow in accepted for job in workflow.all_jobs() for call in job.calls)
    open_ended |= any(call.workflow is None for call in calls)
    total, workflows = surely + maybe, len(accepted)
    number = f"{surely} to {total}" if maybe else str(total)
    jobs = f"{number} job{'s' * (total != 1)}" + (" or more" if open_ended else "")
    return f"{jobs} in {workflows} workflow{'s' * (workflows != 1)}"


def _workflow(workflow: WorkflowOutline, view: PlanView, explain: bool) -> list[str]:
    refused = workflow.plan.refused
    mark = paint("✗", "red") if refused else paint("●", "green")
    lines = [f"{mark} {paint(printable(workflow.plan.workflow.path), 'bold')}"]
    if refused:
        lines[0] += "  GitHub refuses it, for the errors below"
    own = []
    if workflow.run_name is not None:
        own.append(f"shown as {_shown(workflow.run_name)}")
    if workflow.concurrency is not None:
        cancels = ", cancels the one before" if workflow.cancel_in_progress is True else ""
        own.append(f"one at a time in {_shown(workflow.concurrency)}{cancels}")
    if own:
        lines += _wrapped("    ", own, 4)
    lines += _jobs(workflow, view, 4, explain)
    jobs = [job for job in workflow.all_jobs() if job.condition.runs != "no"]
    found = [problem for job in jobs for problem in job.plan.problems]
    services = view.services_of(*{job.plan.job.span.source.name for job in jobs})
    lines += _problems([*found, *workflow.plan.warnings, *services])
    secrets = workflow.secrets.union(*(job.user_secrets for job in jobs))
    missing = view.missing(secrets)
    if missing:
        lines += _wrapped(
            f"    secret{'s' * (len(missing) != 1)} not given: ", list(map(printable, missing)), 6, ", "
        )
    return lines


def _jobs(workflow: WorkflowOutline, view: PlanView, indent: int, explain: bool) -> list[str]:
    lines: list[str] = []
    longest = max((width(printable(job.plan.job.id)) for job in workflow.jobs), default=0)
    longest = min(longest, 24)
    for job in workflow.jobs:
        mark = {"yes": " ", "no": paint("–", "dim"), "depends": "?"}[job.condition.runs]
        if job.plan.broken and job.condition.runs == "yes":
            mark = paint("✗", "red")
        name = printable(job.plan.job.id)
        head = f"{' ' * (indent - 2)}{mark} {name}{' ' * max(0, longest - width(name))}  "
        if job.condition.runs == "no":
            lines += _words(head, f"no: {printable(job.condition.reason)}", indent + longest + 6)
        else:
            lines += _wrapped(head, _details(job), indent + longest + 2)
        trace = job.condition.trace
        if explain and trace is not None and job.condition.runs != "yes":
            lines += [f"{' ' * (indent + 2)}{row}" for row in _tree(trace)]
        if job.condition.runs != "no":
            found = view.of_job(job.plan, workflow.plan.workflow.path)
            lines += _runtimes(found, indent + 2) if explain else []
            lines += _cannot_start(found, indent + 2)
            for call in job.calls:
                lines += _call(call, job, view, indent + 4, explain)
    return lines


def _runtimes(found: Sequence[Prediction], indent: int) -> list[str]:
    """What each action's step runs on: ``step 2  actions/checkout@v2  node12 → node24``."""
    rows = []
    for item in found:
        choice = item.step.choice
        runs = choice.detail if choice is not None else item.declared.using or "unknown"
        rows.append((f"step {item.number}", printable(item.action), printable(runs)))
    return [f"{' ' * indent}{row}" for row in columns(dict.fromkeys(rows))]


def _cannot_start(found: Sequence[Prediction], indent: int) -> list[str]:
    """For each image in which the runner's node can't start, how many of the actions that is about."""
    images = dict.fromkeys(item.image.name for item in found if item.fails and item.image is not None)
    lines: list[str] = []
    for image in images:
        inside = [item for item in found if item.image is not None and item.image.name == image]
        failing = sum(item.fails for item in inside)
        said = f"{failing} of {len(inside)} actions can't start in {printable(image)}:"
        head = f"{' ' * indent}{paint('✗', 'red')} "
        lines += _wrapped(head, [*said.split(" "), "actlite check"], indent + 2, " ")
    return lines


def _details(job: JobOutline) -> list[str]:
    plan, legs = job.plan, job.legs
    parts = [legs_text(plan)]
    reason = job.condition.reason
    if plan.needs and not (reason.startswith("needs ") and len(plan.needs) == 1):
        parts.append(f"needs {printable(listed(list(plan.needs)))}")
    parts.append(printable(reason))
    if plan.job.uses is None:
        parts += [_steps(job), _where(job)]
    else:
        parts.append(printable(place(plan.job)))
    for label, values in (
        ("with ", [image for leg in legs for image in leg.services.values()]),
        ("environment: ", [leg.environment for leg in legs]),
        ("one at a time in ", [leg.concurrency for leg in legs]),
    ):
        if any(value not in (None, "") for value in values):
            parts.append(f"{label}{_values(values)}")
    if plan.max_parallel is not None and plan.legs is not None and plan.max_parallel < len(plan.legs):
        parts.append(f"{plan.max_parallel} at a time")
    if all(leg.continue_on_error is True for leg in legs):
        parts.append("may fail")
    writes = sorted(name for name, level in (job.permissions or {}).items() if level == "write")
    if writes:
        parts.append(f"writes {'everything' if len(writes) > 10 else ', '.join(map(printable, writes))}")
    return [part for part in parts if part]


def _steps(job: JobOutline) -> str:
    count = len(job.plan.job.steps)
    text = f"{count} step{'s' * (count != 1)}"
    skipped = [
        sum(leg.steps[number].condition.runs == "no" for leg in job.legs)
        for number in range(count if job.legs else 0)
    ]
    always = sum(number == len(job.legs) for number in skipped)
    some = sum(0 < number < len(job.legs) for number in skipped)
    said = [f"{always} skipped" if always else "", f"{some} on some legs only" if some else ""]
    return ", ".join(filter(None, (text, *said)))


def _where(job: JobOutline) -> str:
    """The images of the containers, else the labels of the runners."""
    return _values([leg.container if leg.container else _labels(leg) for leg in job.legs])


def _labels(leg: LegOutline) -> Any:
    return leg.runs_on if isinstance(leg.runs_on, Later) else " ".join(leg.runs_on)


def _values(values: Iterable[object]) -> str:
    """The different values, the first few of them by name."""
    texts = list(dict.fromkeys(_shown(value) for value in values if value not in (None, "")))
    more = f" and {len(texts) - SHOWN} more" if len(texts) > SHOWN else ""
    return ", ".join(texts[:SHOWN]) + more


def _shown(value: object) -> str:
    if isinstance(value, Later):
        return printable(value.text)
    return printable(_short(value))


def _call(outline: CallOutline, job: JobOutline, view: PlanView, indent: int, explain: bool) -> list[str]:
    lines: list[str] = []
    if len(job.calls) > 1 and outline.call.leg is not None:
        lines.append(f"{' ' * indent}{printable(outline.call.leg.key)}")
        indent += 2
    if outline.workflow is not None:
        if outline.workflow.concurrency is not None:
            lines.append(f"{' ' * indent}one at a time in {_shown(outline.workflow.concurrency)}")
        return [*lines, *_jobs(outline.workflow, view, indent, explain)]
    why = outline.call.unknown or "unknown: its file has errors"
    return [*lines, *_words(f"{' ' * (indent - 2)}? ", printable(why), indent)]


def _tree(trace: Trace) -> list[str]:
    """A condition as a tree of its parts."""
    return columns(tuple(map(printable, row)) for row in _rows(trace, "└ ", "  "))


def _rows(trace: Trace, branch: str, below: str) -> Iterator[tuple[str, str, str]]:
    later = trace.expanded == LATER
    value = literal(trace.value) if trace.evaluated else "unknown" if later else "not evaluated"
    yield branch + trace.label, value, "" if trace.operator and later else trace.expanded
    parts = trace.children if trace.operator else [child for child in trace.children if not child.simple]
    for number, child in enumerate(parts, 1):
        final = number == len(parts)
        yield from _rows(child, below + ("└ " if final else "├ "), below + ("  " if final else "│ "))


def _not_here(view: PlanView) -> list[str]:
    """The actions that are not fetched yet: what they are can't be told."""
    names = [printable(action.uses) for action in view.actions if action.kind == "remote" and not action.here]
    if not names:
        return []
    return _wrapped("Not fetched yet, so unknown (actlite fetch): ", names, 4, ", ")


def legs_text(job: JobPlan) -> str:
    """The number of legs and the matrix keys with their values: ``×4 os=linux,musl × arch=x64,arm64``; without the
    second sign where not every value goes with every other."""
    if job.broken:
        return "its matrix can't be built"
    if job.legs is None:
        return "matrix known later"
    if not job.legs:
        return "no legs"
    if len(job.legs) == 1 and not job.legs[0].matrix:
        return ""
    values: dict[str, dict[str, None]] = {}
    for leg in job.legs:
        for key, value in leg.matrix.items():
            values.setdefault(key, {})[_short(value)] = None
    whole = all(len(leg.matrix) == len(values) for leg in job.legs)
    product = whole and prod(len(known) for known in values.values()) == len(job.legs)
    crossed = (" × " if product else " ").join(f"{key}={','.join(known)}" for key, known in values.items())
    text = f"×{len(job.legs)} {crossed}"
    return printable(text if len(text) <= LEGS_WIDTH else f"{text[: LEGS_WIDTH - 1]}…")


def _short(value: object) -> str:
    if isinstance(value, list | Mapping):
        return "…"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)


def _problems(found: Iterable[Diagnostic]) -> list[str]:
    """Findings, with the place of those that matter; what is said of several places is said once."""
    groups: dict[tuple[Severity, str], list[Diagnostic]] = {}
    for finding in found:
        groups.setdefault((finding.severity, finding.message), []).append(finding)
    lines: list[str] = []
    for (severity, message), same in groups.items():
        lines += _words(f"    {paint(severity.value, _STYLES[severity])}: ", printable(message), 6)
        if severity is not Severity.NOTE and same[0].span is not None:
            more = f", and in {len(same) - 1} more place{'s' * (len(same) > 2)}" if len(same) > 1 else ""
            lines.append(f"      {same[0].span}{more}")
            if same[0].help:
                lines += _words("      ", printable(same[0].help), 6)
    return lines


def _absent(found: Iterable[Diagnostic]) -> list[str]:
    """The legs that can't run here, those with the same reason together."""
    groups: dict[str, list[str]] = {}
    for finding in found:
        which, _, why = finding.message.partition(" can't run here: ")
        groups.setdefault(why, []).append(which)
    lines: list[str] = []
    for why, legs in groups.items():
        said = f"{printable(listed(legs))} can't run here: {printable(why)}"
        lines += _words(f"{paint('✗', 'red')} ", said, 4)
    return lines


def _room() -> int:
    """How many columns a line may take."""
    return max(WIDTH, shutil.get_terminal_size().columns) if sys.stdout.isatty() else WIDTH


def _words(head: str, text: str, indent: int) -> list[str]:
    """A sentence behind the head, on as many lines as it needs."""
    return _wrapped(head, text.split(" "), indent, " ")


def _wrapped(head: str, parts: Sequence[str], indent: int, between: str = " · ") -> list[str]:
    """The parts behind the head, on as many lines as they need; a part is never broken."""
    parts = [_LONG_ID.sub(r"@\1…", part) for part in parts]
    room = _room()
    lines = [head]
    used = width(_plain(head))
    for number, part in enumerate(parts):
        last = number + 1 == len(parts)
        tail = "" if last else between.rstrip()
        if number and used + width(part) + len(tail) > room:
            lines[-1] = lines[-1].rstrip()
            lines.append(" " * indent)
            used = indent
        lines[-1] += part if last else part + between
        used += width(part) + len(between)
    lines[-1] = lines[-1].rstrip()
    return lines


def _plain(text: str) -> str:
    """The text without its colours."""
    return _COLOUR.sub("", text) if "\x1b" in text else text
