"""What ``actlite run`` does, read from top to bottom: select, check, engine, run, report."""

from __future__ import annotations

import datetime
import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from actlite.checking.runners import HOST, Place, leg_place, unrunnable
from actlite.checking.services import service_findings
from actlite.cli.ends import hide, say
from actlite.cli.options import RunOptions
from actlite.cli.reporters import reporters
from actlite.cli.select_workflows import Selected, refuse_invalid, select_workflows
from actlite.cli.session import Session, cache_folder, now, owner_of
from actlite.contexts.github import run_fields
from actlite.contexts.runner import step_debug
from actlite.diagnostics import Severity
from actlite.engines.base import Engine, Pull
from actlite.engines.select import select as select_engine
from actlite.errors import CannotRun, Interrupted, InvalidWorkflow, NothingSelected
from actlite.events import Emit
from actlite.execution.concurrency import Queues, setting
from actlite.execution.scheduler import RunOutcome
from actlite.execution.state import Services, Settings
from actlite.expressions.errors import ExpressionError
from actlite.expressions.template import Scope
from actlite.journal.groups import Groups, groups_of
from actlite.journal.runs import RunFolder, RunStore
from actlite.planning.plan import JobPlan, Leg, Plan
from actlite.runtimes.eras import Runner, runner_at
from actlite.runtimes.store import NodeStore
from actlite.workflow import unsupported

if TYPE_CHECKING:
    from actlite.actions.store import ActionStore

EXIT = {"success": 0, "failure": 1, "cancelled": 1, "incomplete": 4}


def execute(options: RunOptions) -> int:
    """Run what the options select, and give the exit code: 1 also where all is green and a product is not for the
    target. Raises ActliteError for what keeps it from running."""
    for value in options.secrets.values():
        hide(value)
    runner = _runner(options)
    if options.target:
        from actlite.glibc.target import read_target

        read_target(options.target)
    actions = _action_store(options)
    selected = select_workflows(
        options.selection,
        variables=options.variables,
        committed=options.committed,
        fetch=lambda action: actions().get(action),
    )
    if not selected.plans:
        what, _, why = selected.why_nothing.partition("\n")
        raise NothingSelected(what, why=why)
    _refuse_unsupported(selected.plans)
    _refuse_unknown(selected.plans)
    _refuse_groups(selected.plans, options.variables)
    with_host = _all_on_host(selected.plans, options)
    engine = select_engine("host" if with_host else options.engine)
    try:
        host = engine.name == "host"
        _refuse_absent(selected.plans, options, host=host)
        findings = (f for p in selected.plans for f in service_findings(p, options.actions))
        for finding in dict.fromkeys(findings):
            say(finding.render())
        console = reporters(options, selected.root)
        session = Session(
            RunStore.beside(options.selection.directory), engine, console, say, kept_runs=options.kept_runs
        )
        session.begin()
        try:
            outcomes = _run_all(session, selected, options, engine, runner, actions)
        finally:
            console.close()
            session.end()
    finally:
        engine.close()
    return _exit_code(outcomes, session, options)


def _run_all(
    session: Session,
    selected: Selected,
    options: RunOptions,
    engine: Engine,
    runner: Runner,
    actions: Callable[[], ActionStore],
) -> list[RunOutcome]:
    outcomes: list[RunOutcome] = []
    for plan in selected.plans:
        if session.interrupted:
            break

        def services(folder: RunFolder, emit: Emit) -> Services:
            return _services(options, selected, engine, runner, folder, emit, actions)

        def where(plan: Plan, job: JobPlan, leg: Leg, needs: Mapping[str, object]) -> Place:
            return leg_place(
                plan,
                job,
                leg,
                options.platforms,
                options.variables,
                engine_is_host=engine.name == HOST,
                needs=needs,
            )

        outcomes.append(session.run(plan, services, where, selected.source))
    return outcomes


def _exit_code(outcomes: Sequence[RunOutcome], session: Session, options: RunOptions) -> int:
    if session.interrupted:
        raise Interrupted("Interrupted.")
    codes = [4 if o.unable else EXIT[o.conclusion] for o in outcomes]
    if options.only_runnable:
        codes = [0 if o.conclusion == "incomplete" else c for o, c in zip(outcomes, codes, strict=True)]
    codes += [1 for o in outcomes if o.refused]
    return next((c for c in (1, 4) if c in codes), 0)


def _runner(options: RunOptions) -> Runner:
    date = datetime.date.fromisoformat(options.as_of) if options.as_of else datetime.date.today()
    return runner_at(date, options.runner_flags)


def _refuse_unsupported(plans: Sequence[Plan]) -> None:
    """What GitHub refuses or this version can't run is said before anything starts. Raises InvalidWorkflow and
    CannotRun."""
    found = [d for plan in plans for d in plan.warnings]
    for inner, job in (each for plan in plans for each in plan.every_job()):
        found += [*inner.warnings, *job.problems]
    found = list(dict.fromkeys(found))  # a workflow may be called many times
    refuse_invalid(tuple(d for d in found if d.severity is Severity.ERROR and d.code != unsupported.CODE))
    for diagnostic in found:
        say(diagnostic.render())
    for note in dict.fromkeys(note for plan in plans for note in plan.trigger.notes):
        say(f"note: {note}")
    if any(d.severity is Severity.ERROR for d in found):
        raise CannotRun(
            "The workflow needs what this version of actlite can't do.",
            do="Run the other jobs with -j JOB.",
        )


def _refuse_unknown(plans: Sequence[Plan]) -> None:
    """GitHub starts nothing of a workflow that calls one which it can't find. Raises CannotRun."""
    for plan in plans:
        for _, job in plan.every_job():
            unknown = next((call.unknown for call in job.calls if call.plan is None and call.unknown), "")
            if unknown:
                if "/" not in unknown.partition(" ")[0]:  # else it begins with the name of a repository
                    unknown = f"{unknown[0].upper()}{unknown[1:]}"
                raise CannotRun(
                    f"Job '{job.id}' calls {job.calls[0].reference.text}, which can't be had; nothing was started.",
                    why=f"{unknown}.",
                    do="With a copy on this machine: --action OWNER/REPO@REF=DIR",
                )


def _refuse_groups(plans: Sequence[Plan], variables: Mapping[str, str]) -> None:
    """A workflow whose ``concurrency`` can't be evaluated does not start on GitHub. Raises InvalidWorkflow."""
    for plan in plans:
        github = {**plan.trigger.github, **run_fields(plan.trigger.github, "0")}
        contexts = {"github": github, "inputs": plan.trigger.inputs, "vars": variables}
        try:
            setting(plan.workflow.concurrency, Scope(contexts))
        except ExpressionError as error:
            raise InvalidWorkflow("The workflow is not valid.", [], why=error.message) from error


def _all_on_host(plans: Sequence[Plan], options: RunOptions) -> bool:
    """Whether no job needs containers, so that no daemon need be asked."""
    if options.engine != "auto":
        return False
    return all(
        job.job.container is None
        and job.job.services is None
        and job.legs is not None
        and all(
            leg_place(inner, job, leg, options.platforms, options.variables, engine_is_host=False).where
            == HOST
            for leg in (job.legs if job.job.uses is None else ())
        )
        for plan in plans
        for inner, job in plan.every_job()
    )


def _refuse_absent(plans: Sequence[Plan], options: RunOptions, *, host: bool) -> None:
    """The legs that can't run here, said before anything starts. Raises CannotRun unless the user wants the rest."""
    found = [
        absent
        for plan in plans
        for absent in unrunnable(plan, options.platforms, options.variables, engine_is_host=host)
    ]
    for absent in found:
        say(absent.finding.render())
    legs = sum(len(absent.legs) for absent in found)
    if found and not options.only_runnable:
        raise CannotRun(
            f"{legs} job{'s' * (legs != 1)} can't run here; nothing was started.",
            do="--only-runnable runs the others; -P LABEL=IMAGE gives an image for a label.",
        )


def _services(
    options: RunOptions,
    selected: Selected,
    engine: Engine,
    runner: Runner,
    folder: RunFolder,
    emit: Emit,
    actions: Callable[[], ActionStore],
) -> Services:
    cache = cache_folder()

    @functools.cache
    def groups() -> Groups:
        return groups_of(selected.repository, selected.root, cache)

    return Services(
        engine=engine,
        actions=actions,
        nodes=NodeStore(
            cache / "runtimes",
            user_folder=options.node_folder,
            offline=options.offline,
            mirror=options.node_mirror or None,
        ),
        runner=runner,
        emit=emit,
        clock=now,
        folder=_real(folder.path),
        owner=owner_of(folder),
        repository=selected.repository,
        settings=Settings(
            images=options.images,
            platforms=options.platforms,
            pull=Pull(options.pull),
            secrets=options.secrets,
            vars=options.variables,
            env=options.env,
            docker_socket=options.docker_socket,
            keep_failed=options.keep == "failed",
            committed=options.committed,
            offline=options.offline,
            debug=step_debug(options.secrets, options.variables),
            target=options.target,
        ),
        cache=cache,
        queues=Queues(groups, f"run {folder.id} of {selected.root}"),
    )


def _action_store(options: RunOptions) -> Callable[[], ActionStore]:
    """Gives the store of actions and called workflows, which few runs need at once: one for all of them."""

    @functools.cache
    def store() -> ActionStore:
        from actlite.actions.store import ActionStore

        return ActionStore(
            cache_folder() / "actions",
            overrides=options.actions,
            offline=options.offline,
            server=options.github_url,
            token=None,
        )

    return store


def _real(path: Path) -> Path:
    return path.resolve()
