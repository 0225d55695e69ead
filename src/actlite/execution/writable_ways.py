"""Which ways out ``actlite check --fix`` can write into the workflow of a step that could not start.

The same edits are tried as there, for the runner and the images of the run; so a run offers no command that would
refuse, or do nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from actlite.errors import ActliteError

if TYPE_CHECKING:
    from actlite.checking.predictions.settings import Predicting
    from actlite.execution.steps import StepRun


def writable_ways(run: StepRun) -> frozenset[str] | None:
    """The names of the ways out for the step's job. None where that isn't known: where ``check`` does not see that
    the step can't start, as of a step whose image or env is only known in the run."""
    repository = run.state.services.repository
    if repository is None or not run.state.layout.in_container:
        return None
    from actlite.checking.checker import Checker
    from actlite.checking.files import FolderFiles
    from actlite.checking.fixes import propose
    from actlite.checking.stored_actions import StoredActions

    source, job = run.state.plan.workflow.source, run.state.job.job.id
    predicting = predicting_of(run)
    try:
        fetched = StoredActions(run.state.services.actions().cached)
        checker = Checker(FolderFiles(repository.root), fetched, predicting=lambda: predicting)
        found = [item for item in checker.predictions_in(source) if item.job == job]
        if not any(item.fails for item in found):
            return None
        proposals = propose(source, job, found, predicting.date, predicting.target)
    except (ActliteError, OSError):
        return None
    return frozenset(proposal.name for proposal in proposals)


def predicting_of(run: StepRun) -> Predicting:
    """The settings of the run, as predictions take them; images are the engine's, else the catalogue's."""
    from actlite.checking.predictions.reading import ReadImages
    from actlite.checking.predictions.settings import Predicting

    services = run.state.services
    given = [flag for flag in services.runner.flags.values() if flag.confidence == "given"]
    return Predicting(
        as_of=services.runner.date,
        flags={flag.name: str(flag.value) for flag in given},
        target=services.settings.target,
        stand_ins=services.settings.images,
        images=ReadImages(lambda: services.engine.images, None, cache=services.cache),
    )
