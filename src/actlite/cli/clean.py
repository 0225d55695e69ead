"""``actlite clean``: remove what past runs left."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import click

from actlite.cli.common import DIRECTORY
from actlite.cli.ends import say
from actlite.cli.text import write
from actlite.engines.base import Engine
from actlite.errors import EngineUnavailable, UsageError
from actlite.events import RunStarted
from actlite.journal.lifecycle import clean, sweep
from actlite.journal.log import read_events
from actlite.journal.runs import RunFolder, RunStore, State


@click.command("clean")
@click.argument("run", required=False)
@click.option("--all", "all_", is_flag=True, help="All runs of this repository that aren't alive.")
@DIRECTORY
def command(run: str | None, all_: bool, directory: Any) -> int:
    """Remove a run (or `last`): its processes and containers, journal, logs and artifacts.

    Without RUN and --all: what killed runs left, and nothing that is kept.
    """
    if run and all_:
        raise UsageError("A run and --all are given.", do="Give one of them.")
    store = RunStore.beside(directory)
    with _Engines() as engines:
        if not run and not all_:
            write(_sweep(engines, store) or ["Nothing is left over."])
            return 0
        left: list[str] = []
        folders = [store.get(None if run == "last" else run)] if run else store.runs()
        removed = 0
        for folder in folders:
            if all_ and folder.state() is State.LIVE and folder.alive():
                write([f"Run {folder.id} is alive and stays."])
                continue
            problems = clean(engines.of(folder), folder, lambda text: write([text]))
            left += problems
            removed += not problems
        write([f"Removed {removed} run{'s' * (removed != 1)}.", *left])
        return 1 if left else 0


def _sweep(engines: _Engines, store: RunStore) -> list[str]:
    """The engine that answers, and Podman too where a run of this repository used it."""
    used = {id(engine): engine for engine in (engines.usual(), *map(engines.of, store.runs()))}
    return [said for engine in used.values() for said in sweep(engine, store)]


class _Engines:
    """The engines that runs used, each asked for once. None, with a word about it, for one that does not
    answer: folders can be cleaned without."""

    def __init__(self) -> None:
        self._known: dict[str, Engine | None] = {}

    def __enter__(self) -> _Engines:
        return self

    def __exit__(self, *_: object) -> None:
        for engine in self._known.values():
            if engine is not None:
                engine.close()

    def usual(self) -> Engine | None:
        """The engine that a run without ``--engine`` would get."""
        return self._get("auto")

    def of(self, folder: RunFolder) -> Engine | None:
        """The engine that a run used, by its journal."""
        if _engine_name(folder) != "podman":
            return self.usual()
        usual = self.usual()
        return usual if usual is not None and usual.name == "podman" else self._get("podman")

    def _get(self, kind: str) -> Engine | None:
        from actlite.engines.select import select

        if kind not in self._known:
            try:
                self._known[kind] = select(kind)
            except EngineUnavailable as error:
                say(f"note: no container engine answers ({error.what}); containers are not looked at.")
                self._known[kind] = None
        return self._known[kind]


def _engine_name(folder: RunFolder) -> str:
    with suppress(OSError):
        return next(
            (e.engine for e in read_events(folder.path, output=False) if isinstance(e, RunStarted)), ""
        )
    return ""
