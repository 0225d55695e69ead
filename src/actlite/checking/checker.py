"""The check of one file of a repository. Nothing is fetched, started or written."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from collections.abc import Mapping as MappingABC
from functools import cached_property
from typing import TYPE_CHECKING, Any

from actlite.actions.reference import LocalAction, SelfAction
from actlite.checking.besides import besides
from actlite.checking.called import called_workflows
from actlite.checking.checked import CheckedFile
from actlite.checking.comments import silence
from actlite.checking.files import Files, is_manifest, manifest_of
from actlite.checking.known_actions import Cache, KnownActions
from actlite.checking.outputs import check_outputs, texts_of
from actlite.checking.predictions.settings import Predicting
from actlite.checking.steps import check_steps, composite_outputs, told_once, used_actions
from actlite.diagnostics import Diagnostic, DiagnosticBag, Severity
from actlite.document.nodes import Mapping
from actlite.source import SourceFile
from actlite.workflow import access
from actlite.workflow.call_findings import check_calls
from actlite.workflow.checks.commands import check_steps as check_commands
from actlite.workflow.checks.runners import check_shells
from actlite.workflow.manifest import read_action
from actlite.workflow.model import CompositeRuns, Workflow
from actlite.workflow.reader import read_with_errors

if TYPE_CHECKING:
    from actlite.checking.predictions.model import Prediction
    from actlite.checking.predictions.predict import Predictor


class Checker:
    """Checks files of one repository; manifests of local actions are read once for all."""

    def __init__(
        self,
        files: Files,
        cache: Cache | None = None,
        names: Container[str] = (),
        predicting: Callable[[], Predicting | None] = lambda: None,
    ) -> None:
        """``names`` are the files that will be checked: what is wrong in one of them is told there alone.
        ``predicting`` is asked where a workflow may have a container; None: nothing is said of what can't start."""
        self.files = files
        self.actions = KnownActions(files, cache)
        self._called = called_workflows(files, cache)
        self._names = names
        self._predicting = predicting

    def file(self, name: str) -> CheckedFile:
        """Check one file, whichever it is."""
        source = self.files.read(name)
        if isinstance(source, SourceFile) and is_manifest(name, source.text):
            return self._action(source)
        return self._workflow(name, source)

    def workflow(self, name: str) -> CheckedFile:
        """Check a workflow."""
        return self._workflow(name, self.files.read(name))

    def _workflow(self, name: str, source: SourceFile | Diagnostic | None) -> CheckedFile:
        if not isinstance(source, SourceFile):
            return CheckedFile(name, "workflow", None, (source or _absent(name),))
        workflow, bag = read_with_errors(source, name)
        right = not bag.errors
        if workflow is not None:
            if right:
                self._called.add(workflow)
            found = DiagnosticBag()
            self._across_files(workflow, found)
            bag.extend(found if right else besides(found, bag.errors, workflow))
        predicted = self._predict(workflow, bag) if workflow is not None and right else {}
        findings, silenced = silence(source, _in_order(bag))
        return CheckedFile(
            name, "workflow", workflow if right else None, findings, silenced, workflow, predicted
        )

    def _predict(self, workflow: Workflow, bag: DiagnosticBag) -> MappingABC[str, Any]:
        """Predict the steps of jobs with a container, and add what comes of that to the findings."""
        predictions = self.predictions(workflow)
        if not predictions or self._predictor is None:
            return {}
        from actlite.checking.predictions.data import predicted_data
        from actlite.checking.predictions.findings import add_findings

        settings = self._predictor.settings
        add_findings(predictions, settings, bag, own=workflow.path, checked=self._names)
        return predicted_data(predictions, settings)

    def predictions(self, workflow: Workflow) -> tuple[Prediction, ...]:
        """What becomes of the steps with actions in a workflow's containers; () without ``predicting``."""
        if not any(job.container is not None or job.uses is not None for job in workflow.jobs):
            return ()
        predictor = self._predictor
        return predictor.workflow(workflow, self._called.calls(workflow)) if predictor is not None else ()

    def predictions_in(self, source: SourceFile) -> tuple[Prediction, ...]:
        """The predictions for a text, which need not be that of a file; () where it has errors in itself."""
        if is_manifest(source.name, source.text):
            return ()
        workflow, bag = read_with_errors(source, source.name)
        return self.predictions(workflow) if workflow is not None and not bag.errors else ()

    @cached_property
    def _predictor(self) -> Predictor | None:
        settings = self._predicting()
        if settings is None:
            return None
        from actlite.checking.predictions.predict import Predictor

        return Predictor(settings, self.actions)

    def _across_files(self, workflow: Workflow, bag: DiagnosticBag) -> None:
        """What only other files can tell; of a workflow with errors too."""
        bag.extend(check_calls(workflow, self._called, self._names))
        for job in workflow.jobs:
            if not isinstance(job.node, Mapping) or job.uses is not None:
                continue
            steps = access.get(job.node, "steps")
            check_steps(steps, job.node, self.actions, bag)
            outputs = composite_outputs(steps, self.actions)
            if outputs:
                check_outputs(texts_of(job.node), outputs, bag)
        told_once(bag)

    def _action(self, source: SourceFile) -> CheckedFile:
        manifest, bag = read_action(source)
        if manifest is not None and "steps" in source.text:
            if isinstance(manifest.runs, CompositeRuns):
                check_commands(manifest.runs.steps, bag)
                check_shells(manifest.runs.steps, bag)
            self._across_actions(source, bag)
        findings, silenced = silence(source, _in_order(bag))
        return CheckedFile(source.name, "action", None, findings, silenced)

    def _across_actions(self, source: SourceFile, bag: DiagnosticBag) -> None:
        """The same for the steps of a composite action."""
        from actlite.document import compose

        root, _ = compose(source, anchors=False)
        steps = access.get(access.get(root, "runs"), "steps")
        check_steps(steps, None, self.actions, bag)
        outputs = composite_outputs(steps, self.actions)
        if outputs and isinstance(root, Mapping):
            check_outputs(texts_of(root), outputs, bag)

    def named_actions(self, workflow: Workflow) -> Iterable[str]:
        """The manifests of the local actions that a workflow names, and of those that they name."""
        open_: list[LocalAction | SelfAction] = [
            used.action
            for job in workflow.jobs
            for used in used_actions(access.get(job.node, "steps"))
            if isinstance(used.action, LocalAction | SelfAction)
        ]
        seen: set[str] = set()
        while open_:
            found = self.actions.local(open_.pop())
            name = manifest_of(self.files, found.path) if found is not None else None
            if name is None or name in seen:
                continue
            seen.add(name)
            open_ += self._used_by(name)
        return sorted(seen)

    def _used_by(self, manifest: str) -> list[LocalAction | SelfAction]:
        from actlite.document import compose

        source = self.files.read(manifest)
        root = compose(source, anchors=False)[0] if isinstance(source, SourceFile) else None
        steps = access.get(access.get(root, "runs"), "steps")
        used = (found.action for found in used_actions(steps))
        return [action for action in used if isinstance(action, LocalAction | SelfAction)]


def _in_order(bag: DiagnosticBag) -> list[Diagnostic]:
    """By their places; what is found again wherever an alias puts the same lines is told once."""
    told: set[tuple[object, ...]] = set()
    found = []
    for finding in sorted(bag, key=lambda finding: finding.span.start if finding.span else -1):
        span = finding.span
        what = (finding.code, finding.message, span and (span.start, span.end))
        if span is None or what not in told:
            found.append(finding)
        told.add(what)
    return found


def _absent(name: str) -> Diagnostic:
    return Diagnostic(
        "unreadable-file", Severity.ERROR, f"{name} is not there", SourceFile(name, "").span(0, 0)
    )
