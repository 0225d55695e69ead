"""Our expressions against GitHub's own in TypeScript, on expressions made at random.

20,000 of them (ACTLITE_DIFFERENTIAL says how many), with a fresh seed (ACTLITE_SEED gives an old one) that is
printed; with ACTLITE_LONG=1 a million.
"""

from __future__ import annotations

import os
import random
import secrets
import shutil
from pathlib import Path

import pytest
from generated_expressions import Maker
from tests.oracles.expressions import Oracle, difference, ours

PACKAGE = Path(__file__).parents[3] / ".oracles" / "node_modules" / "@actions" / "expressions"
COUNT = int(os.environ.get("ACTLITE_DIFFERENTIAL", "1000000" if os.environ.get("ACTLITE_LONG") else "20000"))
BATCH = 1000
pytestmark = [
    pytest.mark.skipif(not PACKAGE.is_dir(), reason="no reference engines: sh scripts/oracles.sh"),
    pytest.mark.skipif(shutil.which("node") is None, reason="no node: sh scripts/oracles.sh"),
    pytest.mark.timeout(3600),
]


def test_expressions_come_to_what_github_has() -> None:
    seed = int(os.environ.get("ACTLITE_SEED", secrets.randbits(32)))
    print(f"seed {seed}")
    maker = Maker(random.Random(seed))
    found: list[str] = []
    compared = errors = silent = 0
    with Oracle() as oracle:
        while compared < COUNT:
            cases = [maker.case() for _ in range(min(BATCH, COUNT - compared))]
            for case, theirs in zip(cases, oracle.ask(cases), strict=True):
                own = ours(case)
                wrong = difference(case, theirs, own)
                if wrong:
                    found.append(f"{case[0]!r} with {case[1]}: {wrong}")
                errors += "stage" in own
                silent += "nothing" in theirs
            compared += len(cases)
            if len(found) > 20:
                break
    assert found == [], f"seed {seed}, {len(found)} of {compared} differ"
    assert compared == COUNT
    assert COUNT // 20 < errors < COUNT * 2 // 3, "the maker makes too many or too few faulty expressions"
    assert silent < COUNT // 20
