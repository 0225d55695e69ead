"""The options of predictions: ``--as-of``, ``--runner-flag``, ``--target``, ``--image``, ``--images``."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from actlite.checking.predictions.settings import Predicting
from actlite.cli.common import date, pairs
from actlite.cli.settings import Settings

if TYPE_CHECKING:
    from actlite.checking.predictions.reading import ReadImages

AS_OF = click.option(
    "--as-of", metavar="DATE", default="", help="The runner of that date (2021-05-07); default today's."
)
RUNNER_FLAG = click.option(
    "--runner-flag", "runner_flags", metavar="NAME=VALUE", multiple=True, help="A flag of that runner."
)


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that a command with predictions has."""
    for option in (
        click.option("--images", "read_images", is_flag=True, help="Look into the images themselves."),
        click.option(
            "--image",
            "stand_ins",
            metavar="NAME=OTHER",
            multiple=True,
            help="Take OTHER where a workflow says NAME.",
        ),
        click.option(
            "--target",
            metavar="SYSTEM",
            default="",
            help="The oldest system of your users: glibc2.17, manylinux2014, debian:11.",
        ),
        RUNNER_FLAG,
        AS_OF,
    ):
        command = option(command)
    return command


def predicting(
    settings: Settings,
    *,
    as_of: str = "",
    runner_flags: Sequence[str] = (),
    target: str = "",
    stand_ins: Sequence[str] = (),
    read_images: bool = False,
) -> Predicting:
    """The settings of predictions, from options and settings. Raises UsageError for what can't be read."""
    day = date(as_of, "--as-of")
    found = Predicting(
        as_of=datetime.date.fromisoformat(day) if day else None,
        flags=pairs(runner_flags, "--runner-flag", "NAME=VALUE"),
        target=target or settings.target,
        stand_ins={**settings.images, **pairs(stand_ins, "--image", "NAME=OTHER")},
        images=_reader(settings) if read_images else None,
    )
    found.check(of_date=bool(day))
    return found


def _reader(settings: Settings) -> ReadImages:
    from actlite.cli.reading_images import images_of

    return images_of(settings)
