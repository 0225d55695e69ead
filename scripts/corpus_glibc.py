"""How many real workflows can't start their actions, and since when: ``python scripts/corpus_glibc.py``.

Every workflow of a corpus is read, and all steps of its jobs with a container are predicted, offline, for the runner
of several days. docs/reference/evidence.md, "Test data", says what a corpus is. ``--list`` names the steps that fail
on the last day; ``--write`` puts the tables into docs/glibc.md.
"""

from __future__ import annotations

import argparse
import datetime
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from actlite.records import changeable, field, frozen

ROOT = Path(__file__).resolve().parent.parent

if TYPE_CHECKING:
    from tests.corpus_files import CorpusFiles

    from actlite.actions.reference import RemoteAction
    from actlite.checking.checker import Checker
    from actlite.checking.predictions.model import Prediction
    from actlite.checking.predictions.settings import CatalogueImages
    from actlite.workflow.model import Workflow

DAYS = tuple(
    datetime.date.fromisoformat(day)
    for day in ("2019-12-15", "2021-05-07", "2023-09-15", "2024-08-01", "2025-06-01", "2026-11-23")
)
"""The days of the tables; the last one stands for today, so that the figures can be had again."""
PAGE = ROOT / "docs" / "glibc.md"
BEGIN, END = "<!-- corpus -->", "<!-- end of corpus -->"
SETS = (("workflows", "today's workflows"), ("workflows-history", "older versions of them, at tags"))


class CorpusActions:
    """The manifests of published actions that the corpus has, in the place of fetched ones."""

    def __init__(self, corpus: Path) -> None:
        self._folder = corpus / "actions"

    def folder(self, action: RemoteAction) -> Path | None:
        """See ``checking.known_actions.Cache``."""
        return self.last(action) if action.is_pinned else None

    def last(self, action: RemoteAction) -> Path | None:
        """See ``checking.known_actions.Cache``."""
        folder = self._folder / f"{action.owner}__{action.repo}@{action.ref}"
        return folder if folder.is_dir() else None


@changeable
class Figures:
    """What is counted on one day."""

    workflows: set[str] = field(default_factory=set)
    """Workflows with a step in a container that a runner's node would start, or where that isn't known."""
    fails: set[str] = field(default_factory=set)
    """Those in which the loader, or the kernel, refuses the node of at least one step."""
    refused: set[str] = field(default_factory=set)
    """Those with an action that declares a runtime which that day's runner does not know."""
    unknown: set[str] = field(default_factory=set)
    """Those of the rest in which at least one step isn't known."""
    mounted: set[str] = field(default_factory=set)
    """Those of the rest in which a volume of the job's lies over the runtime."""
    jobs: set[tuple[str, str]] = field(default_factory=set)
    failing_jobs: set[tuple[str, str]] = field(default_factory=set)
    steps: int = 0
    failing_steps: int = 0
    images: Counter[str] = field(default_factory=Counter)
    """Images to the workflows that fail in them."""
    reasons: Counter[str] = field(default_factory=Counter)
    """Why steps aren't known, in general words."""

    def rest(self) -> int:
        """Workflows whose steps all start."""
        return len(self.workflows - self.fails - self.refused - self.unknown - self.mounted)


@frozen
class Failing:
    """A step that can't start on the last day."""

    file: str
    line: int
    job: str
    legs: tuple[str, ...]
    image: str
    action: str
    node: str
    lines: tuple[str, ...]
    condition: str
    tolerated: bool


@changeable
class Survey:
    """All figures of one set of the corpus."""

    files: int = 0
    repositories: set[str] = field(default_factory=set)
    containers: int = 0
    """Workflows with at least one job in a container."""
    days: dict[datetime.date, Figures] = field(default_factory=dict)
    failing: list[Failing] = field(default_factory=list)
    since: Counter[datetime.date] = field(default_factory=Counter)
    """Since when the workflows that fail on the last day have been failing."""
    mounts: list[tuple[str, str, str]] = field(default_factory=list)
    """File, volume, and what becomes of it on the last day."""


def survey(corpus: Path, part: str, days: Sequence[datetime.date] = DAYS) -> Survey:
    """Predict all workflows of one set (``workflows``, ``workflows-history``) for some days."""
    from tests.corpus_files import CorpusFiles

    from actlite.checking.files import FOLDER
    from actlite.checking.predictions.settings import CatalogueImages
    from actlite.source import SourceFile
    from actlite.workflow.reader import read_with_errors

    found = Survey(days={day: Figures() for day in days})
    images = CatalogueImages()
    actions = CorpusActions(corpus)
    for folder in sorted((corpus / part).iterdir()):
        files = CorpusFiles(folder.name, part, corpus)
        checker_of = cache(partial(_checker, files, actions, images))
        for path in sorted(folder.iterdir()):
            if path.suffix not in (".yml", ".yaml"):
                continue
            found.files += 1
            found.repositories.add(folder.name)
            source = files.read(f"{FOLDER}/{path.name}")
            if not isinstance(source, SourceFile) or "container" not in source.text:
                continue
            workflow, _ = read_with_errors(source, source.name)
            if workflow is None or not any(job.container is not None for job in workflow.jobs):
                continue
            found.containers += 1
            name = f"{folder.name}/{path.name}"
            for day in days:
                own = _own(checker_of(day), workflow)
                _count(found.days[day], name, own)
                if day == days[-1]:
                    found.failing += [_failing(name, item) for item in own if _fails(item)]
                    found.mounts += _mounts(name, own)
            if name in found.days[days[-1]].fails:
                found.since[_since(workflow, checker_of, days[-1])] += 1
    return found


def _checker(
    files: CorpusFiles, actions: CorpusActions, images: CatalogueImages, day: datetime.date
) -> Checker:
    from actlite.checking.checker import Checker
    from actlite.checking.predictions.settings import Predicting

    settings = Predicting(as_of=day, images=images)
    return Checker(files, actions, (), lambda: settings)


def _own(checker: Checker, workflow: Workflow) -> list[Prediction]:
    """The predictions for the jobs of the file itself: those of a called workflow count in its own file."""
    return [item for item in checker.predictions(workflow) if not item.callers]


def _since(
    workflow: Workflow, checker_of: Callable[[datetime.date], Checker], last: datetime.date
) -> datetime.date:
    """The first day from which on the workflow has been failing without a break."""
    from actlite.runtimes.eras import changes

    def fails(day: datetime.date) -> bool:
        return any(_fails(item) for item in _own(checker_of(day), workflow))

    days = [day for day in changes() if day <= last]
    good = next((day for day in reversed(days) if not fails(day)), None)
    bad = next(day for day in (*days, last) if good is None or day > good)
    while good is not None and (bad - good).days > 1:  # an action's tag moved in between
        middle = good + (bad - good) // 2
        good, bad = (good, middle) if fails(middle) else (middle, bad)
    return bad


def _count(figures: Figures, name: str, predictions: Sequence[Prediction]) -> None:
    from actlite.checking.predictions.model import FAILS, IMMUNE, MOUNTED, STARTS

    met: set[str] = set()
    images: set[str] = set()
    for item in predictions:
        if item.image is None or item.step.verdict == IMMUNE:
            continue
        figures.workflows.add(name)
        figures.jobs.add((name, item.job))
        figures.steps += 1
        if _fails(item):
            met.add("fails")
            images.add(item.image.name)
            figures.failing_jobs.add((name, item.job))
            figures.failing_steps += 1
        elif item.step.verdict == FAILS and item.step.loading is None:
            met.add("refused")
        elif item.step.verdict == MOUNTED:
            met.add("mounted")
        elif item.step.verdict != STARTS:
            met.add("unknown")
            figures.reasons[_reason(item)] += 1
    figures.images.update(images)
    # A workflow counts once, for the first of these that it has.
    for kind, group in (
        ("fails", figures.fails),
        ("refused", figures.refused),
        ("unknown", figures.unknown),
        ("mounted", figures.mounted),
    ):
        if kind in met:
            group.add(name)
            return


def _fails(item: Prediction) -> bool:
    """Whether the loader refuses the node, and no step before may have changed that."""
    return item.fails and item.step.loading is not None and not item.changed_by and item.image is not None


def _reason(item: Prediction) -> str:
    if item.changed_by:
        return "a step before may install what is missing"
    why = item.step.why
    if why.startswith("the image is only known in the run"):
        return "the image is only known in the run"
    if "catalogue" in why:
        return "the image is not in the catalogue"
    if "manifest" in why or "composite" in why:
        return "what the action declares is not known"
    return re.sub(r"\d[\d.]*", "…", why) or item.step.verdict


def _failing(name: str, item: Prediction) -> Failing:
    assert item.image is not None
    return Failing(
        name,
        item.place.line,
        item.job,
        item.legs,
        item.image.name,
        item.action,
        item.step.node,
        item.step.lines,
        item.condition,
        item.tolerated,
    )


def _mounts(name: str, predictions: Sequence[Prediction]) -> Iterator[tuple[str, str, str]]:
    """Volumes over the runner's node folders, and what becomes of the steps in their jobs."""
    jobs: dict[tuple[str, ...], set[str]] = {}
    for item in predictions:
        over = tuple(v for v in item.image.volumes if "/__e" in v) if item.image is not None else ()
        if over:
            jobs.setdefault((item.job, *over), set()).add(f"{item.action}: {item.step.verdict}")
    for (job, *volumes), verdicts in jobs.items():
        yield f"{name} ({job})", ", ".join(volumes), "; ".join(sorted(verdicts))


def tables(found: Mapping[str, Survey]) -> str:
    """The tables of docs/glibc.md."""
    lines: list[str] = []
    for part, title in SETS:
        if part not in found:
            continue
        one = found[part]
        last = next(reversed(one.days.values()))
        lines += [
            f"{one.files:,} workflows of {len(one.repositories):,} repositories ({title}): {one.containers} have a job "
            f"in a container, {len(last.workflows)} of these a step there that needs the runner's node "
            f"({len(last.jobs)} jobs, {last.steps} steps).",
            "",
            "| runner of | can't start a node | newer than that runner | not known | a node of their own | all start |",
            "|---|---|---|---|---|---|",
        ]
        lines += [
            f"| {day} | {len(f.fails)} | {len(f.refused)} | {len(f.unknown)} | {len(f.mounted)} | {f.rest()} |"
            for day, f in one.days.items()
        ]
        lines += [
            "",
            f"Those that fail on {next(reversed(one.days))}, by image:",
            "",
            "| image | workflows |",
            "|---|---|",
        ]
        lines += [
            f"| `{image}` | {count} |"
            for image, count in sorted(last.images.items(), key=lambda p: (-p[1], p[0]))
        ]
        lines += ["", "They have been failing since:", "", "| day | workflows |", "|---|---|"]
        lines += [f"| {day} | {count} |" for day, count in sorted(one.since.items())]
        lines += ["", "Steps that aren't known, by reason:", "", "| reason | steps |", "|---|---|"]
        lines += [
            f"| {why} | {count} |" for why, count in sorted(last.reasons.items(), key=lambda p: (-p[1], p[0]))
        ]
        lines.append("")
    return "\n".join(lines).rstrip()


def main() -> None:
    """Count, and print or write."""
    from tests.shared_data import CORPUS

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, default=CORPUS)
    parser.add_argument("--list", action="store_true", help="Name the steps that fail on the last day.")
    parser.add_argument("--write", action="store_true", help="Put the tables into docs/glibc.md.")
    given = parser.parse_args()
    found = {part: survey(given.corpus, part) for part, _ in SETS if (given.corpus / part).is_dir()}
    text = tables(found)
    print(text)
    if given.list:
        for part, one in found.items():
            for item in one.failing:
                print(
                    part,
                    item.file,
                    item.line,
                    item.job,
                    item.image,
                    item.action,
                    item.node,
                    item.condition,
                    "tolerated" if item.tolerated else "",
                    *item.lines[:1],
                    sep=" · ",
                )
            for mount in one.mounts:
                print(part, *mount, sep=" · ")
    if given.write:
        page = PAGE.read_text("utf-8")
        before, _, rest = page.partition(BEGIN)
        _, _, after = rest.partition(END)
        PAGE.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", "utf-8")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))  # for the tests' reader of the corpus
    main()
