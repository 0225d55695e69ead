"""The windows of a workflow's jobs: the steps' runtimes through time, the image, the target."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from actlite.checking.predictions.model import Prediction
from actlite.checking.predictions.settings import Predicting
from actlite.records import frozen
from actlite.runtimes.choice import UnsupportedUsing

if TYPE_CHECKING:
    from actlite.glibc.window import Day, Runtime, Window


@frozen
class JobWindow:
    """The window of one job in one image."""

    job: str
    image: str
    window: Window


def windows(predictions: Sequence[Prediction], predicting: Predicting) -> tuple[JobWindow, ...]:
    """The windows of all jobs whose containers and runtimes are known, a window for each image."""
    groups: dict[tuple[str, str], list[Prediction]] = {}
    for item in predictions:
        if item.image is not None and item.step.choice is not None and item.step.choice.runtime:
            groups.setdefault((item.job, item.image.name or item.image.written), []).append(item)
    return tuple(JobWindow(job, image, window_of(same, predicting)) for (job, image), same in groups.items())


def window_of(predictions: Sequence[Prediction], predicting: Predicting) -> Window:
    """The window of the steps of one job in one image."""
    first = predictions[0]
    described = first.step.image
    choices = [item.step.choice for item in predictions if item.step.choice is not None]
    return window_for(
        tuple(dict.fromkeys(choice.declared for choice in choices if choice.runtime)),
        {choice.runtime: choice.version for choice in choices if choice.runtime},
        described.libc.glibc if described is not None else "",
        first.image.arch if first.image is not None else "x64",
        dict(first.variables),
        predicting,
    )


def window_for(
    usings: Sequence[str],
    runtimes: Mapping[str, str],
    has: str,
    arch: str,
    env: Mapping[str, str],
    predicting: Predicting,
) -> Window:
    """The window of steps that declare ``usings`` and run on ``runtimes`` (name to version), in an image whose glibc
    is ``has`` ('' where that isn't known). ``env`` has the variables that a choice of node goes by."""
    from actlite.glibc.window import ever_open, window

    today = tuple(sorted(runtimes.items()))
    limit = predicting.target.glibc if predicting.target is not None else has
    return window(
        [using for using in usings if not ever_open(_history((using,), env, arch, predicting), limit)],
        _history(usings, env, arch, predicting),
        has,
        predicting.target,
        lambda low, high: _fitting(low, high, arch, today),
    )


def _history(
    usings: Sequence[str], env: Mapping[str, str], arch: str, predicting: Predicting
) -> tuple[Day, ...]:
    """What the declared runtimes come to from each day on which that changed, with today's variables."""
    from actlite.glibc.window import Day
    from actlite.runtimes.eras import changes, first_date

    days = [day for day in changes() if first_date() <= day <= predicting.date]
    found: list[Day] = []
    for day in days:
        runner = predicting.runner_at(day)
        try:
            choices = [runner.choose(using, env) for using in usings]
        except UnsupportedUsing:
            runtimes: tuple[Runtime, ...] = ()
        else:
            runtimes = tuple(
                dict.fromkeys(_runtime(choice.runtime, choice.version, arch) for choice in choices)
            )
        if not found or found[-1].runtimes != runtimes:
            found.append(Day(day, runtimes))
    return tuple(found)


@cache
def _runtime(name: str, version: str, arch: str) -> Runtime:
    from actlite.glibc.catalogue import node_build
    from actlite.glibc.window import Runtime, needs_of

    program = node_build(version, arch)
    return Runtime(name, needs_of(program) if program is not None else "")


def _fitting(low: str, high: str, arch: str, runtimes: tuple[tuple[str, str], ...]) -> Iterator[str]:
    """Images of the catalogue between two versions of glibc in which all runtimes start, oldest first."""
    from actlite.glibc.catalogue import image_row, node_build, system_of
    from actlite.glibc.elf import version_key
    from actlite.glibc.loading import load
    from actlite.glibc.window import newer

    for name in BUILD_IMAGES:
        row = image_row(name.replace("x86_64", "aarch64") if arch == "arm64" else name, arch)
        if (
            row is None
            or not row.glibc
            or version_key(row.glibc) < version_key(low)
            or newer(row.glibc, high)
        ):
            continue
        system = system_of(row, arch)
        programs = [(f"/__e/{folder}/bin/node", node_build(version, arch)) for folder, version in runtimes]
        if all(program is not None and load(program, path, system).starts for path, program in programs):
            yield row.name


BUILD_IMAGES = (
    "quay.io/pypa/manylinux2014_x86_64",
    "quay.io/pypa/manylinux_2_28_x86_64",
    "debian:11",
    "ubuntu:20.04",
    "quay.io/pypa/manylinux_2_34_x86_64",
    "debian:12",
)
"""Images that programs are built in, oldest glibc first; those of the catalogue that fit are named."""
