"""From the steps of a job or composite action to tasks: main parts, pre and post stages (R: ActionRunner.cs,
JobExtension.cs, ExecutionContext.RegisterPostJobStep)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from actlite.document.nodes import Scalar
from actlite.engines.base import ProcessSpec
from actlite.errors import CannotRun, UsageError
from actlite.execution.handlers.checkout import run_checkout, run_checkout_post
from actlite.execution.handlers.composite import Builder, composite_frame, run_composite
from actlite.execution.handlers.docker import image_of, run_docker
from actlite.execution.handlers.inputs import action_inputs
from actlite.execution.handlers.node import choose_node, node_folder, run_node
from actlite.execution.handlers.script import run_script
from actlite.execution.prepared import PreparedAction, Preparer
from actlite.execution.results import FAILURE, SUCCESS
from actlite.execution.state import Frame, JobState
from actlite.execution.steps import StepResult, StepRun, StepTask, base_key, run_task
from actlite.expressions.errors import ExpressionError
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
        self._inner_posts: dict[str, list[StepTask]] = {}
        """Post stages of the steps within composite actions, by their frame's prefix."""
        self._posts: set[str] = set()
        """Keys of the steps whose post stage is registered."""

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
            if action is None or not self._has_pre(action):
                continue
            if isinstance(action.manifest.runs, CompositeRuns):
                tasks.append(self._composite_pre(frame, step, action, action.manifest.runs))
            else:
                tasks.append(self._stage(frame, step, action, "pre"))
        return tasks

    def _has_pre(self, action: PreparedAction) -> bool:
        runs = action.manifest.runs
        if isinstance(runs, CompositeRuns):
            uses = (s.uses.text for s in runs.steps if isinstance(s, UsesStep))
            known = (self.preparer.known(text) for text in uses)
            return any(inner is not None and self._has_pre(inner) for inner in known)
        if isinstance(runs, PluginRuns):
            return False
        return bool(runs.pre if isinstance(runs, NodeRuns) else runs.pre_entrypoint)

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
        run.belong_to(action.repository, action.ref)
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
        run.belong_to(action.repository, action.ref)
        if stage == "pre":
            assert isinstance(run.task.step, UsesStep)
            self._register_post(run, run.task.step, action)
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
        """Registered when the pre stage or else the main part begins, so that it runs even if that fails or the
        main part is skipped; last in, first out (R: ExecutionContext.RegisterPostJobStep)."""
        runs = action.manifest.runs
        if isinstance(runs, NodeRuns):
            wanted = bool(runs.post)
        elif isinstance(runs, DockerRuns):
            wanted = bool(runs.post_entrypoint)
        else:
            return
        key = f"{run.frame.prefix}{step.number}"
        if wanted and action.done_here != "service" and key not in self._posts:
            self._posts.add(key)
            run.frame.posts.append(self._stage(run.frame, step, action, "post"))

    def _composite(self, run: StepRun, step: UsesStep, action: PreparedAction) -> StepResult:
        """A composite action; the posts of its steps run within a post step of its own."""
        return self._inside(run, step, action, lambda build: run_composite(run, action, build))

    def _inside(
        self,
        run: StepRun,
        step: UsesStep,
        action: PreparedAction,
        body: Callable[[Builder], StepResult],
    ) -> StepResult:
        """Run a stage of a composite action; what its steps have registered is due in its own post stage."""
        outer, key = run.frame.posts, base_key(run.task)
        place = len(outer)
        posts = self._inner_posts.setdefault(f"{key}.", [])

        def build(frame: Frame, runs: CompositeRuns) -> list[StepTask]:
            frame.posts = posts
            return self.pres(frame, runs.steps) if run.task.stage == "pre" else self.mains(frame, runs.steps)

        try:
            return body(build)
        finally:
            if posts and key not in self._posts:
                self._posts.add(key)
                outer.insert(place, self._composite_post(run.frame, step, action, posts))

    def _composite_pre(
        self, frame: Frame, step: UsesStep, action: PreparedAction, runs: CompositeRuns
    ) -> StepTask:
        """The pre stages of the actions within a composite one (R: CompositeActionHandler, stage Pre)."""

        def stages(run: StepRun, build: Builder) -> StepResult:
            run.belong_to(action.repository, action.ref)
            inner = composite_frame(run, action, action_inputs(run, action, warn=False))
            results = [run_task(self.state, task) for task in build(inner, runs)]
            return StepResult(FAILURE if FAILURE in results else SUCCESS)

        def body(run: StepRun) -> StepResult:
            return self._inside(run, step, action, lambda build: stages(run, build))

        return StepTask(
            key=f"pre-{frame.prefix}{step.number}",
            name=lambda scope: f"Pre {step_name(step, scope)}",
            body=body,
            frame=frame,
            step=step,
            stage="pre",
            condition="always()",
            detail=action.reference,
            context_id=step.context_id,
        )

    def _composite_post(
        self, frame: Frame, step: UsesStep, action: PreparedAction, posts: list[StepTask]
    ) -> StepTask:
        def body(run: StepRun) -> StepResult:
            outcome = SUCCESS
            while posts:
                task = posts.pop()
                task.frame.deadline = run.deadline
                if run_task(self.state, task) == FAILURE:
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
    """A step's display name: its own, or ``Run`` and the first line of what it does; as it is written where it
    can't be evaluated."""
    if step.name is not None:
        name = _evaluated(step.name, scope)
        if name:
            return name
    if isinstance(step, RunStep):
        first, _, _ = _evaluated(step.run, scope).strip().partition("\n")
        return f"Run {first.rstrip()}"
    if isinstance(step, UsesStep):
        return f"Run {step.uses.text}"
    return f"Step {step.number}"


def _evaluated(text: Scalar, scope: Scope) -> str:
    try:
        return evaluate_string(text, scope)
    except ExpressionError:
        return text.text
