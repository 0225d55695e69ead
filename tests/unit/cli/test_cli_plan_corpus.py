"""Real workflows are planned for a push of a tag and for a pull request: nothing breaks, in any form; and an
independent reading of the simple filters agrees on which are selected.

The whole corpus in the long mode, else a third of it that is another one each time.
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.shared_data import CORPUS, needs

from actlite.checking.predictions.settings import Predicting
from actlite.cli.plan_graph import dot, mermaid
from actlite.cli.plan_json import plan_data
from actlite.cli.plan_text import plan_lines
from actlite.cli.plan_view import view
from actlite.cli.select_workflows import Selected
from actlite.errors import InvalidWorkflow
from actlite.planning.plan import NotSelected, Plan, Trigger
from actlite.planning.planner import plan
from actlite.planning.trigger import make_trigger
from actlite.source import SourceFile
from actlite.workflow.model import Workflow
from actlite.workflow.reader import read

pytestmark = needs(CORPUS)


def workflows(number: int, seed: int) -> Iterator[tuple[Path, Workflow]]:
    """So many of the corpus' files, those that have no errors."""
    every = sorted(p for part in ("workflows", "workflows-history") for p in (CORPUS / part).glob("*/*.y*ml"))
    for path in sorted(random.Random(seed).sample(every, min(number, len(every)))):
        found, _ = read(SourceFile.read(path, path.name), f".github/workflows/{path.name}")
        if found is not None:
            yield path, found


@pytest.fixture(scope="module")
def triggers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Trigger]:
    folder = tmp_path_factory.mktemp("project")
    return {
        "tag": make_trigger("push", None, tag="v1.0.0", folder=folder),
        "pull": make_trigger("pull_request", None, branch="dev", folder=folder),
    }


@pytest.fixture
def no_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTLITE_CACHE", str(tmp_path))


def selected(made: Plan | NotSelected, trigger: Trigger, root: Path) -> Selected:
    plans = (made,) if isinstance(made, Plan) else ()
    skipped = (made,) if isinstance(made, NotSelected) else ()
    return Selected(root, None, trigger, plans, skipped, (), (), "no commit")


@pytest.mark.long
@pytest.mark.usefixtures("no_cache")
def test_every_workflow_is_planned(
    triggers: dict[str, Trigger],
    tmp_path: Path,
    seed: int,
    effort: Callable[[int, int], int],
    figure: Callable[[str, str], None],
) -> None:
    counts: Counter[str] = Counter()
    disagreed: list[str] = []
    number = effort(600, 1_000_000)
    today = Predicting()
    for path, workflow in workflows(number, seed):
        counts["files"] += 1
        for name, trigger in triggers.items():
            try:
                made = plan(workflow, trigger)
            except InvalidWorkflow:
                counts[f"{name}: refused"] += 1
                continue
            counts[f"{name}: {'selected' if isinstance(made, Plan) else 'not selected'}"] += 1
            expected = oracle(path, name)
            if expected is not None:
                counts[f"{name}: oracle asked"] += 1
                if expected is not isinstance(made, Plan):
                    disagreed.append(f"{path.parent.name}/{path.name} {name}: {expected} {made}"[:300])
            shown = view(
                selected(made, trigger, tmp_path),
                platforms={},
                variables={},
                overrides={},
                predicting=today,
                every_step=True,
            )
            text = "\n".join(plan_lines(shown, explain=True))
            assert "Unknown(" not in text, path
            json.dumps(plan_data(shown), allow_nan=False)
            assert mermaid(shown)
            assert dot(shown)
            for job in (job for one in shown.workflows for job in one.all_jobs()):
                counts[f"{name}: job runs: {job.condition.runs}"] += 1
                assert (job.condition.runs == "yes") is not bool(job.condition.reason), (path, job.plan.id)
    assert disagreed == []
    asked = counts["tag: oracle asked"] + counts["pull: oracle asked"]
    assert asked > counts["files"]
    figure(
        "Planning",
        f"{counts['files']:,} workflows of the corpus planned for a push of a tag and for a pull request: "
        f"{counts['tag: selected']} and {counts['pull: selected']} selected, {asked:,} choices compared with an oracle: "
        f"all agree; jobs: {counts['tag: job runs: yes'] + counts['pull: job runs: yes']:,} run, "
        f"{counts['tag: job runs: no'] + counts['pull: job runs: no']:,} surely not, "
        f"{counts['tag: job runs: depends'] + counts['pull: job runs: depends']:,} depend on the run",
    )


PLAIN = re.compile(r"[A-Za-z0-9_./*-]+")


def oracle(path: Path, name: str) -> bool | None:
    """Whether the trigger runs the file, by a reading of its own; None for what is not simple."""
    import yaml

    try:
        data = yaml.load(path.read_text("utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError:
        return None
    on = data.get(True, data.get("on")) if isinstance(data, Mapping) else None
    event = "push" if name == "tag" else "pull_request"
    if isinstance(on, str | list):
        return event in ([on] if isinstance(on, str) else on)
    if not isinstance(on, Mapping):
        return None
    if event not in on:
        return False
    filters: Mapping[str, Any] = on[event] or {}
    if not set(filters) <= ({"tags", "branches"} if name == "tag" else {"branches"}):
        return None
    if not filters:
        return True
    wanted = filters.get("tags" if name == "tag" else "branches")
    if wanted is None:
        return False
    wanted = [str(one) for one in (wanted if isinstance(wanted, list) else [wanted])]
    if not all(map(PLAIN.fullmatch, wanted)):
        return None
    ref = "v1.0.0" if name == "tag" else "main"
    return any(re.fullmatch(simple(one), ref) for one in wanted)


def simple(pattern: str) -> str:
    return re.sub(
        r"\*+", lambda stars: ".*" if len(stars[0]) > 1 else "[^/]*", re.escape(pattern).replace(r"\*", "*")
    )
