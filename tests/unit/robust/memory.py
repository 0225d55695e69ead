"""How much memory this process held at most."""

from __future__ import annotations

import re
from pathlib import Path


def most() -> int:
    """In MB, since the program was started. ``ru_maxrss`` would count what the process that started it held."""
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    found = re.search(r"^VmHWM:\s*(\d+) kB$", status, re.MULTILINE)
    assert found is not None, "no VmHWM in /proc/self/status"
    return int(found[1]) // 1024
