"""The console reporter: what a person sees of a run. Imported only by verbs that show one.

Two modes. *Terminal*: a tree of jobs and steps that updates in place, with the end of the running
steps' logs below it (``terminal``). *Plain*, for everything that isn't a terminal: log lines as they
come (``plain``). Both end with the same report (``closing``, ``diagnosis``).

Environment: ``NO_COLOR`` (not empty) turns colours off, ``FORCE_COLOR`` (not empty, not 0) turns them
on where the output isn't a terminal; ``TERM=dumb`` means plain mode without colours.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from actlite.reporting.console.screen import Screen, wants_colour, wants_live
from actlite.reporting.tee import Reporter

__all__ = ["Screen", "console_reporter", "wants_colour", "wants_live"]


def console_reporter(
    stream: TextIO | None = None,
    *,
    root: Path | None = None,
    verbosity: int = 0,
    env: Mapping[str, str] | None = None,
    live: bool | None = None,
    width: int | None = None,
) -> Reporter:
    """The reporter for a stream (stdout by default).

    ``root``: the repository, for excerpts of the workflow file. ``verbosity``: -1 shows only how it
    ended, 1 shows every step's whole log in terminal mode too. ``live`` and ``width`` (columns)
    override what the stream and the environment say.
    """
    stream = stream if stream is not None else sys.stdout
    env = env if env is not None else os.environ
    screen = Screen(stream, colour=wants_colour(stream, env), root=root, width=width)
    if live if live is not None else wants_live(stream, env) and verbosity >= 0:
        from actlite.reporting.console.terminal import TerminalReporter

        return TerminalReporter(screen, verbosity=verbosity)
    from actlite.reporting.console.plain import PlainReporter

    return PlainReporter(screen, verbosity=verbosity)
