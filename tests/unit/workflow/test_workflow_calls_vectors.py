"""GitHub's own cases of reusable workflows (actions/languageservices, workflow-parser/testdata).

A case gives the files that a workflow calls, and either the errors or the expanded template.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import pytest
from tests.shared_data import VECTORS, needs

from actlite.document.nodes import Mapping as MappingNode
from actlite.document.nodes import Node, Scalar
from actlite.document.nodes import Sequence as SequenceNode
from actlite.source import SourceFile, Span
from actlite.workflow.call_findings import check_calls
from actlite.workflow.called import CallReference, Found, Missing, Origin, Unknown
from actlite.workflow.calls import Call, Calls, Fault, Library, Limits
from actlite.workflow.model import Job, Workflow
from actlite.workflow.permissions import Permissions, read_permissions
from actlite.workflow.reader import read

FOLDER = VECTORS / "reader"
PATH = ".github/workflows/"
SPLIT = re.compile(r"\r?\n---\r?\n")
EXCEPTIONS = {
    "skip-reusable-workflows.yml": "about a parser that leaves the called files alone",
}
"""Cases that we answer otherwise, and why."""
NEWER = frozenset({"artifact-metadata", "attestations", "models", "vulnerability-alerts"})
"""Permissions that are younger than the cases: read-all and write-all have them."""
OLDER_WORDS = (
    (re.compile(r"The workflow '[^']*' is requesting"), "The workflow is requesting"),
    (re.compile(r"The nested job '[^']*' is"), "The nested job is"),
    (re.compile(r"The workflow may not contain more than (\d+) jobs"), r"more than \1 jobs"),
    (
        re.compile(r"Workflows may not contain more than (\d+) jobs across all referenced files"),
        r"more than \1 jobs",
    ),
)
"""Where the cases have the words of an older parser: the current one names a nested job by its id."""


class InMemory:
    """The files of a case."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self.files = {name.casefold(): (name, text) for name, text in files.items()}

    def find(self, reference: CallReference, caller: Origin) -> Found | Missing | Unknown:
        """As in GitHub's own test: a name, and nothing that is known of its repository."""
        name = reference.text
        if reference.is_local:
            name = (
                f"{caller.repository}/{reference.path}@{caller.sha}" if caller.repository else reference.path
            )
        if name.casefold() not in self.files:
            return Missing()
        shown, text = self.files[name.casefold()]
        repository, ref = reference.repository or caller.repository, reference.ref or caller.sha
        return Found(SourceFile(shown, text), Origin(repository, ref), trusted=False)


def files_of(parts: list[str]) -> dict[str, str]:
    extra = parts[2:-1]
    return dict(zip(extra[::2], extra[1::2], strict=True))


def cases() -> list[Path]:
    """The cases about called workflows, but for those that GitHub's service is said not to pass (``skip: C#``), and
    those of EXCEPTIONS."""
    if not FOLDER.is_dir():
        return []
    found = []
    for path in sorted(FOLDER.glob("*.yml")):
        parts = SPLIT.split(path.read_bytes().decode())
        about = "reusable" in path.name or len(parts) > 3 or "permissions-policy" in parts[0]
        left_out = path.name in EXCEPTIONS or re.search(r"(?m)^\s*- C#\s*$", parts[0])
        if about and not left_out:
            found.append(path)
    return found


def option(options: str, name: str) -> str:
    found = re.search(rf"(?m)^{name}:\s*(\S+)", options)
    return found[1] if found else ""


def limits_of(options: str) -> Limits:
    policy: Literal["Write", "LimitedRead"] = (
        "LimitedRead" if option(options, "permissions-policy") == "LimitedRead" else "Write"
    )
    return Limits(
        depth=int(option(options, "max-nested-reusable-workflows-depth") or 9),
        jobs=int(option(options, "max-job-limit") or 0),
        policy=policy,
    )


@needs(FOLDER)
@pytest.mark.parametrize("path", cases(), ids=lambda path: path.stem)
def test_case_of_a_called_workflow(path: Path) -> None:
    parts = SPLIT.split(path.read_bytes().decode())
    expected = json.loads(parts[-1])
    name = PATH + path.name
    workflow, bag = read(SourceFile(name, parts[1]), name)
    found = [(f.span.source.name, f.span.line, f.message) for f in bag.errors if f.span is not None]
    limits = limits_of(parts[0])
    library = Library(InMemory(files_of(parts)))
    if workflow is not None:
        calls = library.calls(workflow, limits)
        for fault in calls.faults:
            place = place_of(fault)
            found.append((place.source.name, place.line, fault.finding.message))
        findings = check_calls(workflow, library, limits=limits)
        assert bool(findings) == bool(calls.faults)
        assert all(f.span is not None and f.span.source is workflow.source for f in findings)
    wanted = [error["Message"] for error in expected.get("errors", [])]
    assert len(found) == len(wanted), found
    for (file, line, message), told in zip(found, wanted, strict=True):
        where = re.match(r"(?:In )?(\S+) \(Line: (\d+), Col: \d+\): ", told)
        if where is not None:
            assert (file, line) == (where[1], int(where[2]))
        assert same_words(message, told[where.end() :] if where is not None else told)
    if not wanted:
        assert workflow is not None
        same_template(expected, library.calls(workflow, limits))


def place_of(fault: Fault) -> Span:
    """The place that GitHub's message begins with: in the file whose call it is about."""
    job = fault.callers[-1]
    span = fault.finding.span
    if span is not None and span.source.name == job.span.source.name:
        return span
    return job.uses.span if job.uses is not None else job.span


def same_words(ours: str, theirs: str) -> bool:
    """Whether a message is GitHub's, which is cut where it is long."""
    for old, new in OLDER_WORDS:
        ours, theirs = old.sub(new, ours), old.sub(new, theirs)
    for name in NEWER:
        ours = re.sub(rf"{name}: \w+, |, {name}: \w+", "", ours)
    return ours.startswith(theirs.removesuffix("[...]")) if theirs.endswith("[...]") else ours == theirs


def same_template(expected: dict[str, Any], calls: Calls) -> None:
    workflow = calls.workflow
    same_permissions(expected.get("permissions"), read_permissions(workflow.permissions))
    given = read_permissions(workflow.permissions)
    permissions = {job.id: read_permissions(job.permissions) or given for job in workflow.jobs}
    same_jobs(expected["jobs"], workflow, calls.calls, permissions)


def same_jobs(
    expected: list[dict[str, Any]],
    workflow: Workflow,
    calls: Mapping[str, Call],
    permissions: Mapping[str, Permissions | None],
) -> None:
    for wanted, job in zip(expected, workflow.jobs, strict=True):
        assert literal(wanted["id"]) == job.id
        assert [literal(need) for need in wanted.get("needs", [])] == list(job.needs)
        assert plain(wanted["name"]) == (plain_of(job.name) if job.name is not None else job.id)
        if wanted["type"] == "job":
            same_permissions(wanted.get("permissions"), permissions[job.id])
            assert job.id not in calls
            assert len(wanted["steps"]) == len(job.steps)
        else:
            same_call(wanted, job, calls[job.id], permissions[job.id])


def same_call(wanted: dict[str, Any], job: Job, call: Call, given: Permissions | None) -> None:
    assert literal(wanted["ref"]) == call.reference.text
    assert call.called is not None
    called = call.called.workflow
    assert called is not None
    assert call.interface is not None
    own = read_permissions(called.permissions)
    same_permissions(wanted.get("permissions"), given if own is None else own)
    inputs = plain(wanted.get("input-definitions"))
    for declared in call.interface.inputs:
        definition = inputs.pop(declared.name)
        assert definition["type"] == declared.type
        assert definition.get("required", False) == declared.required
        default = plain_of(declared.default) if declared.default is not None else None
        assert definition.get("default") == default
    assert not inputs
    assert plain(wanted.get("input-values")) == (plain_of(job.with_) if job.with_ is not None else {})
    secrets = plain(wanted.get("secret-definitions"))
    assert {s.name: s.required for s in call.interface.secrets} == {
        name: bool((value or {}).get("required")) for name, value in secrets.items()
    }
    if wanted.get("inherit-secrets"):
        assert isinstance(job.secrets, Scalar)
    else:
        assert plain(wanted.get("secret-values")) == (plain_of(job.secrets) if job.secrets else {})
    outputs = plain(wanted.get("outputs"))
    assert {o.name: plain_of(o.value) for o in call.interface.outputs if o.value is not None} == {
        name: value["value"] for name, value in outputs.items()
    }
    same_jobs(wanted["jobs"], called, call.calls, call.permissions)


def same_permissions(wanted: dict[str, str] | None, ours: Permissions | None) -> None:
    if wanted is None:
        assert ours is None
        return
    assert ours is not None
    assert {name: level for name, level in wanted.items() if level != "none"} == {
        name: level for name, level in ours.items() if name in wanted or name not in NEWER
    }


def literal(token: Any) -> str:
    return str(token["lit"]) if isinstance(token, dict) else str(token)


def plain(token: Any) -> Any:
    """A token of the expected template as plain data; expressions as their source."""
    if token is None:
        return {}
    if not isinstance(token, dict):
        return token
    if "map" in token:
        return {literal(pair["Key"]): nothing(pair["Value"]) for pair in token["map"]}
    if "seq" in token:
        return [plain(item) for item in token["seq"]]
    return token["lit"] if "lit" in token else ("expr", token.get("expr"))


def nothing(token: Any) -> Any:
    return None if token is None else plain(token)


def plain_of(node: Node) -> Any:
    """The same for a node of ours."""
    if isinstance(node, Scalar):
        text = node.value
        if isinstance(text, str) and text.startswith("${{") and text.endswith("}}"):
            return ("expr", text[3:-2].strip())
        return "" if text is None else text
    if isinstance(node, SequenceNode):
        return [plain_of(item) for item in node]
    assert isinstance(node, MappingNode)
    return {key.text: plain_of(value) for key, value in node.entries}


@needs(FOLDER)
def test_every_exception_of_calls_is_a_case() -> None:
    assert [name for name in EXCEPTIONS if not (FOLDER / name).is_file()] == []
    assert len(cases()) > 40
