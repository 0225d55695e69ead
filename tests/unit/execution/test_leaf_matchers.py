"""Problem matchers: their files, their patterns, and that none can hang us."""

import json
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from actlite.events import Annotation
from actlite.execution.command_effects import CommandEffects
from actlite.execution.dotnet_regex import translate
from actlite.execution.masking import Masker
from actlite.execution.matcher_config import MatcherConfig, Pattern
from actlite.execution.matcher_worker import LineMatchers
from actlite.execution.matchers import MatcherError, Matchers, StepMatchers, load_matchers
from actlite.execution.output import StepLog

TSC = {
    "owner": "tsc",
    "pattern": [
        {
            "regexp": r"^([^\s].*)[\(:](\d+)[,:](\d+)(?:\):\s+|\s+-\s+)(error|warning|info)\s+TS(\d+)\s*:\s*(.*)$",
            "file": 1,
            "line": 2,
            "column": 3,
            "severity": 4,
            "code": 5,
            "message": 6,
        }
    ],
}
STYLISH = {
    "owner": "eslint-stylish",
    "pattern": [
        {"regexp": r"^([^\s].*)$", "file": 1},
        {
            "regexp": r"^\s+(\d+):(\d+)\s+(error|warning|info)\s+(.*)\s\s+(.*)$",
            "line": 1,
            "column": 2,
            "severity": 3,
            "message": 4,
            "code": 5,
            "loop": True,
        },
    ],
}


def simple(owner: str, regexp: str, **more: Any) -> dict[str, Any]:
    return {"owner": owner, "pattern": [{"regexp": regexp, "message": 0}], **more}


def write(path: Path, *matchers: Any) -> Path:
    file = path / "m.json"
    file.write_text(json.dumps({"problemMatcher": matchers}))
    return file


def load(path: Path, *matchers: Any) -> list[MatcherConfig]:
    return load_matchers(write(path, *matchers))[0]


@pytest.fixture
def matchers() -> Iterator[Matchers]:
    made = Matchers()
    yield made
    made.close()


@pytest.fixture
def step(matchers: Matchers) -> Iterator[StepMatchers]:
    made = matchers.for_step()
    yield made
    made.close()


def test_one_line(tmp_path: Path, matchers: Matchers, step: StepMatchers) -> None:
    matchers.add(load(tmp_path, TSC))
    line = "src/a.ts(3,14): error TS2304: Cannot find name 'x'."
    assert step.feed(line) == (
        Annotation("error", "Cannot find name 'x'.", file="src/a.ts", line=3, column=14),
        line,
    )
    assert step.feed("all is well") is None
    assert step.feed("src/a.ts(3,14): info TS1: not a level that is shown") is None


def test_several_lines_with_a_loop(tmp_path: Path, matchers: Matchers, step: StepMatchers) -> None:
    matchers.add(load(tmp_path, STYLISH))
    found = step.feed_lines(
        [
            "test.js",
            '  1:0   error  Missing "use strict" statement  strict',
            "  5:10  warning  'addOne' is defined but never used  no-unused-vars",
            "",
            "  6:1   error  Not after an empty line  x",
        ]
    )
    assert [(f[0].file, f[0].line, f[0].level, f[0].message) if f else None for f in found] == [
        None,
        ("test.js", 1, "error", 'Missing "use strict" statement'),
        ("test.js", 5, "warning", "'addOne' is defined but never used"),
        None,
        None,
    ]


def test_what_was_begun_lasts_over_calls_but_not_over_steps(tmp_path: Path, matchers: Matchers) -> None:
    matchers.add(load(tmp_path, STYLISH))
    step, other = matchers.for_step(), matchers.for_step()
    step.feed("test.js")
    assert other.feed("  1:0  error  m  strict") is None
    assert step.feed("  1:0  error  m  strict") is not None
    step.close()
    later = matchers.for_step()
    assert later.feed("  1:0  error  m  strict") is None
    later.close()
    other.close()


def test_what_was_begun_lasts_when_others_are_added_and_removed(
    tmp_path: Path, matchers: Matchers, step: StepMatchers
) -> None:
    matchers.add(load(tmp_path, STYLISH))
    step.feed("test.js")
    matchers.add(load(tmp_path, TSC))
    assert step.feed("  1:0  error  m  strict") is not None
    assert matchers.remove(["TSC", "unknown"]) == ["tsc"]
    assert step.feed("  2:0  error  m  strict") is not None
    matchers.add(load(tmp_path, STYLISH))
    assert step.feed("  3:0  error  m  strict") is None


def test_the_newest_comes_first_and_replaces_its_owner(
    tmp_path: Path, matchers: Matchers, step: StepMatchers
) -> None:
    matchers.add(load(tmp_path, simple("a", "E", severity="warning"), simple("b", "E")))
    matchers.add(load(tmp_path, simple("c", "E", severity="Notice")))
    assert list(matchers.owners) == ["c", "a", "b"]
    # A step that runs takes the matchers of a file one by one.
    assert list(step.owners) == ["c", "b", "a"]
    found = step.feed("E")
    assert found is not None
    assert found[0].level == "notice"
    matchers.add(load(tmp_path, simple("A", "X")))
    assert list(matchers.owners) == ["A", "c", "b"]
    matchers.remove(["a", "C", "unknown"])
    assert list(matchers.owners) == list(step.owners) == ["b"]
    assert step.active


def test_a_match_resets_the_others() -> None:
    two_lines = {
        "severity": "",
        "fromPath": "",
        "patterns": [
            {"regexp": "^(A)$", "file": 1, "loop": False},
            {"regexp": "^B$", "message": 0, "loop": False},
        ],
    }
    one_line = {"severity": "", "fromPath": "", "patterns": [{"regexp": "^X$", "message": 0, "loop": False}]}
    lines = LineMatchers([one_line, two_lines])
    assert lines.match("A") is None
    assert lines.match("X") is not None
    assert lines.match("B") is None
    assert [lines.match(line) is not None for line in ("A", "B")] == [False, True]


def test_colours_stay_in_a_line(tmp_path: Path, matchers: Matchers, step: StepMatchers) -> None:
    """As in the runner, which means to take them out and doesn't."""
    matchers.add(load(tmp_path, simple("a", "^E: .*$")))
    assert step.feed("\x1b[1;31mE: red") is None
    line = "E: \x1b[31mred\x1b[m"
    assert step.feed(line) == (Annotation("error", line), line)


def test_files_are_resolved_with_the_from_path(tmp_path: Path) -> None:
    made = Matchers(resolve=lambda file, from_path, _: f"{from_path}|{file}")
    pattern = {"regexp": r"^(\S*) (.+) in (.+)$", "file": 1, "message": 2, "fromPath": 3}
    made.add(load(tmp_path, {"owner": "a", "fromPath": "default", "pattern": [pattern]}))
    step = made.for_step()
    found = step.feed_lines(["f.c bad in p/x.proj", " bad in p/x.proj"])
    assert [f and f[0].file for f in found] == ["p/x.proj|f.c", ""]
    step.close()
    made.close()


def test_a_pattern_that_never_ends_is_stopped_and_removed(tmp_path: Path) -> None:
    made = Matchers(timeout=0.3)
    made.add(load(tmp_path, simple("slow", "^(a+)+$"), simple("good", "bad thing")))
    step = made.for_step()
    started = time.monotonic()
    found = step.feed_lines(["bad thing 1", "a" * 60 + "!", "bad thing 2"])
    assert time.monotonic() - started < 20
    assert list(step.owners) == ["good"]
    assert [bool(f) for f in found] == [True, False, True]
    ((number, warning),) = step.take_warnings()
    assert number == 1
    assert warning.startswith(
        "Removing issue matcher 'slow'. Matcher failed 3 times. Error: The Regex engine has timed out"
    )
    assert step.take_warnings() == []
    # It is gone for the rest of the step, not of the job.
    assert list(made.owners) == ["slow", "good"]
    step.close()
    made.close()


@pytest.mark.parametrize(
    ("matcher", "text"),
    [
        (simple("", "x"), "Owner must not be empty"),
        (simple("a", "x", severity="bad"), "Matcher 'a' contains unexpected default severity 'bad'"),
        ({"owner": "a", "pattern": []}, "Matcher 'a' does not contain any patterns"),
        ({"owner": "a"}, "Matcher 'a' does not contain any patterns"),
        ({"owner": "a", "pattern": [{"regexp": "x", "file": 0}]}, "At least one pattern must set 'message'"),
        (
            {"owner": "a", "pattern": [{"regexp": "x", "message": 1}]},
            "The property 'message' is set to 1 which is out of range",
        ),
        (
            {"owner": "a", "pattern": [{"regexp": "x", "message": 0}, {"regexp": "y", "message": 0}]},
            "The property 'message' is set twice",
        ),
        (
            {"owner": "a", "pattern": [{"regexp": "x", "message": 0, "loop": True}]},
            "Only the last pattern in a multiline matcher may set 'loop'",
        ),
        (
            {"owner": "a", "pattern": [{"regexp": "x", "message": 0}, {"regexp": "y", "loop": True}]},
            "The loop pattern must set 'message'",
        ),
        (simple("a", "("), "Invalid pattern '('"),
        ({"owner": "a", "pattern": {"regexp": "x"}}, "Error reading 'pattern': unexpected value"),
        ({"owner": "a", "pattern": ["x"]}, "Each item of 'pattern' must be a mapping."),
        ("a", "Each item of 'problemMatcher' must be a mapping."),
        ({"owner": "a", "pattern": [{"regexp": "x", "message": True}]}, "Error reading 'message'"),
    ],
)
def test_matchers_that_are_refused(tmp_path: Path, matcher: Any, text: str) -> None:
    with pytest.raises(MatcherError, match=re.escape(text)):
        load(tmp_path, matcher)


def test_an_owner_may_not_be_there_twice(tmp_path: Path) -> None:
    with pytest.raises(MatcherError, match="Duplicate owner name 'A'"):
        load(tmp_path, simple("a", "x"), simple("A", "y"))


def test_files_that_are_refused(tmp_path: Path) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text("{")
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    large = tmp_path / "large"
    with large.open("wb") as stream:
        stream.truncate(5 * 1024 * 1024)
    for file, text in (
        (bad, "is not JSON"),
        (fifo, "not a plain file"),
        (tmp_path, "not a plain file"),
        (large, "at most"),
        (tmp_path / "none", "Could not find file"),
    ):
        with pytest.raises(MatcherError, match=text):
            load_matchers(file)


@pytest.mark.parametrize(
    "text", ['"' + '\\"' * 100_000, '"' + '\\"' * 100_000 + "\\", "/* " * 100_000, ", " * 100_000]
)
def test_json_without_an_end_is_refused_at_once(tmp_path: Path, text: str) -> None:
    file = tmp_path / "m.json"
    file.write_text(text)
    start = time.process_time()
    with pytest.raises(MatcherError, match="is not JSON"):
        load_matchers(file)
    assert time.process_time() - start < 5


def test_comments_numbers_as_text_and_marks_are_let_pass(tmp_path: Path) -> None:
    file = tmp_path / "m.json"
    file.write_text(
        '\ufeff{ // c\n"problemMatcher": [{"Owner": "a", /* x */ "pattern": [{"regexp": "// (,])", "message": "1"},]}]}',
        encoding="utf-8",
    )
    configs, _ = load_matchers(file)
    assert configs[0].patterns[0].regexp == "// (,])"
    file.write_text(
        json.dumps(
            {
                "problemMatcher": [
                    {
                        "owner": 5,
                        "pattern": [
                            {"regexp": "a", "message": 0},
                            {"regexp": "b", "file": 0, "loop": "False"},
                        ],
                    }
                ]
            }
        )
    )
    assert load_matchers(file)[0][0].owner == "5"
    file.write_text("[]")
    assert load_matchers(file) == ([], [])


def test_what_python_can_not_run_is_left_out_with_a_word(tmp_path: Path) -> None:
    nested = "(?:a|b" * 5000 + ")" * 5000
    bad = {"a": "(?<=a+)b", "c": "x{4294967296}", "d": nested}
    matchers = [simple(owner, regexp) for owner, regexp in bad.items()]
    configs, unsupported = load_matchers(write(tmp_path, *matchers, simple("b", "x")))
    assert [config.owner for config in configs] == ["b"]
    for owner, text in zip(bad, unsupported, strict=True):
        said = f"The problem matcher '{owner}' is left out: Python can't run '{bad[owner][:200]}"
        assert text.startswith(said)
        assert len(text) < 400


@pytest.mark.parametrize(
    ("pattern", "text", "groups"),
    [
        (r"(?<n>a)(b)\k<n>", r"(?P<n>a)(b)(?P=n)", (0, 2, 1)),
        (r"(?'n'a)(?:x)(?<=y)(?<!z)(?=q)", r"(?P<n>a)(?:x)(?<=y)(?<!z)(?=q)", (0, 1)),
        (r"[[(]\(\e\cA", r"[\[(]\(\x1b\x01", (0,)),
        (r"[^]a]\z", r"[^\]a]\Z", (0,)),
        (r"[\s->=]*[\d-]", r"[\s\->=]*[\d\-]", (0,)),  # as in the matchers of actions-rs/cargo
        ("a\\", "a\\", (0,)),
        ("[a", "[a", (0,)),
    ],
)
def test_translation(pattern: str, text: str, groups: tuple[int, ...]) -> None:
    translated = translate(pattern)
    assert (translated.text, translated.groups) == (text, groups)


def effects_with(
    masker: Masker,
    matchers: Matchers,
    annotations: list[Annotation] | None = None,
    workspace: Path | None = None,
) -> CommandEffects:
    return CommandEffects(
        outputs={},
        state={},
        env={},
        path=[],
        masker=masker,
        annotate=(annotations if annotations is not None else []).append,
        translate_path=lambda _: None,
        env_lookup=lambda _: None,
        debug=False,
        workspace=workspace,
        matchers=matchers,
    )


def test_in_a_step_log_a_match_becomes_an_annotation(tmp_path: Path, matchers: Matchers) -> None:
    emitted: list[str] = []
    annotations: list[Annotation] = []
    masker = Masker()
    masker.add("secret")
    effects = effects_with(masker, matchers, annotations, tmp_path)
    log = StepLog(emit=emitted.append, handler=effects, masker=masker)
    write(tmp_path, simple("a", "^E: .*$", severity="warning"))
    log.feed(
        b"E: before\n::add-matcher::m.json\nE: the secret\r\nfine\n::remove-matcher owner=a::\nE: after\n"
    )
    log.close()
    assert "".join(emitted) == "E: before\n##[warning]E: the ***\nfine\nE: after\n"
    assert annotations == [Annotation("warning", "E: the ***")]


def test_many_lines_beside_many_secrets_are_quick(matchers: Matchers) -> None:
    """Nearly every job has matchers at work, which must not make each line a text of its own to the masker."""
    emitted: list[str] = []
    masker = Masker()
    for number in range(600):
        masker.add(f"secret-{number:03}")
    effects = effects_with(masker, matchers)
    log = StepLog(emit=emitted.append, handler=effects, masker=masker)
    matchers.add([MatcherConfig("a", "", "", (Pattern("^E: .*$", {"message": 0}, False),))])
    start = time.process_time()
    log.feed(b"a line of output\nsecret-007\n" * 20_000 + b"E: secret-100\nthe last, secret-199")
    log.close()
    assert time.process_time() - start < 3
    assert "".join(emitted) == "a line of output\n***\n" * 20_000 + "##[error]E: ***\nthe last, ***"
