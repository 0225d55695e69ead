"""A report that is made of whole runs, and written when they have ended."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from actlite.events import Event, RunStarted
from actlite.journal.record import RecordBuilder, RunRecord
from actlite.journal.runs import write_atomically


class RecordFile:
    """Collects the runs and writes the report when it is closed, all or nothing: also when a run failed
    or was interrupted (its conclusion is ``cancelled`` then). Raises OSError when it can't be written."""

    def __init__(
        self,
        path: Path,
        render: Callable[[Sequence[RunRecord]], Mapping[str, Any]],
        write: Callable[[Path, bytes], None] = write_atomically,
    ) -> None:
        """``render`` makes the JSON object of the runs."""
        self._path = path
        self._render = render
        self._write = write
        self._runs: list[RecordBuilder] = []

    def __call__(self, event: Event) -> None:
        """Take one event; a RunStarted begins the next run."""
        if isinstance(event, RunStarted) or not self._runs:
            self._runs.append(RecordBuilder())
        self._runs[-1].add(event)

    def close(self) -> None:
        """Write the report."""
        data = self._render([builder.record for builder in self._runs])
        text = json.dumps(data, ensure_ascii=False, indent=2)
        self._write(self._path, text.encode("utf-8", "backslashreplace") + b"\n")
