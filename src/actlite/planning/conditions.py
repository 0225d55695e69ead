"""Which jobs and steps will run, as far as their conditions tell before the run.

A condition is asked twice: with everything unknown that the run decides, where it may be surely false; and as if
all went well, which is what one expects. Status functions go by all jobs before a job, not only by those that it
needs (actions/runner issue 2205); a job that needs a skipped one is skipped, unless its ``if`` calls one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

from actlite.document.nodes import Scalar
from actlite.document.scalars import primitive_text
from actlite.expressions.condition import condition_source
from actlite.expressions.errors import ExpressionError
from actlite.expressions.explain import Trace
from actlite.expressions.values import to_string
from actlite.planning.known import need_contexts, run_contexts
from actlite.planning.partial import UNKNOWN, PartialRun, evaluate_partly, has_unknown, truth
from actlite.planning.plan import JobPlan, Plan
from actlite.planning.why import listed, reason, tree, unknowns
from actlite.records import frozen, replace
from actlite.workflow.model import ControlStep, Step

Runs = Literal["yes", "no", "depends"]
Result = Literal["success", "skipped", "failure"] | None
"""How a job ends if all goes well; None where that is not known; ``failure`` for a broken one."""


@frozen
class Condition:
    """Whether a job or step will run: ``yes`` if all goes well, ``no`` surely not, ``depends`` on the run."""

    runs: Runs
    reason: str = ""
    """For ``no`` why, for ``depends`` on what, in a few words; '' for ``yes``."""
    trace: Trace | None = None
    """The parts of the condition with their values, where there is one."""
    result: Result = "success"
    """How the job ends if all goes well."""


YES = Condition("yes")


def job_conditions(plan: Plan, caller: Condition = YES) -> dict[str, Condition]:
    """The conditions of a plan's jobs, by job id. ``caller`` is that of the job that calls the workflow."""
    contexts = run_contexts(plan)
    found: dict[str, Condition] = {}
    before: dict[str, dict[str, None]] = {}
    for job in plan.jobs:
        known = [need for need in _ids(job) if need in found]
        before[job.job.id.casefold()] = {
            **dict.fromkeys(known), **{other: None for need in known for other in before[need]}
        }  # fmt: skip
        condition = _job(job, contexts, {n: found[n] for n in before[job.job.id.casefold()]})
        if condition.runs != "no" and condition.result == "success":
            condition = replace(condition, result=_end(job))
        found[job.job.id.casefold()] = condition
    return {job.job.id: _within(caller, found[job.job.id.casefold()]) for job in plan.jobs}


def _within(caller: Condition, condition: Condition) -> Condition:
    """The condition of a job of a called workflow, which holds if the call comes to run."""
    if caller.runs == "no":
        return Condition("no", "the job that calls its workflow does not run", None, "skipped")
    if caller.runs == "depends" and condition.runs == "yes":
        return replace(condition, runs="depends")
    return condition


def step_conditions(steps: Sequence[Step], contexts: Mapping[str, Any]) -> tuple[Condition, ...]:
    """The conditions of a leg's steps. Something can fail before the first of them: a container, an action's
    ``pre``."""
    return tuple(YES if isinstance(step, ControlStep) else _step(step, contexts) for step in steps)


def needs_context(job: JobPlan, conditions: Mapping[str, Condition]) -> dict[str, Any]:
    """The needs context as far as it is known. ``conditions`` are those of the jobs of its workflow."""
    by_id = {id.casefold(): condition for id, condition in conditions.items()}
    return {need: _seen(by_id.get(need.casefold(), YES), well=False) for need in job.needs}


def _end(job: JobPlan) -> Result:
    """How a job ends that runs and does not fail. Of one that calls nothing but jobs that may be skipped it is not
    known: GitHub's documentation does not say."""
    if job.broken:
        return "failure"
    for call in job.calls:
        if call.plan is None or not call.plan.jobs:
            return "success"
        if any(inner.result != "skipped" for inner in job_conditions(call.plan).values()):
            return "success"
    return None if job.calls else "success"


def _ids(job: JobPlan) -> list[str]:
    return [need.casefold() for need in job.needs]


def _seen(condition: Condition, *, well: bool) -> dict[str, Any]:
    skipped = condition.runs == "no" or (well and condition.result == "skipped")
    return need_contexts(skipped, "skipped" if skipped else condition.result if well else None)


def _job(job: JobPlan, contexts: Mapping[str, Any], before: Mapping[str, Condition]) -> Condition:
    if job.legs is not None and not job.legs:
        return Condition("no", "no leg of its matrix is left", None, "skipped")
    surely = {id: "skipped" if c.runs == "no" else None for id, c in before.items()}
    well: dict[str, Result] = {id: "skipped" if c.runs == "no" else c.result for id, c in before.items()}
    text = _text(job.job.if_)

    def seen(expected: bool) -> dict[str, Any]:
        needs = {n: _seen(before[n.casefold()], well=expected) for n in job.needs if n.casefold() in before}
        return {**contexts, "needs": needs}

    verdict = _asked(
        text, (seen(False), _functions(surely, well=False)), (seen(True), _functions(well, well=True))
    )
    if verdict.runs == "no" and verdict.reason == SUCCESS:
        return Condition("no", _skipped_need(job, before), verdict.trace, "skipped")
    if verdict.runs == "depends" and verdict.reason == SUCCESS:
        names = [job_id for job_id, result in well.items() if result != "success"]
        expected = "which may be skipped" if any(well[n] is None for n in names) else "which runs only then"
        if all(well[n] == "failure" for n in names):
            expected = f"and {'its' if len(names) == 1 else 'their'} matrix can't be built"
        direct = [need for need in job.needs if need.casefold() in names]
        said = (
            f"needs {listed(direct)}, {expected}"
            if direct
            else f"a job before it, {listed(names)}, may be skipped"
        )
        return Condition("depends", said, verdict.trace, verdict.result)
    return verdict


def _skipped_need(job: JobPlan, before: Mapping[str, Condition]) -> str:
    direct = [
        need for need in job.needs if need.casefold() in before and before[need.casefold()].runs == "no"
    ]
    if direct:
        return f"needs {listed(direct)}, which {'do' if len(direct) > 1 else 'does'} not run"
    names = [id for id, condition in before.items() if condition.runs == "no"]
    jobs, do = ("jobs", "do") if len(names) > 1 else ("job", "does")
    return f"{jobs} {listed(names)} before it {do} not run, and success() asks all of them"


SUCCESS = "success() is false"
"""The reason of a condition that fails only because jobs before it do not run."""

Asked = tuple[Mapping[str, Any], Mapping[str, Callable[[Sequence[Any]], Any]]]


def _asked(text: str, surely: Asked, well: Asked) -> Condition:
    """The answer to an ``if:``, with what is surely known, and as if all went well."""
    try:
        source = condition_source(text)
        value, run = evaluate_partly(source, *surely)
    except ExpressionError as error:
        return Condition("no", f"its 'if' fails: {error.message}", None, "skipped")
    trace = tree(run) if text else None
    if truth(value) is False:
        return Condition("no", reason(run), trace, "skipped")
    try:
        expected, hoped = evaluate_partly(source, *well)
    except ExpressionError as error:
        return Condition("depends", f"its 'if' may fail: {error.message}", trace, None)
    if truth(expected) is True:
        return Condition("yes", "", trace)
    if truth(expected) is False:
        return Condition("depends", _exception(hoped), trace, "skipped")
    parts = [part for part in unknowns(hoped) if part != "success()"]
    return Condition("depends", f"depends on {listed(parts)}" if parts else SUCCESS, trace, None)


def _exception(run: PartialRun) -> str:
    """When a condition holds that does not if all goes well."""
    said = reason(run)
    if said == SUCCESS:
        return said
    return {
        "failure() is false": "only if something before it fails",
        "cancelled() is false": "only if the run is cancelled",
        "failure() is false; cancelled() is false": "only if something before it fails or the run is cancelled",
    }.get(said, f"not if all goes well: {said}")


def _functions(results: Mapping[str, Any], *, well: bool) -> dict[str, Callable[[Sequence[Any]], Any]]:
    """The status functions of a job, by the results of all jobs before it."""

    def of(arguments: Sequence[Any]) -> Iterable[Any]:
        if any(map(has_unknown, arguments)):
            return [None]
        return [results.get(to_string(a).casefold()) for a in arguments] if arguments else results.values()

    def success(arguments: Sequence[Any]) -> Any:
        found = list(of(arguments))
        if "skipped" in found or "failure" in found:
            return False
        return True if all(one == "success" for one in found) else UNKNOWN

    def failure(arguments: Sequence[Any]) -> Any:
        found = list(of(arguments))
        if "failure" in found:
            return True
        return False if well or all(one == "skipped" for one in found) else UNKNOWN

    return {
        "success": success,
        "failure": failure,
        "cancelled": lambda _: False if well else UNKNOWN,
        "always": lambda _: True,
    }


def _step(step: Step, contexts: Mapping[str, Any]) -> Condition:
    if step.if_ is None:
        return YES
    surely = _functions({"": None}, well=False)
    return _asked(_text(step.if_), (contexts, surely), (contexts, _functions({}, well=True)))


def _text(if_: Scalar | None) -> str:
    return primitive_text(if_.value) if if_ is not None else ""
