"""``--report events=FILE``: every event as one JSON line, in the form of ``actlite.events.to_json``."""

from __future__ import annotations

import json
from pathlib import Path

from actlite.events import Event, to_json


class JsonLines:
    """Writes events to a file as they come; each line is complete in the file when the call returns.

    Raises OSError when the file can't be opened or written.
    """

    def __init__(self, path: Path) -> None:
        self._file = open(path, "wb")  # noqa: SIM115 (closed by close)

    def __call__(self, event: Event) -> None:
        """Write one event."""
        line = json.dumps(to_json(event), ensure_ascii=False, separators=(",", ":"))
        self._file.write(line.encode("utf-8", "backslashreplace") + b"\n")
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
