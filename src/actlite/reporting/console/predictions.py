"""What is predicted of a job's JavaScript steps, in two lines: the verdict, and what the image lacks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from actlite.events import Prediction, StepsPredicted
from actlite.glibc.elf_facts import newest_of
from actlite.reporting.console.screen import foreign

FAMILIES = ("GLIBC", "GLIBCXX", "CXXABI")


def prediction_lines(event: StepsPredicted) -> Iterator[Text]:
    """The lines for a job whose actions can't all start; none where they can. What the loader will say is left to
    the report of the step that fails."""
    failing = [p for p in event.predictions if p.verdict == "fails"]
    if not failing:
        return
    runtimes = list(dict.fromkeys(_runtime(p) for p in failing))
    one = len(runtimes) == 1
    names = runtimes[0] if one else f"{', '.join(runtimes[:-1])} and {runtimes[-1]}"
    count = f"{len(failing)} of {len(event.predictions)} actions"
    if len(event.predictions) == 1:
        count = "the action"
    needs = f"need{'s' * (count == 'the action' or len(failing) == 1)} {'it' if one else 'them'}"
    yield Text.assemble(
        ("prediction", "yellow"), foreign(f": {names} cannot start in this container: {count} {needs}")
    )
    yield foreign(f"  {_because(failing, event.has)}", "dim")


def _runtime(prediction: Prediction) -> str:
    return prediction.runtime or prediction.declared


def _because(failing: Sequence[Prediction], has: str) -> str:
    missing = [item for p in failing for item in p.missing]
    versions = list(_newest([item.version for item in missing if item.version]))
    libraries = list(dict.fromkeys(item.library.rsplit("/", 1)[-1] for item in missing if not item.version))
    if versions or libraries:
        return f"it lacks {', '.join([*versions, *libraries])}; it has {_part(has, versions)}"
    said = next((p.loader_lines[0] for p in failing if p.loader_lines), "")
    return f"it has {has}" + (f"; the log will say: {said}" if said else "")


def _part(has: str, versions: Sequence[str]) -> str:
    """Of ``glibc 2.17 · GLIBCXX 3.4.19`` what is of the first missing version's kind."""
    family = versions[0].rpartition("_")[0] if versions else ""
    named = "glibc" if family == "GLIBC" else family
    return next((part for part in has.split(" · ") if named and part.startswith(f"{named} ")), has)


def _newest(versions: Sequence[str]) -> Iterator[str]:
    """The newest of each family; names without a number as they are."""
    newest = newest_of(versions)
    order = {family: place for place, family in enumerate(FAMILIES)}
    for family in sorted(newest, key=lambda name: order.get(name, len(order))):
        yield f"{family}_{newest[family]}"
    yield from dict.fromkeys(version for version in versions if not newest_of([version]))
