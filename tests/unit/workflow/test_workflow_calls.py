"""Calls of reusable workflows: what GitHub refuses a caller for, and where we tell it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from actlite.checking.files import TextFiles
from actlite.checking.repository import check
from actlite.diagnostics import Diagnostic
from actlite.source import SourceFile
from actlite.workflow.called import (
    HERE,
    CallReference,
    Found,
    Missing,
    Origin,
    Unknown,
    interface,
    parse_call,
)
from actlite.workflow.calls import Calls, Library, Limits, follow, outputs_of
from actlite.workflow.model import Workflow
from actlite.workflow.reader import read

FOLDER = ".github/workflows/"
JOB = "{runs-on: ubuntu-latest, steps: [{run: make}]}"
CALLABLE = f"on: workflow_call\njobs:\n  j: {JOB}\n"


def named(files: Mapping[str, str]) -> dict[str, str]:
    return {FOLDER + name: text for name, text in files.items()}


def told(files: Mapping[str, str], names: Sequence[str] = ()) -> list[Diagnostic]:
    """What a check of some files says, or of those that are named."""
    texts = named(files)
    return list(check(TextFiles(texts), [FOLDER + name for name in names] or sorted(texts)).findings)


def places(findings: Sequence[Diagnostic]) -> list[tuple[str, int, str]]:
    return [
        (f.span.source.name.removeprefix(FOLDER), f.span.line, f.code) for f in findings if f.span is not None
    ]


def calling(uses: str, more: str = "") -> str:
    return f"on: push\njobs:\n  call:\n    uses: {uses}\n{more}"


def walked(files: Mapping[str, str], root: str, limits: Limits | None = None) -> Calls:
    """The calls of one of some files; those with an @ are files of other repositories."""
    workflow, bag = read(SourceFile(FOLDER + root, files[root]), FOLDER + root)
    assert workflow is not None, [finding.message for finding in bag]
    return follow(workflow, Library(Several(files)), limits)


class Several:
    """Files of this repository, and of others by their whole names."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self.files = {name if "@" in name else FOLDER + name: text for name, text in files.items()}
        self.asked: list[str] = []

    def find(self, reference: CallReference, caller: Origin) -> Found | Missing | Unknown:
        repository, ref = reference.repository or caller.repository, reference.ref or caller.sha
        name = f"{repository}/{reference.path}@{ref}" if repository else reference.path
        self.asked.append(name)
        if name in self.files:
            return Found(SourceFile(name, self.files[name]), Origin(repository, ref))
        return Unknown(f"{name} is not here") if repository else Missing()


def messages(calls: Calls) -> list[str]:
    return [fault.finding.message for fault in calls.faults]


@pytest.mark.parametrize(
    ("text", "path", "repository", "ref"),
    [
        ("./.github/workflows/a.yml", ".github/workflows/a.yml", "", ""),
        ("$/.github/workflows/a.yaml", ".github/workflows/a.yaml", "", ""),
        ("o/r/.github/workflows/a.yml@v1", ".github/workflows/a.yml", "o/r", "v1"),
        ("o/.github/.github/workflows/a.yml@release/1", ".github/workflows/a.yml", "o/.github", "release/1"),
    ],
)
def test_references(text: str, path: str, repository: str, ref: str) -> None:
    assert parse_call(text) == CallReference(text, path, repository, ref)


@pytest.mark.parametrize(
    "text",
    [
        "./.github/workflows/a.yml@v1",
        ".github/workflows/a.yml",
        "./a.yml",
        "./.github/workflows/sub/a.yml",
        "o/r/.github/workflows/a.yml",
        "o/r/a.yml@v1",
        "o/r@v1",
        "${{ x }}",
        "",
    ],
)
def test_what_is_no_reference(text: str) -> None:
    assert parse_call(text) is None


def test_what_a_workflow_declares() -> None:
    text = """\
on:
  push:
  workflow_call:
    inputs: {n: {type: number, required: true, default: 3}}
    secrets: {key: {required: true}, other: }
    outputs: {o: {value: "${{ jobs.j.result }}"}}
jobs: {j: {runs-on: x, steps: [{run: y}]}}
"""
    workflow, _ = read(SourceFile("a.yml", text), FOLDER + "a.yml")
    assert workflow is not None
    declared = interface(workflow)
    assert declared is not None
    assert [(i.name, i.type, i.required) for i in declared.inputs] == [("n", "number", True)]
    assert [(s.name, s.required) for s in declared.secrets] == [("key", True), ("other", False)]
    assert declared.output_names == {"o"}


def test_a_workflow_without_workflow_call_declares_nothing() -> None:
    workflow, _ = read(SourceFile("a.yml", calling("./.github/workflows/b.yml")), FOLDER + "a.yml")
    assert workflow is not None
    assert interface(workflow) is None


def test_a_file_that_is_not_there() -> None:
    findings = told({"a.yml": calling("./.github/workflows/biuld.yml"), "build.yml": CALLABLE})
    assert places(findings) == [("a.yml", 4, "called-workflow-missing")]
    assert "workflow was not found" in findings[0].message


def test_where_files_may_lack_nothing_is_said() -> None:
    class Part(TextFiles):
        whole = False

    texts = named({"a.yml": calling("./.github/workflows/b.yml")})
    assert check(Part(texts), sorted(texts)).findings == ()


def test_a_workflow_of_another_repository_is_unknown() -> None:
    assert told({"a.yml": calling("o/r/.github/workflows/b.yml@v1")}) == []
    call = walked({"a.yml": calling("o/r/.github/workflows/b.yml@v1")}, "a.yml").calls["call"]
    assert call.called is None
    assert call.unknown == "o/r/.github/workflows/b.yml@v1 is not here"
    assert outputs_of(call) is None


INPUTS = """\
on:
  workflow_call:
    inputs:
      flag: {type: boolean}
      count: {type: number}
      Text: {type: string, required: true}
    secrets: {Key: {required: true}}
jobs:
  j: {runs-on: ubuntu-latest, steps: [{run: make}]}
"""


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("{text: a}", []),
        ("{TEXT: 1, FLAG: true, Count: 1.5}", []),
        ("{text: , flag: '${{ inputs.x }}', count: '${{ github.x }}'}", []),
        ("{text: true, flag: false, count: 0x10}", []),
        ("{text: a, flag: 'true'}", ["Unexpected value 'true'"]),
        ("{text: a, flag: yes}", ["Unexpected value 'yes'"]),
        ("{text: a, flag: 1}", ["Unexpected value '1'"]),
        ("{text: a, flag: }", ["Unexpected value ''"]),
        ("{text: a, flag: \"${{ 'true' }}\"}", ["Unexpected value 'true'"]),
        ("{text: a, count: '3'}", ["Unexpected value '3'"]),
        ("{text: a, count: true}", ["Unexpected value 'true'"]),
        ("{text: a, other: 3}", ["Invalid input, other is not defined in the referenced workflow."]),
        ("{flag: true}", ["Input Text is required, but not provided while calling."]),
    ],
)
def test_inputs(given: str, wanted: list[str]) -> None:
    more = f"    with: {given}\n    secrets: inherit\n"
    findings = told({"a.yml": calling("./.github/workflows/b.yml", more), "b.yml": INPUTS})
    assert [finding.message for finding in findings if finding.code.startswith("call-")] == wanted


@pytest.mark.parametrize(
    ("secrets", "wanted"),
    [
        ("inherit", []),
        ("{key: a}", []),
        ("{KEY: '${{ secrets.x }}'}", []),
        ("{}", ["Secret Key is required, but not provided while calling."]),
        (
            "{kye: a}",
            [
                "Secret Key is required, but not provided while calling.",
                "Invalid secret, kye is not defined in the referenced workflow.",
            ],
        ),
    ],
)
def test_secrets(secrets: str, wanted: list[str]) -> None:
    more = f"    with: {{text: a}}\n    secrets: {secrets}\n"
    findings = told({"a.yml": calling("./.github/workflows/b.yml", more), "b.yml": INPUTS})
    assert [finding.message for finding in findings] == wanted


def test_an_unknown_input_is_told_at_its_name_with_the_likely_one() -> None:
    more = "    with:\n      txet: a\n      text: b\n    secrets: inherit\n"
    (finding,) = told({"a.yml": calling("./.github/workflows/b.yml", more), "b.yml": INPUTS})
    assert finding.span is not None
    assert (finding.span.text, finding.label) == ("txet", "did you mean 'Text'?")


def test_a_secret_with_the_tokens_name() -> None:
    text = f"on:\n  workflow_call:\n    secrets:\n      github_token:\njobs:\n  j: {JOB}\n"
    assert places(told({"b.yml": text})) == [("b.yml", 4, "reserved-secret")]


NESTED = {
    "a.yml": calling("./.github/workflows/b.yml"),
    "b.yml": calling("./.github/workflows/c.yml").replace("push", "workflow_call"),
    "c.yml": "on:\n  workflow_call:\n    inputs: {i: {type: string, required: true}}\njobs:\n  j: "
    + JOB
    + "\n",
}


def test_a_fault_is_told_once_where_it_is() -> None:
    assert places(told(NESTED)) == [("b.yml", 4, "call-missing-input")]


def test_a_fault_in_a_file_that_is_not_checked_is_told_at_the_call() -> None:
    (finding,) = told(NESTED, ["a.yml"])
    assert places([finding]) == [("a.yml", 4, "call-missing-input")]
    assert finding.message == (
        "Error from called workflow .github/workflows/b.yml (Line: 4, Col: 11): "
        "Input i is required, but not provided while calling."
    )


def test_the_errors_of_a_called_file() -> None:
    files = {"a.yml": calling("./.github/workflows/b.yml"), "b.yml": "on: workflow_call\njbos: {}\nx: 1\n"}
    assert {place[0] for place in places(told(files))} == {"b.yml"}
    (finding,) = told(files, ["a.yml"])
    assert places([finding])[0][:2] == ("a.yml", 4)
    assert finding.message.startswith(
        "Error from called workflow .github/workflows/b.yml (Line: 2, Col: 1): "
    )
    assert "more error" in " ".join(finding.notes)


def test_a_circle() -> None:
    again = "on: [push, workflow_call]\njobs:\n  c:\n    uses: ./.github/workflows/{}.yml\n"
    findings = told({"a.yml": again.format("b"), "b.yml": again.format("a")})
    assert places(findings) == [("a.yml", 4, "call-limit"), ("b.yml", 4, "call-limit")]
    assert "a.yml → .github/workflows/b.yml → .github/workflows/a.yml" in findings[0].notes[0]


def chain(length: int) -> dict[str, str]:
    """A workflow that calls another, and so on."""
    files = {f"w{n}.yml": calling(f"./.github/workflows/w{n + 1}.yml") for n in range(length)}
    files = {name: text.replace("push", "[push, workflow_call]") for name, text in files.items()}
    return {**files, f"w{length}.yml": CALLABLE}


def test_ten_levels_and_no_more() -> None:
    assert walked(chain(9), "w0.yml").faults == ()
    faults = walked(chain(10), "w0.yml").faults
    assert [fault.finding.message for fault in faults] == ["Nested reusable workflow depth exceeded 9."]
    assert faults[0].finding.span is not None
    assert faults[0].finding.span.source.name == FOLDER + "w9.yml"


def fan(count: int) -> dict[str, str]:
    jobs = "".join(f"  j{n}: {{uses: ./.github/workflows/w{n}.yml}}\n" for n in range(count))
    return {"a.yml": f"on: push\njobs:\n{jobs}", **{f"w{n}.yml": CALLABLE for n in range(count)}}


def test_fifty_files_and_no_more() -> None:
    assert walked(fan(50), "a.yml").faults == ()
    assert messages(walked(fan(52), "a.yml")) == ["The maximum file count of 51 has been exceeded"]


def test_many_calls_end() -> None:
    many = "".join(f"  j{n}: {{uses: ./.github/workflows/NEXT.yml}}\n" for n in range(10))
    files = {
        f"w{n}.yml": f"on: [push, workflow_call]\njobs:\n{many.replace('NEXT', f'w{n + 1}')}"
        for n in range(8)
    }
    calls = walked({**files, "w8.yml": CALLABLE}, "w0.yml")
    assert calls.faults == ()


def test_a_local_call_in_a_fetched_workflow_is_of_its_repository() -> None:
    files = {
        "a.yml": calling("o/r/.github/workflows/b.yml@v1"),
        "c.yml": CALLABLE,
        "o/r/.github/workflows/b.yml@v1": NESTED["b.yml"],
        "o/r/.github/workflows/c.yml@v1": NESTED["c.yml"],
    }
    faults = walked(files, "a.yml").faults
    assert messages(walked(files, "a.yml")) == ["Input i is required, but not provided while calling."]
    assert [job.id for job in faults[0].callers] == ["call", "call"]
    call = walked(files, "a.yml").calls["call"].calls["call"]
    assert call.called is not None
    assert call.called.name == "o/r/.github/workflows/c.yml@v1"


def test_each_file_is_read_once() -> None:
    files = Several(fan(1))
    text = "on: push\njobs:\n" + "".join(f"  j{n}: {{uses: ./.github/workflows/w0.yml}}\n" for n in range(5))
    workflow, _ = read(SourceFile(FOLDER + "a.yml", text), FOLDER + "a.yml")
    assert workflow is not None
    library = Library(files)
    calls = library.calls(workflow)
    assert len({id(call.called) for call in calls.calls.values()}) == 1
    assert files.asked == [FOLDER + "w0.yml"]
    assert library.calls(workflow) is calls


def permissions(caller: str, called: str, job: str = "") -> list[str]:
    """What is said of a call with these permissions."""
    top = f"permissions: {caller}\n" if caller else ""
    inner = f"permissions: {called}\n" if called else ""
    own = f"permissions: {job}, " if job else ""
    files = {
        "a.yml": top + calling("./.github/workflows/b.yml"),
        "b.yml": f"on: workflow_call\n{inner}jobs:\n  j: {{{own}runs-on: x, steps: [{{run: y}}]}}\n",
    }
    return [message.split("'. ", 1)[1] for message in messages(walked(files, "a.yml"))]


@pytest.mark.parametrize(
    ("caller", "called", "job", "wanted"),
    [
        ("", "write-all", "write-all", []),
        ("write-all", "write-all", "", []),
        ("read-all", "{contents: read}", "{packages: read}", []),
        ("{contents: write}", "{contents: read}", "{contents: write}", []),
        (
            "{}",
            "{contents: read}",
            "",
            ["The workflow is requesting 'contents: read', but is only allowed 'contents: none'."],
        ),
        (
            "{contents: read}",
            "",
            "{contents: write, id-token: write}",
            [
                "The nested job 'j' is requesting 'contents: write, id-token: write', "
                "but is only allowed 'contents: read, id-token: none'."
            ],
        ),
        ("{models: read}", "{models: read}", "", []),
    ],
)
def test_permissions(caller: str, called: str, job: str, wanted: list[str]) -> None:
    assert permissions(caller, called, job) == wanted


def test_the_repositorys_default_is_a_limit_where_it_is_known() -> None:
    files = {"a.yml": calling("./.github/workflows/b.yml"), "b.yml": f"permissions: write-all\n{CALLABLE}"}
    (message,) = messages(walked(files, "a.yml", Limits(policy="LimitedRead")))
    assert "actions: write" in message
    assert "contents: read" in message


OUTPUTS = """\
on:
  workflow_call:
    outputs: {path: {value: "${{ jobs.j.outputs.p }}"}}
jobs:
  j: {runs-on: ubuntu-latest, outputs: {p: x}, steps: [{run: make}]}
"""


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("needs.call.outputs.path", []),
        ("needs['call'].OUTPUTS.Path", []),
        ("needs.call.outputs[github.ref]", []),
        ("needs.call.outputs.*", []),
        ("needs.call.outputs.paht", ["did you mean 'path'?"]),
        ("toJSON(needs.call.outputs.x)", [""]),
    ],
)
def test_outputs_of_a_call(expression: str, wanted: list[str]) -> None:
    last = (
        f"  last: {{needs: call, runs-on: ubuntu-latest, steps: [{{run: 'echo \"${{{{ {expression} }}}}\"'}}]}}\n"
    ).replace("'call'", "''call''")
    findings = told({"a.yml": calling("./.github/workflows/b.yml", last), "b.yml": OUTPUTS})
    found = [finding for finding in findings if finding.code == "unknown-needs-output"]
    assert [finding.label for finding in found] == wanted


def test_outputs_that_a_condition_and_a_called_workflow_read() -> None:
    last = "  last: {needs: call, if: needs.call.outputs.no == 1, runs-on: u, steps: [{run: make}]}\n"
    middle = """\
on:
  workflow_call:
    outputs: {a: {value: "${{ jobs.call.outputs.path }}"}, b: {value: "${{ jobs.call.outputs.no }}"}}
jobs:
  call: {uses: ./.github/workflows/b.yml}
"""
    findings = told({"a.yml": calling("./.github/workflows/b.yml", last), "b.yml": OUTPUTS, "m.yml": middle})
    found = [finding for finding in findings if finding.code == "unknown-needs-output"]
    assert places(found) == [("a.yml", 5, "unknown-needs-output"), ("m.yml", 3, "unknown-needs-output")]


def test_the_outputs_of_a_workflow_that_is_not_known_are_not_held_against_anybody() -> None:
    last = "  last: {needs: call, if: needs.call.outputs.no == 'a', runs-on: ubuntu-latest, steps: [{run: make}]}\n"
    assert told({"a.yml": calling("o/r/.github/workflows/b.yml@v1", last)}) == []


def test_a_known_workflow_is_found_without_its_file() -> None:
    workflow, _ = read(SourceFile(FOLDER + "b.yml", CALLABLE), FOLDER + "b.yml")
    assert isinstance(workflow, Workflow)
    files = Several({})
    library = Library(files)
    library.add(workflow)
    found = library.get(CallReference("./.github/workflows/b.yml", FOLDER + "b.yml"), HERE)
    assert getattr(found, "workflow", None) is workflow
    assert files.asked == []
