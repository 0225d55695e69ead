"""JavaScript actions (R: Handlers/NodeScriptActionHandler.cs, HandlerFactory.cs, StepHost.cs)."""

from __future__ import annotations

from collections.abc import Mapping

from actlite.engines.base import ProcessSpec
from actlite.errors import UsageError
from actlite.events import Notice
from actlite.execution import runner_log
from actlite.execution.command_effects import yes
from actlite.execution.environment import process_env
from actlite.execution.handlers.script import prepends
from actlite.execution.prepared import PreparedAction
from actlite.execution.results import FAILURE, SUCCESS
from actlite.execution.state import JobState
from actlite.execution.steps import StepResult, StepRun
from actlite.runtimes.choice import Choice
from actlite.workflow.model import NodeRuns

NO_MAGLEV = "ACTIONS_RUNNER_DISABLE_NODE_MAGLEV"
"""The variable that switches a compiler of node 24 off."""
ALPINE_CHECK = "cat /etc/*release | grep ^ID"


def run_node(
    run: StepRun,
    action: PreparedAction,
    script: str,
    inputs: dict[str, str],
    extra: Mapping[str, str] | None = None,
) -> StepResult:
    """Run one stage's script of a JavaScript action with the runner's own node. ``extra``: variables of
    actlite's own, which the log doesn't list."""
    state = run.state
    runs = action.manifest.runs
    assert isinstance(runs, NodeRuns)
    choice = choose_node(run, runs.using)
    write_header(run, action, inputs)
    if not (action.folder / script).is_file():
        raise UsageError(f"File not found: '{state.layout.runner_path(action.folder)}/{script}'")
    folder = node_folder(run, choice)
    env = process_env(
        state,
        run.github,
        run.env,
        run.files.env_vars(state.layout.sandbox_path(state.layout.files)),
        states=run.effects.state,
        inputs=inputs,
    )
    env.pop("NODE_ICU_DATA", None)
    layout = state.layout
    status = run.execute(
        ProcessSpec(
            argv=(
                f"{layout.externals}/{folder}/bin/node",
                *_options(run, folder),
                layout.sandbox_path(action.folder / script),
            ),
            env={**layout.translate_env(env), **(extra or {})},
            workdir=layout.translate(layout.runner_workspace),
            path_prepends=prepends(state),
            real_exec=True,
        )
    )
    ok = status.code == 0 and not status.timed_out
    return StepResult(SUCCESS if ok else FAILURE, status.code)


def _options(run: StepRun, folder: str) -> tuple[str, ...]:
    """What node is told before the script."""
    if folder.startswith("node24") and yes(run.env.get(NO_MAGLEV)):
        return ("--no-maglev",)
    return ()


def choose_node(run: StepRun, using: str) -> Choice:
    """The runtime that the runner takes, by its era and the step's variables. Raises UnsupportedUsing."""
    job_env = {k: v for k, v in run.env.items() if k not in run.step_env}
    choice = run.state.services.runner.choose(using, run.env, job_env={**job_env, **run.state.env})
    for warning in choice.warnings:
        run.log.write(f"##[warning]{warning}\n")
        run.effects.annotate_warning(warning)
    _note_migration(run, choice)
    return choice


def _note_migration(run: StepRun, choice: Choice) -> None:
    """What the runner says of an action for node 20 or older (R: HandlerFactory.cs)."""
    if choice.declared not in ("node12", "node16", "node20"):
        return
    state, runner = run.state, run.state.services.runner
    state.old_nodes[str(run.runtime.get("action", ""))] = choice.runtime
    optional = runner.flag("actions.runner.usenode24bydefault") and not runner.flag(
        "actions.runner.requirenode24"
    )
    if choice.runtime == "node24" and optional:
        run.log.write(runner_log.NODE24_NOTE)


def migration_warnings(state: JobState) -> list[str]:
    """What the runner warns of when the job is complete (R: JobExtension.FinalizeJob)."""
    runner, found = state.services.runner, []
    on20 = [name for name, node in state.old_nodes.items() if node == "node20" and name]
    on24 = [name for name, node in state.old_nodes.items() if node == "node24" and name]
    if on20 and runner.date >= runner_log.NODE20_WARNING_SINCE:
        found.append(runner_log.node20_warning(on20))
    if on24 and runner_log.has(runner.release, runner_log.NODE24_WARNING_SINCE):
        found.append(runner_log.node24_warning(on24))
    return found


def node_folder(run: StepRun, choice: Choice) -> str:
    """The folder of the runtime below externals: the Alpine build where the container counts as Alpine.
    The build is put there when it isn't yet."""
    state = run.state
    folder = f"{choice.runtime}_alpine" if is_alpine(run) else choice.runtime
    run.wait_for(
        f"{folder} was being fetched",
        lambda: state.services.nodes.externals(state.services.runner, [folder], arch=state.arch),
    )
    note = state.services.nodes.note(folder)
    if note and folder not in state.noted_runtimes:
        state.noted_runtimes.add(folder)
        state.emit(Notice(state.services.clock(), "note", note, state.leg.key))
    run.runtime |= {"choice": choice, "program": f"{state.layout.externals}/{folder}/bin/node"}
    return folder


def is_alpine(run: StepRun) -> bool:
    """The runner's own check, made in the container before every JavaScript stage."""
    state = run.state
    if not state.layout.in_container:
        return False
    run.log.write(f'##[command]/usr/bin/docker exec  {state.running.id} sh -c "{ALPINE_CHECK}"\n')
    pieces: list[bytes] = []
    status = state.running.run(
        ProcessSpec(argv=("sh", "-c", ALPINE_CHECK), env={}, workdir="/"), pieces.append
    )
    alpine = status.code == 0 and "alpine" in b"".join(pieces).decode(errors="replace").lower()
    if alpine and state.arch != "x64":
        raise UsageError(
            "JavaScript Actions in Alpine containers are only supported on x64 Linux runners. Detected Linux "
            + {"arm64": "Arm64"}.get(state.arch, state.arch)
        )
    return alpine


def write_header(run: StepRun, action: PreparedAction, inputs: dict[str, str]) -> None:
    """What the runner writes before an action's stage: a group, or one line before a post stage."""
    if run.task.stage == "post":
        run.log.write(runner_log.POST)
        return
    states = {f"STATE_{name}": value for name, value in run.effects.state.items()}
    run.log.write(runner_log.action(action.reference, inputs, {**run.env, **states}))
