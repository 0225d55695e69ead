"""Findings of predictions: one for a job, a runtime and what the loader says, not one for each step and image."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from typing import TYPE_CHECKING

from actlite.checking.predictions.model import FAILS, MOUNTED, Prediction
from actlite.checking.predictions.settings import Predicting
from actlite.checking.predictions.windows import JobWindow, window_of, windows
from actlite.diagnostics import DiagnosticBag, Label, Severity

if TYPE_CHECKING:
    from actlite.glibc.window import Window

MAX_LEGS = 3
"""So many legs are named."""
MAX_IMAGES = 3
"""So many images are named."""
MAX_NAME = 40
"""So long is the name of a leg at most; the rest of it tells little."""


def add_findings(
    predictions: Sequence[Prediction],
    predicting: Predicting,
    bag: DiagnosticBag,
    *,
    own: str,
    checked: Container[str] = (),
) -> None:
    """Add what predictions make of a workflow. ``own`` is its path; ``checked`` are the files whose own findings
    are told anyway: what is wrong in a called workflow whatever its caller gives is told there."""
    told = [item for item in predictions if not _told_there(item, own, checked)]
    for same in _groups(item for item in told if item.step.verdict == FAILS):
        _cannot_start(same, predictions, predicting, bag)
    for same in _groups(item for item in told if item.step.verdict == MOUNTED and _empty(item)):
        _empty_mount(same, bag)
    if predicting.target is not None:
        for found in windows(told, predicting):
            _too_new(found, told, bag)


def _told_there(item: Prediction, own: str, checked: Container[str]) -> bool:
    """Whether a prediction for a job of a called workflow is a finding of that workflow's own file."""
    return bool(item.callers) and item.workflow != own and item.workflow in checked and not item.by_caller


def _groups(items: Iterable[Prediction]) -> list[list[Prediction]]:
    found: dict[tuple[str, ...], list[Prediction]] = {}
    for item in items:
        image = item.image if item.step.choice is not None else None  # what is refused is so in any image
        key = (
            item.job,
            image.arch if image is not None else "",
            item.step.node or item.declared.using,
            item.step.volume,
            *item.step.lines,
        )
        found.setdefault(key, []).append(item)
    return list(found.values())


def _cannot_start(
    same: Sequence[Prediction], every: Sequence[Prediction], predicting: Predicting, bag: DiagnosticBag
) -> None:
    first = same[0]
    perhaps = all(item.changed_by for item in same)
    notes = _where(same)
    if first.step.choice is not None:  # else the message has the line
        notes += first.step.lines
    notes += [
        *_reasons(first),
        *_of_images(same, _stand_in),
        *_of_images(same, _libraries),
        *first.step.notes,
    ]
    if first.changed_by:
        line = first.changed_by[0].line
        notes.append(f"the step in line {line} may bring what is missing: then it starts")
    notes += _of_images(same, lambda item: _window(item, every, predicting))
    notes += _circumstances(same)
    bag.add(
        "node-cannot-start",
        _message(same),
        first.callers[0] if first.callers else first.place,
        severity=Severity.WARNING if perhaps else Severity.ERROR,
        label=_label(same),
        labels=_labels(same),
        notes=tuple(dict.fromkeys(notes)) if first.step.loading is None else tuple(notes),
        help=_help(same, every, predicting),
    )


def _message(same: Sequence[Prediction]) -> str:
    first = same[0]
    choice = first.step.choice
    if choice is None:
        return f"{first.action} declares {first.declared.using}, which the runner does not know: {first.step.lines[0]}"
    images = dict.fromkeys(item.image.written for item in _images(same) if item.image is not None)
    return f"{choice.runtime} can't start in {_named(tuple(images))}, so that {first.action} fails"


def _label(same: Sequence[Prediction]) -> str:
    first = same[0]
    choice = first.step.choice
    declares = f"declares {first.declared.using}"
    if first.declared.any_of:
        declares = f"all releases of it run on {first.runtime}"
    elif choice is not None and choice.runtime != choice.declared:
        since = f" since {choice.since}" if choice.since is not None else ""
        declares += f"; the runner uses {choice.runtime}{since}"
    others = len({(item.number, item.through, item.action) for item in same}) - 1
    more = f"; and {others} more step{'s' * (others != 1)}" if others else ""
    return declares + more


def _images(same: Sequence[Prediction]) -> list[Prediction]:
    """The first prediction for each image."""
    found: dict[str, Prediction] = {}
    for item in same:
        if item.image is not None:
            found.setdefault(item.image.written, item)
    return list(found.values())


def _of_images(same: Sequence[Prediction], about: Callable[[Prediction], str]) -> list[str]:
    """What is to be said of the images: once where it is the same for all, else with their names."""
    each = {item.image.written: about(item) for item in _images(same) if item.image is not None}
    texts = list(dict.fromkeys(filter(None, each.values())))
    if len(texts) < 2:
        return texts
    return [f"{name}: {text}" for name, text in list(each.items())[:MAX_IMAGES] if text]


def _named(names: Sequence[str]) -> str:
    if len(names) > MAX_IMAGES:
        return f"{', '.join(names[:MAX_IMAGES])} and {len(names) - MAX_IMAGES} more"
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def _labels(same: Sequence[Prediction]) -> tuple[Label, ...]:
    first = same[0]
    labels = []
    if first.callers:
        labels.append(Label(first.place, f"in job '{first.job}'"))
    if first.image is not None and first.step.choice is not None:
        labels.append(Label(first.image.span, "; ".join(_of_images(same, _versions))))
    return tuple(labels)


def _where(same: Sequence[Prediction]) -> list[str]:
    first = same[0]
    notes = []
    if first.through:
        notes.append(f"{first.action} is used by {', which is used by '.join(reversed(first.through))}")
    legs = dict.fromkeys(leg for item in same for leg in item.legs)
    if legs and not any(item.all_legs for item in same):
        named = tuple(dict.fromkeys(map(_short, legs)))[:MAX_LEGS]
        more = len(legs) - len(named)
        notes.append(f"in {', '.join(named)}{f' and {more} more' if more > 0 else ''}")
    return notes


def _short(leg: str) -> str:
    return leg if len(leg) <= MAX_NAME else f"{leg[: MAX_NAME - 1]}…"


def _reasons(first: Prediction) -> list[str]:
    """Why that runtime, where more than a date decides: a variable, or one without effect."""
    choice = first.step.choice
    if choice is None:
        return []
    return [reason for reason in choice.reasons if "_" in reason]


def _versions(item: Prediction) -> str:
    return str(item.step.image.libc) if item.step.image is not None else ""


def _libraries(item: Prediction) -> str:
    """Where an image's libraries are known from, for those who read a release's log."""
    described = item.step.image
    if described is None:
        return ""
    if described.source == "local image":
        return "the image's libraries are those of the image on this machine"
    if described.source == "registry":
        return "the image's libraries are those of the image in its registry"
    how_well = described.detail.partition(":")[0].replace("same ABI", "measured on a rebuild of it")
    rest = "--images reads the image itself"
    if described.unread:
        rest = f"the image itself can't be read: {described.unread}"
    return f"the image's libraries are those of the offline catalogue ({how_well}); {rest}"


def _stand_in(item: Prediction) -> str:
    return item.image.note if item.image is not None else ""


def _circumstances(same: Sequence[Prediction]) -> list[str]:
    notes = []
    if all(item.condition for item in same):
        notes.append(f"where it runs, that is: if {same[0].condition}")
    if all(item.tolerated for item in same):
        notes.append("continue-on-error is set: the job goes on without what the step does")
    return notes


def _window(first: Prediction, every: Sequence[Prediction], predicting: Predicting) -> str:
    described = first.step.image
    if described is None or described.libc.kind != "glibc":
        return ""
    of_job = _in_container(first, every)
    return window_of(of_job, predicting).sentence if of_job else ""


def _in_container(first: Prediction, every: Sequence[Prediction]) -> list[Prediction]:
    """The steps of the same job in the same image that need a node."""
    return [
        item
        for item in every
        if item.job == first.job
        and item.image is not None
        and first.image is not None
        and item.image.name == first.image.name
        and item.runtime
    ]


def _help(same: Sequence[Prediction], every: Sequence[Prediction], predicting: Predicting) -> str:
    from actlite.checking.fixes import propose
    from actlite.glibc.ways import told

    first = same[0]
    if first.step.choice is None or first.callers:
        return ""
    of_job = [
        item for item in every if item.job == first.job
    ]  # a fix is an edit of the job, with all its images
    source, on, target = first.place.source, predicting.date, predicting.target
    found = propose(source, first.main_job, of_job, on, target)
    if found:
        return "\n".join(told(item.name, item.title, item.cost, predicting.tags_of) for item in found)
    refused = propose(source, first.main_job, of_job, on, target, refused=True)
    why = f" ({refused[0].name}: {refused[0].refused})" if refused else ""
    return f"no edit of --fix fits this job{why}: see actlite explain node-cannot-start"


def _empty(item: Prediction) -> bool:
    return any(note.startswith("no step before") for note in item.step.notes)


def _empty_mount(same: Sequence[Prediction], bag: DiagnosticBag) -> None:
    first = same[0]
    bag.add(
        "empty-runtime-mount",
        f"the volume {first.step.volume} hides the runner's {first.runtime}, and nothing puts a node there",
        first.callers[0] if first.callers else first.place,
        severity=Severity.WARNING,
        label=_label(same),
        labels=_labels(same),
        notes=first.step.notes,
        help="unpack a node into the folder in a run: step before the first action",
    )


def _too_new(found: JobWindow, predictions: Sequence[Prediction], bag: DiagnosticBag) -> None:
    from actlite.glibc.window import newer

    window = found.window
    if window.target is None or not newer(window.has, window.target.glibc):
        return
    first = next(
        item
        for item in predictions
        if item.job == found.job
        and item.image is not None
        and found.image in (item.image.name, item.image.written)
    )
    assert first.image is not None
    target = window.target
    bag.add(
        "target-too-new",
        f"what is built in {found.image} may need glibc {window.has}, and the target is {target.glibc}",
        first.callers[0] if first.callers else first.image.span,
        severity=Severity.WARNING,
        label=str(first.step.image.libc) if first.step.image is not None else "",
        notes=(window.sentence,) if window.sentence else (),
        help=_older(window, first.image.arch),
    )


def _older(window: Window, arch: str) -> str:
    target = window.target
    assert target is not None
    machine = "aarch64" if arch == "arm64" else "x86_64"
    cross = (
        f"or cross-build for glibc {target.glibc}: cargo zigbuild --target {machine}-unknown-linux-gnu.{target.glibc}, "
        f"zig cc -target {machine}-linux-gnu.{target.glibc}"
    )
    if window.images:
        return f"build in {window.images[0]}\n{cross}"
    return f"build by docker run in an image of the target, in a job without a container\n{cross}"
