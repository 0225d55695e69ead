"""Which node a runner takes for an action: declared, mapped by the era's rules, or forced by a variable.

Sources: actions/runner, Handlers/HandlerFactory.cs and Common/Util/NodeUtil.cs at each release, and
Handlers/NodeScriptActionHandler.cs for ACTIONS_RUNNER_FORCE_ACTIONS_NODE_VERSION.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence

from actlite.errors import UsageError
from actlite.records import frozen
from actlite.runtimes.eras import Flag, NodeRule, Runner, is_true

FORCED_NODE = "ACTIONS_RUNNER_FORCE_ACTIONS_NODE_VERSION"
"""Read from the runner's own environment only, so no workflow could ever set it on a hosted runner."""
UNSECURE_NODE = "ACTIONS_ALLOW_USE_UNSECURE_NODE_VERSION"
"""The variable that keeps an older node, where a release still has it."""
STEP_ENV_SINCE = (2, 328)
"""From this release on the step's own ``env:`` counts; before, only the job's."""


class UnsupportedUsing(UsageError):
    """The runner of that date does not know this ``using:``; ``what`` is in that runner's words."""


@frozen
class Choice:
    """The runtime of one action's step, and why."""

    declared: str
    """What the action declares, in lower case."""
    runtime: str
    """``node24`` and the like; empty for docker and composite actions. Without ``_alpine``: that depends on the image."""
    version: str = ""
    """The node build's version, such as ``20.20.2``; empty where there is no runtime."""
    reasons: tuple[str, ...] = ()
    """Why that runtime, in order, each a short clause."""
    warnings: tuple[str, ...] = ()
    """What the runner itself would warn of."""
    since: datetime.date | None = None
    """Since when the runner takes that runtime instead of the declared one."""

    @property
    def detail(self) -> str:
        """``node12 → node24``, or ``node20`` where nothing is mapped."""
        return self.declared if self.runtime in ("", self.declared) else f"{self.declared} → {self.runtime}"


@frozen
class _Lookup:
    """Where variables are read from, in the way of a release."""

    runner: Runner
    step: Mapping[str, str]
    process: Mapping[str, str]
    job: Mapping[str, str]

    @property
    def by_step(self) -> bool:
        return tuple(int(n) for n in self.runner.release.split(".")) >= STEP_ENV_SINCE

    def on(self, name: str) -> bool:
        """The workflow's value wins over the process's. An empty one counts as given only in the newer releases."""
        value = (self.step if self.by_step else self.job).get(name)
        if value is None or (not self.by_step and not value.strip()):
            value = self.process.get(name)
        return is_true(value)

    def both(self, one: str, two: str) -> str:
        """``workflow`` or ``system`` where both variables are true and stand in the same place, else empty."""
        if not (self.by_step and self.on(one) and self.on(two)):
            return ""
        if one in self.step and two in self.step:
            return "workflow"
        return "system" if self.process.get(one) and self.process.get(two) else ""


def choose(
    runner: Runner,
    using: str,
    env: Mapping[str, str],
    process_env: Mapping[str, str],
    job_env: Mapping[str, str],
) -> Choice:
    """The work of :meth:`actlite.runtimes.eras.Runner.choose`. Raises UnsupportedUsing."""
    declared = using.lower()
    if declared not in runner.accepted:
        raise _unsupported(runner, using)
    if not declared.startswith("node"):
        return Choice(declared, "")
    look = _Lookup(runner, env, process_env, job_env)
    runtime, since = declared, None
    reasons: list[str] = []
    warnings: list[str] = []
    for rule in runner.rules:
        if runtime not in rule.sources:
            continue
        verdict = _apply(rule, look, runtime)
        reasons += [verdict.why] if verdict.why else []
        warnings += [verdict.warning] if verdict.warning else []
        if verdict.applies:
            runtime = rule.target
            began = _since(rule, runner)
            since = None if verdict.by_variable else max(since or began, began)
    forced = process_env.get(FORCED_NODE, "")
    if forced in runner.forced_values and forced != runtime:
        reasons.append(f"{FORCED_NODE}={forced} in the runner's environment forces {forced}")
        runtime, since = forced, None
    if since is not None:
        doubt = _seen(_deciding(runner, runtime))
        reasons.append(f"the runner uses {runtime} instead of {declared} since {since}{doubt}")
    if runtime != declared and look.on(UNSECURE_NODE) and not any(UNSECURE_NODE in why for why in reasons):
        reasons.append(f"{UNSECURE_NODE} is true but has no effect in runner {runner.release}")
    return Choice(
        declared,
        runtime,
        runner.nodes.get(runtime, ""),
        (f"declares {declared}", *reasons),
        tuple(warnings),
        since,
    )


@frozen
class _Verdict:
    """Whether a rule holds, and a variable's part in that."""

    applies: bool
    why: str = ""
    by_variable: bool = False
    warning: str = ""


def _apply(rule: NodeRule, look: _Lookup, runtime: str) -> _Verdict:
    runner = look.runner
    if not rule.flag:
        return _Verdict(True)
    out, into = look.on(rule.opt_out), bool(rule.opt_in) and look.on(rule.opt_in)
    if rule.required and runner.flag(rule.required):
        flag = runner.flags[rule.required.lower()]
        ignored = f"{rule.opt_out} is true but has no effect since {flag.since}{_seen(flag)}"
        return _Verdict(True, ignored if out else "")
    default = runner.flag(rule.flag)
    if place := look.both(rule.opt_in, rule.opt_out):
        target = rule.target if default else runtime
        return _Verdict(
            default,
            warning=f"Both {rule.opt_in} and {rule.opt_out} environment variables are set to true in the {place} "
            f"environment. This is likely a configuration error. Using the default Node version: {target}.",
        )
    if default:
        return _Verdict(False, f"{rule.opt_out} is true, so {runtime} is kept") if out else _Verdict(True)
    if into and (look.by_step or not out):
        return _Verdict(True, f"{rule.opt_in} is true, so {rule.target} is used", by_variable=True)
    return _Verdict(False)


def _since(rule: NodeRule, runner: Runner) -> datetime.date:
    """When a rule began to hold on hosted runners: with its release, or later with its flag."""
    days = [
        runner.flags[name.lower()].since for name in (rule.flag, rule.required) if name and runner.flag(name)
    ]
    return max(rule.since, min(days)) if days else rule.since


def _seen(flag: Flag | None) -> str:
    """`` (announced)`` where a flag was announced but never seen at work, `` (given)`` where the user set it."""
    return f" ({flag.confidence})" if flag is not None and flag.confidence != "observed" else ""


def _deciding(runner: Runner, runtime: str) -> Flag | None:
    """The flag that made a runtime the default, where one did."""
    rule = next((r for r in reversed(runner.rules) if r.target == runtime), None)
    names = (rule.flag, rule.required) if rule else ()
    on = [runner.flags[name.lower()] for name in names if name and runner.flag(name)]
    return min(on, key=lambda flag: flag.since, default=None)


def _unsupported(runner: Runner, using: str) -> UnsupportedUsing:
    do = f"The runner of {runner.date} is release {runner.release}. Use another ref of the action, or another --as-of date."
    if not using:
        names = _or(runner.accepted)
        return UnsupportedUsing(f"Missing 'using' value. 'using' requires {names}.", do=do)
    names = _or([name for name in runner.accepted if name != "composite"])
    return UnsupportedUsing(f"'using: {using}' is not supported, use {names} instead.", do=do)


def _or(names: Sequence[str]) -> str:
    quoted = [f"'{name}'" for name in names]
    return " or ".join([", ".join(quoted[:-1]), quoted[-1]]) if len(quoted) > 1 else quoted[0]
