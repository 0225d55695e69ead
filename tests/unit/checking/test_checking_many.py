"""Many files at once: shares of the work, and answers that are remembered; neither changes what is said."""

from __future__ import annotations

import os
import random
import signal
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from actlite.checking import many, parallel, remembered
from actlite.checking.files import FolderFiles, TextFiles
from actlite.checking.parallel import processes, work_all
from actlite.checking.predictions.settings import Predicting
from actlite.checking.repository import Checked, check
from actlite.checking.watched import Watch, World
from actlite.diagnostics import Diagnostic, Fix, Label, Severity
from actlite.source import SourceFile

JOBS = "jobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n"
GOOD = f"on: push\n{JOBS}      - run: x\n"
BAD = f"on: push\n{JOBS}      - rum: x\n"
USES = f"on: push\n{JOBS}      - uses: actions/checkout@v4\n      - uses: ./tool\n        with: {{a: 1}}\n"
CALLS = "on: push\njobs:\n  a:\n    uses: ./.github/workflows/called.yml\n    with: {b: x}\n"
CALLED = f"on:\n  workflow_call:\n    inputs: {{b: {{type: string}}}}\n{JOBS}      - run: x\n"
OLD = f"on: push\n{JOBS}      - uses: actions/checkout@v4\n".replace(
    "    steps", "    container: centos:7\n    steps"
)
ACTION = "name: Tool\ndescription: A tool\ninputs: {a: {description: x}}\nruns: {using: node20, main: x.js}\n"


def put(root: Path, **files: str) -> None:
    folder = root / ".github" / "workflows"
    folder.mkdir(parents=True, exist_ok=True)
    (root / ".git").mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.yml").write_text(text)


def checked(root: Path, memory: Path | None = None, *, follow: bool = True) -> Checked:
    names = sorted(path.relative_to(root).as_posix() for path in root.glob(".github/workflows/*.yml"))
    return check(FolderFiles(root), names, follow=follow, remembered=memory)


def said(found: Checked) -> list[str]:
    return [file.name for file in found.files] + [finding.render() for finding in found.findings]


def test_an_answer_without_predictions_does_not_stand_for_one_with_them(tmp_path: Path) -> None:
    root, memory = tmp_path / "r", tmp_path / "m"
    put(root, old=OLD)
    name = ".github/workflows/old.yml"
    by = Predicting(as_of=date(2026, 11, 23))
    found = [
        check(FolderFiles(root), [name], remembered=memory, predicting=predicting).findings
        for predicting in (None, by, None, by)
    ]
    assert [len(findings) for findings in found] == [0, 1, 0, 1]


def test_an_answer_is_remembered_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, memory = tmp_path / "r", tmp_path / "m"
    put(root, bad=BAD, good=GOOD, uses=USES, calls=CALLS, called=CALLED)
    (root / "tool").mkdir()
    (root / "tool" / "action.yml").write_text(ACTION)
    anew = said(checked(root))
    assert anew[:6] == sorted(anew[:6])
    assert any("rum" in line for line in anew)
    assert said(checked(root, memory)) == anew

    def never(*_: Any) -> Any:
        raise AssertionError("nothing should be left to check")

    monkeypatch.setattr(many, "_check", never)
    assert said(checked(root, memory)) == anew


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda root: (root / "tool" / "action.yml").write_text(ACTION.replace("a:", "c:")), "'a'"),
        (lambda root: (root / "tool" / "action.yml").unlink(), "tool"),
        (lambda root: put(root, called=CALLED.replace("b:", "c:")), "b"),
        (lambda root: put(root, called=BAD), "called"),
        (lambda root: (root / ".github/workflows/called.yml").unlink(), "called"),
        (lambda root: put(root, good=BAD), "rum"),
    ],
)
def test_what_an_answer_rests_on_is_looked_at_again(tmp_path: Path, change: Any, words: str) -> None:
    root, memory = tmp_path / "r", tmp_path / "m"
    put(root, good=GOOD, uses=USES, calls=CALLS, called=CALLED)
    (root / "tool").mkdir()
    (root / "tool" / "action.yml").write_text(ACTION)
    before = said(checked(root, memory))
    change(root)
    after = said(checked(root, memory))
    assert after == said(checked(root))
    assert after != before
    assert any(words in line for line in after)


def test_a_file_alone_is_told_of_the_called_one(tmp_path: Path) -> None:
    """What is checked beside a file matters: a called workflow's faults are told where it is checked itself."""
    root, memory = tmp_path / "r", tmp_path / "m"
    put(root, calls=CALLS, called=BAD)
    for names in (
        [".github/workflows/calls.yml"],
        [".github/workflows/called.yml", ".github/workflows/calls.yml"],
    ) * 2:
        anew = said(check(FolderFiles(root), names, follow=False))
        assert said(check(FolderFiles(root), names, follow=False, remembered=memory)) == anew


def test_other_code_remembers_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = SourceFile("a.yml", GOOD)
    memory = remembered.Remembered(tmp_path)
    first = memory._place(source, "alone")
    monkeypatch.setattr(remembered, "code_state", lambda: "other")
    assert memory._place(source, "alone") != first


def test_a_spoilt_memory_is_no_error(tmp_path: Path) -> None:
    root, memory = tmp_path / "r", tmp_path / "m"
    put(root, bad=BAD)
    anew = said(checked(root, memory))
    kept = [path for path in memory.rglob("*") if path.is_file()]
    assert kept
    for text in (b"", b"{", b"[]", b"\xff", b'{"looks": 1, "answer": 2}', b'{"looks": [[1]], "answer": 2}'):
        for path in kept:
            path.write_bytes(text)
        assert said(checked(root, memory)) == anew
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert said(checked(root, blocked)) == anew


def test_the_memory_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "SHARD", 4)
    memory = tmp_path / "m"
    for number in range(700):
        name = f".github/workflows/w{number}.yml"
        source = SourceFile(name, GOOD)
        world = World(TextFiles({name: GOOD}), None, frozenset())
        remembered.Remembered(memory).keep(source, Watch(world), "alone", {"number": number})
        if number % 100 == 0:
            assert remembered.Remembered(memory).find(source, world, "alone") == {"number": number}
    assert max(len(list(shard.iterdir())) for shard in memory.iterdir()) <= 4


def test_every_part_of_a_finding_is_kept() -> None:
    own, other = SourceFile("a.yml", "on: push\n"), SourceFile("b.yml", "jobs: {}\n")
    finding = Diagnostic(
        "code", Severity.WARNING, "words \ud83d", own.span(0, 2), "label", (Label(other.span(0, 4), "there"),),
        ("one", "two"), "do this", Fix("mend", own.span(4, 8), "pull_request"),
    )  # fmt: skip
    again = remembered.finding_of(remembered.finding_data(finding, own), own)
    assert again.render() == finding.render()
    assert (again.fix and (again.fix.title, again.fix.span.text, again.fix.replacement)) == (
        "mend",
        "push",
        "pull_request",
    )
    assert again.labels[0].span.text == "jobs"


@pytest.mark.parametrize("count", [1, 2, 3, 8])
def test_work_is_shared_and_answered_in_order(count: int) -> None:
    tasks = [str(number) for number in range(37)]
    weights = [random.randrange(100) for _ in tasks]
    answers = work_all(tasks, weights, lambda task: [task, os.getpid()], count)
    assert list(answers) == tasks
    assert all(answers[task][0] == task for task in tasks)
    assert len({answers[task][1] for task in tasks}) == count


def test_what_a_child_fails_to_do_the_parent_does() -> None:
    parent = os.getpid()

    def work(task: str) -> str:
        if os.getpid() != parent:
            if task == "1":
                os.kill(os.getpid(), signal.SIGKILL)
            raise RuntimeError
        return task

    tasks = ["0", "1", "2", "3", "4", "5"]
    assert work_all(tasks, [1] * 6, work, 3) == {task: task for task in tasks}


def test_an_error_is_raised_in_the_parent() -> None:
    def work(task: str) -> str:
        raise RuntimeError(task)

    with pytest.raises(RuntimeError):
        work_all(["0", "1", "2"], [1] * 3, work, 2)


def test_little_work_stays_in_one_process() -> None:
    assert processes([]) == 1
    assert processes([100] * 20) == 1
    assert processes([10 * parallel.WORTH]) == 1
    assert 1 <= processes([parallel.WORTH] * 100) <= parallel.MOST


def test_shares_say_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = {f".github/workflows/w{n}.yml": random.choice((GOOD, BAD, USES)) for n in range(40)}
    alone = said(check(TextFiles(texts), sorted(texts)))
    monkeypatch.setattr(parallel, "processes", lambda weights: 3)
    assert said(check(TextFiles(texts), sorted(texts))) == alone


def test_a_missing_workflow_is_told_with_the_nearest_one(tmp_path: Path) -> None:
    """With and without a memory, alone and beside others; and again when there is a nearer one."""
    root, memory = tmp_path / "r", tmp_path / "m"
    put(root, calls=CALLS.replace("called.yml", "caled.yml"), called=CALLED)
    names = [".github/workflows/calls.yml"]
    for kept in (None, memory, memory):
        (finding,) = check(FolderFiles(root), names, follow=False, remembered=kept).findings
        assert "./.github/workflows/called.yml" in finding.label
    put(root, caleb=CALLED)
    (root / ".github/workflows/called.yml").unlink()
    (finding,) = check(FolderFiles(root), names, follow=False, remembered=memory).findings
    assert "./.github/workflows/caleb.yml" in finding.label


def _refused(*_: Any, **__: Any) -> Any:
    raise OSError(11, "Resource temporarily unavailable")


@pytest.mark.parametrize("what", ["fork", "mkstemp"])
def test_without_processes_or_files_the_parent_does_all(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    monkeypatch.setattr(os if what == "fork" else tempfile, what, _refused)
    before = os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else []
    tasks = ["0", "1", "2", "3"]
    answers = work_all(tasks, [1] * 4, lambda task: os.getpid(), 3)
    assert answers == dict.fromkeys(tasks, os.getpid())
    assert before == (os.listdir("/proc/self/fd") if before else [])


def test_children_that_nobody_may_wait_for() -> None:
    """Whoever starts us with SIGCHLD ignored has the system take our children away."""
    old = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        assert work_all(["0", "1", "2"], [1] * 3, lambda task: task, 3) == {"0": "0", "1": "1", "2": "2"}
        parent = os.getpid()

        def work(task: str) -> str:
            if os.getpid() == parent:
                raise RuntimeError(task)
            return task

        with pytest.raises(RuntimeError):
            work_all(["0", "1", "2"], [1] * 3, work, 3)
    finally:
        signal.signal(signal.SIGCHLD, old)


def test_a_damaged_answer_is_none(tmp_path: Path) -> None:
    root, memory = tmp_path / "r", tmp_path / "m"
    put(root, bad=BAD)
    anew = said(checked(root, memory))
    (kept,) = (path for path in memory.rglob("*") if path.is_file())
    whole = kept.read_bytes()
    for _ in range(40):
        place = random.randrange(len(whole))
        kept.write_bytes(
            whole[:place] + bytes([whole[place] ^ 1 << random.randrange(8)]) + whole[place + 1 :]
        )
        assert said(checked(root, memory)) == anew
        kept.write_bytes(whole[:place])
        assert said(checked(root, memory)) == anew
    assert kept.read_bytes() == whole
