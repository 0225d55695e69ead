"""From the steps of a job or composite action to tasks: main parts, pre and post stages (R: ActionRunner.cs,
JobExtension.cs, ExecutionContext.RegisterPostJobStep)."""

from __future__ import annotations

from functools import partial

from actlite.engines.base import ProcessSpec
from actlite.errors import CannotRun, UsageError
from actlite.execution.handlers.checkout import run_checkout, run_checkout_post
from actlite.execution.handlers.composite import run_composite
from actlite.execution.handlers.docker import image_of, run_docker
from actlite.execution.handlers.inputs import action_inputs
from actlite.execution.handlers.node import choose_node, node_folder, run_node
from actlite.execution.handlers.script import run_script
from actlite.execution.prepared import PreparedAction, Preparer
from actlite.execution.results import FAILURE, SUCCESS
from actlite.execution.state import Frame, JobState
from actlite.execution.steps import StepResult, StepRun, StepTask, run_task
from actlite.expressions.template import Scope, evaluate_string
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
        self._images: dict[str, str] = {}

    def mains(self, frame: Frame, steps: tuple[Step, ...]) -> list[StepTask]:
        """The main parts of steps."""
        return [self._main(frame, step) for step in steps]

    def pres(self, frame: Frame, steps: tuple[Step, ...]) -> list[StepTask]:
        """The pre stages of the remote actions among steps, in order. Local actions have none (the runner
        can't read them before the job has checked out)."""
        tasks: list[StepTask] = []
        for step in steps:
            if not isinstance(step, UsesStep):
                continue
            action = self.preparer.known(step.uses.text)
            runs = action.manifest.runs if action else None
            if action is None or isinstance(runs, CompositeRuns | PluginRuns | None):
                continue
            has_pre = runs.pre if isinstance(runs, NodeRuns) else runs.pre_entrypoint
            if has_pre:
                tasks.append(self._stage(frame, step, action, "pre"))
        return tasks

    def prepare_images(self, actions: list[PreparedAction]) -> list[StepTask]:
        """Tasks that pull or build the images of docker actions before the job's first step."""
        tasks: list[StepTask] = []
        for action in actions:
            runs = action.manifest.runs
            if not isinstance(runs, DockerRuns) or action.reference in self._images:
                continue
            self._images[action.reference] = ""
            pulls = runs.image.lower().startswith("docker://")
            what = runs.image.removeprefix("docker://") if pulls else action.reference
            tasks.append(
                StepTask(
                    key=f"image-{len(tasks) + 1}",
                    name=f"{'Pull' if pulls else 'Build'} {what}",
                    body=partial(self._image_task, action),
                    frame=Frame(),
                    stage="setup",
                )
            )
        return tasks

    def _image_task(self, action: PreparedAction, run: StepRun) -> StepResult:
        self._images[action.reference] = image_of(self.state, action, run.log.feed)
        return StepResult(SUCCESS)

    def _main(self, frame: Frame, step: Step) -> StepTask:
        detail = ""
        if isinstance(step, UsesStep):
            known = self.preparer.known(step.uses.text)
            detail = known.detail(self.state) if known else step.uses.text
        return StepTask(
            key=f"{frame.prefix}{step.number}",
            name=lambda scope: step_name(step, scope),
            body=run_script if isinstance(step, RunStep) else self._use,
            frame=frame,
            step=step,
            condition=step.if_,
            detail=detail,
            context_id=step.context_id,
        )

    def _stage(self, frame: Frame, step: UsesStep, action: PreparedAction, stage: str) -> StepTask:
        runs = action.manifest.runs
        assert isinstance(runs, NodeRuns | DockerRuns)
        title = stage.capitalize()
        return StepTask(
            key=f"{stage}-{frame.prefix}{step.number}",
            name=lambda scope: f"{title} {step_name(step, scope)}",
            body=lambda run: self._run_stage(run, action, stage),
            frame=frame,
            step=step,
            stage=stage,
            condition=runs.pre_if if stage == "pre" else runs.post_if,
            detail=action.detail(self.state),
            context_id=step.context_id,
        )

    def _use(self, run: StepRun) -> StepResult:
        """The main part of a ``uses:`` step."""
        step = run.task.step
        assert isinstance(step, UsesStep)
        uses = evaluate_string(step.uses, run.scope)
        action = self.preparer.prepare(uses)
        run.runtime["action"] = uses
        runs = action.manifest.runs
        self._register_post(run, step, action)
        if action.done_here == "checkout":
            return run_checkout(run, action)
        if action.done_here == "service":
            return self._service(run, action)
        if isinstance(runs, CompositeRuns):
            return self._composite(run, step, action)
        return self._run_stage(run, action, "main")

    def _run_stage(self, run: StepRun, action: PreparedAction, stage: str) -> StepResult:
        runs = action.manifest.runs
        run.runtime["action"] = action.reference
        if action.done_here == "checkout":
            return run_checkout_post(run, action)
        inputs = action_inputs(run, action, warn=stage == "main")
        if isinstance(runs, NodeRuns):
            if stage == "main" and runs.pre and action.reference.startswith("./"):
                message = f"`pre` execution is not supported for local action from '{action.reference}'"
                run.log.write(f"##[warning]{message}\n")
                run.effects.annotate_warning(message)
            script = {"pre": runs.pre, "post": runs.post}.get(stage, runs.main)
            return run_node(run, action, script, inputs)
        if isinstance(runs, DockerRuns):
            image = self._images.get(action.reference) or image_of(self.state, action, run.log.feed)
            self._images[action.reference] = image
            return run_docker(run, action, inputs, image)
        raise UsageError(f"{action.reference} has no {stage} stage")

    def _register_post(self, run: StepRun, step: UsesStep, action: PreparedAction) -> None:
        """Registered when the main part begins, so that it runs even if that fails; last in, first out."""
        runs = action.manifest.runs
        if isinstance(runs, NodeRuns):
            wanted = bool(runs.post)
        elif isinstance(runs, DockerRuns):
            wanted = bool(runs.post_entrypoint)
        else:
            return
        if wanted and action.done_here != "service":
            run.frame.posts.append(self._stage(run.frame, step, action, "post"))

    def _composite(self, run: StepRun, step: UsesStep, action: PreparedAction) -> StepResult:
        """A composite action; the posts of its steps run within a post step of its own."""
        outer = run.frame.posts
        place = len(outer)

        def build(frame: Frame, runs: CompositeRuns) -> list[StepTask]:
            return self.mains(frame, runs.steps)

        try:
            return run_composite(run, action, build)
        finally:
            inner = run.composite
            if inner is not None and inner.posts:
                outer.insert(place, self._composite_post(run.frame, step, action, inner))

    def _composite_post(self, frame: Frame, step: UsesStep, action: PreparedAction, inner: Frame) -> StepTask:
        def body(run: StepRun) -> StepResult:
            outcome = SUCCESS
            while inner.posts:
                if run_task(self.state, inner.posts.pop()) == FAILURE:
                    outcome = FAILURE
            return StepResult(outcome)

        return StepTask(
            key=f"post-{frame.prefix}{step.number}",
            name=lambda scope: f"Post {step_name(step, scope)}",
            body=body,
            frame=frame,
            step=step,
            stage="post",
            condition="always()",
            detail=action.reference,
            context_id=step.context_id,
        )

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


def step_name(step: Step, scope: Scope) -> str:
    """A step's display name: its own, or ``Run`` and the first line of what it does."""
    if step.name is not None:
        name = evaluate_string(step.name, scope)
        if name:
            return name
    if isinstance(step, RunStep):
        text = evaluate_string(step.run, scope).strip()
        return f"Run {text.splitlines()[0] if text else ''}"
    if isinstance(step, UsesStep):
        return f"Run {step.uses.text}"
    return f"Step {step.number}"
