"""Reads, checks and plans mutants, under limits of time and memory: run as a process of its own.

``worker.py SEED FIRST COUNT FILE…`` writes one JSON object: how many mutants were sound, the most memory, the
slowest, and what failed.
"""

from __future__ import annotations

import json
import resource
import signal
import sys
import time
import traceback
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

from memory import most
from mutate import mutant

from actlite.checking.called import called_workflows
from actlite.checking.files import TextFiles
from actlite.checking.predictions.settings import Predicting
from actlite.checking.repository import check
from actlite.errors import ActliteError
from actlite.planning.plan import Trigger
from actlite.planning.planner import plan
from actlite.planning.trigger import make_trigger
from actlite.source import SourceFile
from actlite.workflow.reader import read

SECONDS = 5
"""How long one mutant may take, at most."""
NAME = ".github/workflows/mutant.yml"
MANIFEST = "mutant/action.yml"
PREDICTING = Predicting(as_of=date(2026, 11, 23), target="manylinux2014")


class TooLong(BaseException):
    """A mutant took longer than SECONDS."""


def triggers() -> list[Trigger]:
    """A push of a tag, and a pull request."""
    return [make_trigger("push", None, tag="v1.0.0"), make_trigger("pull_request", None)]


def whole(text: str, asked: list[Trigger]) -> bool:
    """Check a text as a workflow and as an action's manifest, and plan it; whether it is a workflow without errors."""
    files = TextFiles({NAME: text, MANIFEST: text})
    checked = check(files, [NAME, MANIFEST], predicting=PREDICTING)
    for finding in checked.findings:
        assert finding.render()
    workflow, bag = read(SourceFile(NAME, text), NAME)
    assert (workflow is None) == bool(bag.errors)
    if workflow is None:
        return False
    library = called_workflows(files)
    for trigger in asked:
        with suppress(ActliteError):
            plan(workflow, trigger, library=library)
    return True


def _alarm(*_: Any) -> None:
    raise TooLong


def main(seed: str, first: int, count: int, files: list[str]) -> dict[str, Any]:
    """Work on the mutants of these numbers."""
    signal.signal(signal.SIGALRM, _alarm)
    resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
    seeds = [Path(name).read_text(encoding="utf-8-sig") for name in files]
    asked = triggers()
    failed: list[dict[str, str]] = []
    sound = 0
    slowest = 0.0
    for number in range(first, first + count):
        text = mutant(seeds, f"{seed}-{number}")
        began = time.perf_counter()
        signal.setitimer(signal.ITIMER_REAL, SECONDS)
        try:
            sound += whole(text, asked)
        except (Exception, TooLong):
            signal.setitimer(signal.ITIMER_REAL, 0)
            failed.append(
                {"mutant": f"{seed}-{number}", "text": text, "error": traceback.format_exc()[-3000:]}
            )
        signal.setitimer(signal.ITIMER_REAL, 0)
        slowest = max(slowest, time.perf_counter() - began)
    return {
        "sound": sound,
        "slowest": slowest,
        "memory": most(),
        "failed": failed[:20],
        "failures": len(failed),
    }


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])))
