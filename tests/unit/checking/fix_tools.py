"""What the tests of fixes share: predictions without images or tables, made for a text."""

from __future__ import annotations

import datetime
from typing import Any

from actlite.actions.known import known_using
from actlite.checking.fixes import FixProposal, apply, propose
from actlite.checking.predictions import model
from actlite.document.nodes import Mapping, Scalar, Sequence
from actlite.glibc.image import ImageLibc
from actlite.runtimes.eras import runner_at
from actlite.source import SourceFile
from actlite.workflow.model import UsesStep
from actlite.workflow.reader import read_with_errors

TODAY = datetime.date(2026, 11, 23)
CENTOS7 = {"GLIBC": "2.17", "GLIBCXX": "3.4.19", "CXXABI": "1.3.7"}


class Image:
    """An image's libraries, as far as fixes ask for them (see ``glibc.image_system.Described``)."""

    def __init__(self, kind: str, newest: dict[str, str]) -> None:
        names = tuple(f"{name}_{number}" for name, number in newest.items())
        self.libc = ImageLibc("image", kind, newest.get("GLIBC", ""), {"libc.so.6": names})


def predict(
    source: SourceFile,
    job_id: str,
    on: datetime.date = TODAY,
    *,
    newest: dict[str, str] = CENTOS7,
    kind: str = "glibc",
    arch: str = "x64",
) -> tuple[model.Prediction, ...]:
    """All steps of a job with a known JavaScript action, none of which starts."""
    workflow, _ = read_with_errors(source, source.name)
    assert workflow is not None
    job = workflow.job(job_id)
    name = job.container
    volumes: tuple[str, ...] = ()
    if isinstance(name, Mapping):
        given = name.get("volumes")
        if isinstance(given, Sequence):
            volumes = tuple(item.text for item in given.items if isinstance(item, Scalar))
        name = name.get("image")
    assert isinstance(name, Scalar)
    image = model.JobImage(name.text, name.text, name.span, arch, volumes)
    described: Any = Image(kind, newest)
    found = []
    for step in job.steps:
        if not isinstance(step, UsesStep):
            continue
        action, _, ref = step.uses.text.partition("@")
        owner, _, repo = action.partition("/")
        using = known_using(owner, repo, "", ref) or ""
        if not using.startswith("node"):
            continue
        choice = runner_at(on).choose(using, {})
        verdict = model.StepVerdict(model.FAILS, choice, f"/__e/{choice.runtime}/bin/node", described)
        found.append(
            model.Prediction(
                workflow=source.name,
                job=job_id,
                legs=(),
                all_legs=True,
                number=step.number,
                place=step.uses.span,
                action=step.uses.text,
                declared=model.Declared(using),
                step=verdict,
                image=image,
            )
        )
    return tuple(found)


def proposals(text: str, job: str = "job", on: datetime.date = TODAY, **known: Any) -> dict[str, FixProposal]:
    """All fixes for a job, the refused ones too, by name in their order."""
    source = SourceFile("x.yml", text)
    found = propose(source, job, predict(source, job, on, **known), on, refused=True)
    return {proposal.name: proposal for proposal in found}


def fixed(text: str, name: str, job: str = "job", on: datetime.date = TODAY, **known: Any) -> str:
    """The text after a fix, which must be possible."""
    proposal = proposals(text, job, on, **known)[name]
    assert not proposal.refused, proposal.refused
    return apply(text, proposal.edits)
