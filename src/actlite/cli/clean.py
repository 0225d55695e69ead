"""``actlite clean``: remove what past runs left."""

from __future__ import annotations

from typing import Any

import click

from actlite.cli.common import DIRECTORY
from actlite.cli.ends import say
from actlite.cli.text import write
from actlite.engines.base import Engine
from actlite.errors import EngineUnavailable, UsageError
from actlite.journal.lifecycle import clean, sweep
from actlite.journal.runs import RunStore, State


@click.command("clean")
@click.argument("run", required=False)
@click.option("--all", "all_", is_flag=True, help="All runs of this repository that aren't alive.")
@DIRECTORY
def command(run: str | None, all_: bool, directory: Any) -> int:
    """Remove a run: its containers, journal, logs and artifacts.

    Without RUN and --all: what killed runs left, and nothing that is kept.
    """
    if run and all_:
        raise UsageError("A run and --all are given.", do="Give one of them.")
    store = RunStore.beside(directory)
    engine = _engine()
    try:
        if not run and not all_:
            said = sweep(engine, store)
            write(said or ["Nothing is left over."])
            return 0
        left: list[str] = []
        folders = [store.get(run)] if run else store.runs()
        removed = 0
        for folder in folders:
            if all_ and folder.state() is State.LIVE and folder.alive():
                write([f"Run {folder.id} is alive and stays."])
                continue
            problems = clean(engine, folder)
            left += problems
            removed += not problems
        write([f"Removed {removed} run{'s' * (removed != 1)}.", *left])
        return 1 if left else 0
    finally:
        if engine is not None:
            engine.close()


def _engine() -> Engine | None:
    """The engine, or None with a word about it: folders can be cleaned without one."""
    from actlite.engines.select import select

    try:
        return select("auto")
    except EngineUnavailable as error:
        say(f"note: no container engine answers ({error.what}); containers are not looked at.")
        return None
