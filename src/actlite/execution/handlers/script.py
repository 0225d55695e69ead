"""``run:`` steps (R: Handlers/ScriptHandler.cs)."""

from __future__ import annotations

import posixpath
import uuid

from actlite.engines.base import ExitStatus, ProcessSpec
from actlite.execution import runner_log
from actlite.execution.environment import as_c_string, process_env
from actlite.execution.results import FAILURE, SUCCESS
from actlite.execution.shells import Shell, ShellError, resolve_shell, split_arguments
from actlite.execution.state import JobState
from actlite.execution.steps import StepResult, StepRun
from actlite.expressions.template import evaluate_string
from actlite.workflow.model import RunStep


def run_script(run: StepRun) -> StepResult:
    """Write the script, run it in its shell, and say how it ended."""
    state, step = run.state, run.task.step
    assert isinstance(step, RunStep)
    run.belong_to("", "")
    script = evaluate_string(step.run, run.scope)
    wanted = _wanted_shell(run, step)
    workdir = _workdir(run, step)
    shell = _shell(run, wanted, script)
    run.runtime["workdir"] = workdir
    path = state.layout.temp / f"{uuid.uuid4()}{shell.extension}"
    path.write_bytes(shell.script(script).encode(errors="replace"))
    path.chmod(0o644)
    env = process_env(
        state,
        run.github,
        run.env,
        run.files.env_vars(state.layout.sandbox_path(state.layout.files)),
    )
    folder = state.layout.translate(workdir)
    if state.layout.in_container:
        # R: ContainerStepHost.ExecuteAsync puts the folder unquoted on docker's command line
        folder, *rest = split_arguments(folder)
        if rest:
            run.log.write(f"Error response from daemon: No such container: {rest[0]}\n")
            return finish_script(run, ExitStatus(1))
    status = run.execute(
        ProcessSpec(
            argv=shell.argv(state.layout.sandbox_path(path)),
            env=state.layout.translate_env(env),
            workdir=folder,
            path_prepends=prepends(state),
        )
    )
    return finish_script(run, status)


def finish_script(run: StepRun, status: ExitStatus) -> StepResult:
    """The result of a script's exit code, with the runner's line about it."""
    if status.code == 0 and not status.timed_out:
        return StepResult(SUCCESS, 0)
    if not status.timed_out and not run.killed:
        message = runner_log.exit_code(status.code)
        run.log.write(f"##[error]{message}\n")
        run.effects.annotate_error(message)
    return StepResult(FAILURE, status.code)


def prepends(state: JobState) -> tuple[str, ...]:
    """The folders that steps put before PATH: the last one given comes first."""
    return tuple(as_c_string(state.layout.translate(p)) for p in reversed(tuple(state.paths)))


def _wanted_shell(run: StepRun, step: RunStep) -> str:
    """step > job defaults > workflow defaults; the defaults don't reach into composite actions."""
    wanted = evaluate_string(step.shell, run.scope) if step.shell is not None else ""
    return wanted or (run.state.defaults.get("shell", "") if run.frame.depth == 0 else "")


def _shell(run: StepRun, wanted: str, script: str) -> Shell:
    """The shell, with the header written. Raises ShellError: after an unfinished header where the host lacks the
    program, after a whole one where the shell is no shell."""
    state, head = run.state, runner_log.script(script)
    try:
        shell = resolve_shell(
            wanted or None,
            in_container=state.layout.in_container,
            which=lambda name: find_program(state, name),
        )
    except ShellError:
        run.log.write(head)
        raise
    run.log.write(head + runner_log.script_end(shell.display, run.env))
    shell.check()
    return shell


def _workdir(run: StepRun, step: RunStep) -> str:
    state = run.state
    wanted = ""
    if step.working_directory is not None:
        wanted = evaluate_string(step.working_directory, run.scope)
    elif run.frame.depth == 0:
        wanted = state.defaults.get("working-directory", "")
    return posixpath.normpath(posixpath.join(state.layout.runner_workspace, as_c_string(wanted)))


def find_program(state: JobState, name: str) -> str | None:
    """The full path of a program on the sandbox's PATH; asked once, until it is found or PATH has changed."""
    known, key = state.programs, (name, *state.paths)
    if known.get(key) is None:
        pieces: list[bytes] = []
        status = state.running.run(
            ProcessSpec(
                argv=("sh", "-c", 'command -v "$1"', "sh", name),
                env={},
                workdir="/",
                path_prepends=prepends(state),
            ),
            pieces.append,
        )
        found = b"".join(pieces).decode(errors="replace").strip()
        known[key] = found if status.code == 0 and found.startswith("/") else None
    return known[key]
