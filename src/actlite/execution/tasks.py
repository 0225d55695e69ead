"""From the steps of a job or composite action to tasks: main parts, pre and post stages (R: ActionRunner.cs,
JobExtension.cs, ExecutionContext.RegisterPostJobStep, Handlers/CompositeActionHandler.cs)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from actlite.engines.base import ProcessSpec
from actlite.errors import CannotRun
from actlite.execution import runner_log
from actlite.execution.action_images import ActionImages
from actlite.execution.handlers.checkout import run_checkout, run_checkout_post
from actlite.execution.handlers.composite import composite_frame, run_inner, set_outputs
from actlite.execution.handlers.docker import run_docker
from actlite.execution.handlers.inputs import action_inputs, warn
from actlite.execution.handlers.node import choose_node, node_folder, run_node, write_header
from actlite.execution.handlers.script import run_script
from actlite.execution.naming import step_name
from actlite.execution.prepared import Home, PreparedAction, Preparer, is_local
from actlite.execution.results import FAILURE
from actlite.execution.state import Frame, JobState
from actlite.execution.steps import StepResult, StepRun, StepTask, base_key
from actlite.workflow.model import (
    CompositeRuns,
    DockerRuns,
    NodeRuns,
    PluginRuns,
    RunStep,
    Step,
    UsesStep,
)


class TaskBuilder:
    """Makes the tasks of one job's steps, at any depth."""

    def __init__(self, state: JobState, preparer: Preparer) -> None:
        self.state = state
        self.preparer = preparer
        self.images = ActionImages(state, preparer)
        self._due: dict[str, PreparedAction] = {}
        """The actions whose post stage is registered, by the key of their step."""
        self._steps: dict[str, dict[str, object]] = {}
        """The steps contexts of composite actions, which their post stages see again."""
        self._staged: dict[tuple[str, str], bool] = {}
        """Which remote composite actions have a pre or post stage, by stage and reference."""

    def mains(self, frame: Frame, steps: tuple[Step, ...]) -> list[StepTask]:
        """The main parts of steps."""
        return [self._main(frame, step) for step in steps]

    def pres(self, frame: Frame, steps: tuple[Step, ...]) -> list[StepTask]:
        """The pre stages of the remote actions among steps, in order. Local actions have none (the runner
        can't read them before the job has checked out)."""
        tasks: list[StepTask] = []
        for step in steps:
            if isinstance(step, UsesStep):
                action = self.preparer.known(step.uses.text, frame.home)
                if action is not None and self._has_pre(action):
                    tasks.append(self._stage(frame, step, action, "pre"))
        return tasks

    def prepare_images(self, actions: Sequence[PreparedAction]) -> list[StepTask]:
        """Tasks that pull or build the images of docker actions before the job's first step."""
        return self.images.tasks(Frame(), actions)

    def _has_pre(self, action: PreparedAction) -> bool:
        runs = action.manifest.runs
        if isinstance(runs, CompositeRuns):
            return self._any("pre", action, runs, self._has_pre)
        if isinstance(runs, PluginRuns) or action.done_here == "service":
            return False
        return bool(runs.pre if isinstance(runs, NodeRuns) else runs.pre_entrypoint)

    def _has_post(self, action: PreparedAction) -> bool:
        """Of a local action within a composite one it isn't known in time, and taken for granted."""
        runs = action.manifest.runs
        if isinstance(runs, CompositeRuns):
            if any(isinstance(step, UsesStep) and is_local(step.uses.text) for step in runs.steps):
                return True
            return self._any("post", action, runs, self._has_post)
        if isinstance(runs, PluginRuns) or action.done_here == "service":
            return False
        return bool(runs.post if isinstance(runs, NodeRuns) else runs.post_entrypoint)

    def _any(
        self, stage: str, action: PreparedAction, runs: CompositeRuns, has: Callable[[PreparedAction], bool]
    ) -> bool:
        """Whether a step of a composite action has the stage; asked once of each remote action, however many use it."""
        key = (stage, action.reference)
        if action.is_local or key not in self._staged:
            self._staged[key] = any(has(inner) for inner in self._known(runs.steps, action.home))
        return self._staged[key]

    def _known(self, steps: tuple[Step, ...], home: Home | None) -> list[PreparedAction]:
        uses = (step.uses.text for step in steps if isinstance(step, UsesStep))
        found = (self.preparer.known(text, home) for text in uses)
        return [action for action in found if action is not None]

    def _main(self, frame: Frame, step: Step) -> StepTask:
        detail = reference = ""
        if isinstance(step, UsesStep):
            known = self.preparer.known(step.uses.text, frame.home)
            detail = known.detail(self.state) if known else step.uses.text
            reference = known.reference if known else ""
        return StepTask(
            key=_key(frame, step),
            name=lambda scope: step_name(step, scope, reference),
            body=run_script if isinstance(step, RunStep) else self._use,
            frame=frame,
            step=step,
            condition=step.if_,
            detail=detail,
            context_id=step.context_id,
        )

    def _stage(
        self, frame: Frame, step: UsesStep, action: PreparedAction, stage: str, name: str = ""
    ) -> StepTask:
        runs = action.manifest.runs
        condition = "always()"
        if isinstance(runs, NodeRuns | DockerRuns):
            condition = runs.pre_if if stage == "pre" else runs.post_if
        title = stage.capitalize()
        return StepTask(
            key=f"{stage}-{_key(frame, step)}",
            name=lambda scope: f"{title} {name or step_name(step, scope, action.reference)}",
            body=lambda run: self._run_stage(run, step, action, stage),
            frame=frame,
            step=step,
            stage=stage,
            condition=condition,
            detail=action.detail(self.state),
            context_id=step.context_id,
        )

    def _use(self, run: StepRun) -> StepResult:
        """The main part of a ``uses:`` step."""
        step = run.task.step
        assert isinstance(step, UsesStep)
        action = self.preparer.prepare(step.uses.text, run.frame.home)
        runs = action.manifest.runs
        if action.is_local and isinstance(runs, CompositeRuns):
            self._prepare_inner(run, runs, action.home)
        return self._run_stage(run, step, action, "main")

    def _prepare_inner(self, run: StepRun, runs: CompositeRuns, home: Home | None) -> None:
        """What a composite action of the workspace uses is only known now (R: ActionRunner.RunAsync)."""
        said = len(self.preparer.lines)
        run.log.write(runner_log.PREPARE_ACTIONS)
        try:
            self.preparer.prepare_steps(runs.steps, home, depth=1)
        finally:
            if any(isinstance(step, UsesStep) and _is_fetched(step.uses.text) for step in runs.steps):
                run.log.write(runner_log.GET_DOWNLOADS)
            run.log.write("".join(f"{line}\n" for line in self.preparer.lines[said:]))

    def _run_stage(self, run: StepRun, step: UsesStep, action: PreparedAction, stage: str) -> StepResult:
        """One stage of an action, whatever its kind (R: ActionRunner.RunAsync)."""
        runs = action.manifest.runs
        if action.is_local and stage == "post":  # it is read again, and must still be there
            again = self.preparer.prepare(step.uses.text)
            if not isinstance(runs, CompositeRuns):
                action, runs = again, again.manifest.runs
        run.runtime["action"] = action.reference
        if action.is_local and self._has_pre(action):
            warn(run, f"`pre` execution is not supported for local action from '{action.reference}'")
        if stage != "post":
            self._register_post(run, step, action)
        run.belong_to(action.repository, action.ref)
        if action.done_here == "checkout":
            return run_checkout(run, action) if stage == "main" else run_checkout_post(run, action)
        if action.done_here == "service":
            return self._service(run, action)
        inputs = action_inputs(run, action)
        if isinstance(runs, NodeRuns):
            script = {"pre": runs.pre, "post": runs.post}.get(stage, runs.main)
            return run_node(run, action, script, inputs)
        if isinstance(runs, DockerRuns):
            return run_docker(run, action, inputs, lambda: self.images.image(run, action, at_use=True))
        write_header(run, action, inputs)
        if isinstance(runs, PluginRuns):
            from actlite.execution.handlers.plugins import run_plugin

            return run_plugin(run, runs.plugin, inputs)
        return self._composite(run, action, runs, inputs)

    def _composite(
        self, run: StepRun, action: PreparedAction, runs: CompositeRuns, inputs: dict[str, str]
    ) -> StepResult:
        """A stage of a composite action: that stage of its steps."""
        frame = composite_frame(run, action, inputs)
        stage = run.task.stage
        if stage != "pre":
            frame.steps = self._steps.setdefault(base_key(run.task), {})
        if stage == "pre":
            tasks = self.pres(frame, runs.steps)
        elif stage == "post":
            tasks = self._inner_posts(frame, runs.steps)
        else:
            images = self.images.of_steps(frame, runs.steps) if action.is_local else []
            tasks = [*images, *self.mains(frame, runs.steps)]
        result = run_inner(run, frame, tasks)
        set_outputs(run, action, frame)
        return result

    def _inner_posts(self, frame: Frame, steps: tuple[Step, ...]) -> list[StepTask]:
        """The post stages that are due, the last step's first."""
        return [
            self._stage(frame, step, self._due[_key(frame, step)], "post")
            for step in reversed(steps)
            if isinstance(step, UsesStep) and _key(frame, step) in self._due
        ]

    def _register_post(self, run: StepRun, step: UsesStep, action: PreparedAction) -> None:
        """Registered when the pre stage or else the main part begins, so that it runs even if that fails or the
        main part is skipped; the job's are run last in, first out (R: ExecutionContext.RegisterPostJobStep)."""
        key = _key(run.frame, step)
        if key in self._due or not self._has_post(action):
            return
        self._due[key] = action
        if run.frame.depth == 0:
            name = step_name(step, run.scope, action.reference)
            run.frame.posts.append(self._stage(run.frame, step, action, "post", name))

    def _service(self, run: StepRun, action: PreparedAction) -> StepResult:
        """An action that needs GitHub's services: its node must start; its work can't be done here yet."""
        runs = action.manifest.runs
        if isinstance(runs, NodeRuns):
            folder = node_folder(run, choose_node(run, runs.using))
            layout = self.state.layout
            status = run.execute(
                ProcessSpec(
                    argv=(f"{layout.externals}/{folder}/bin/node", "--version"),
                    env={},
                    workdir=layout.translate(layout.runner_workspace),
                    real_exec=True,
                )
            )
            if status.code:
                return StepResult(FAILURE, status.code)
        raise CannotRun(
            f"{action.reference} needs a service of GitHub's that this version of actlite does not have",
            why="It was not run: nothing is published and nothing leaves this machine.",
            do=f"Give a replacement with --action {action.reference}=FOLDER, or run the jobs before it with -j.",
        )


def _key(frame: Frame, step: Step) -> str:
    return f"{frame.prefix}{step.key}"


def _is_fetched(uses: str) -> bool:
    return not is_local(uses) and not uses.startswith("docker://")
