"""What is known of jobs and legs before the run."""

from __future__ import annotations

from typing import Any

import pytest

from actlite.planning.mentions import secrets_of
from actlite.planning.outline import JobOutline, Later, WorkflowOutline, outline
from actlite.planning.plan import Plan, Trigger
from actlite.planning.planner import plan
from actlite.source import SourceFile
from actlite.workflow.reader import read

GITHUB: dict[str, Any] = {
    "event_name": "push",
    "ref": "refs/tags/v1",
    "ref_name": "v1",
    "ref_type": "tag",
    "actor": "mona",
    "event": {},
}


def outlined(text: str, vars: dict[str, str] | None = None) -> WorkflowOutline:
    found, bag = read(SourceFile("t.yml", text), "t.yml")
    assert found is not None, [finding.message for finding in bag]
    made = plan(found, Trigger("push", GITHUB), vars=vars or {})
    assert isinstance(made, Plan)
    return outline(made)


def job(settings: str, head: str = "", vars: dict[str, str] | None = None) -> JobOutline:
    body = "".join(f"    {line}\n" for line in settings.splitlines())
    return outlined(f"on: push\n{head}jobs:\n  a:\n{body}    steps: [{{run: x}}]\n", vars).jobs[0]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("ubuntu-latest", ("ubuntu-latest",)),
        ("[self-hosted, linux]", ("self-hosted", "linux")),
        ("{group: big, labels: [gpu, x64]}", ("gpu", "x64")),
        ("{group: big, labels: gpu}", ("gpu",)),
        ("{group: big}", ()),
        ("${{ vars.RUNNER || 'ubuntu-24.04' }}", ("ubuntu-24.04",)),
        ('${{ fromJSON(\'["a", "b"]\') }}', ("a", "b")),
        ("ubuntu-${{ github.ref_name }}", ("ubuntu-v1",)),
        ("${{ github.run_number > 1 && 'a' || 'b' }}", Later("${{ github.run_number > 1 && 'a' || 'b' }}")),
        ("{group: big, labels: 'u-${{ github.run_id }}'}", Later("u-${{ github.run_id }}")),
        ("[self-hosted, '${{ github.run_id }}']", Later("[self-hosted, '${{ github.run_id }}']")),
    ],
)
def test_runs_on(written: str, expected: object) -> None:
    assert job(f"runs-on: {written}").legs[0].runs_on == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("alpine:3", "alpine:3"),
        ("docker://alpine:3", "alpine:3"),
        ("{image: 'alpine:3', env: {A: b}}", "alpine:3"),
        ("{image: '${{ vars.IMAGE }}'}", None),
        ("${{ github.ref_type == 'x' && 'a' || null }}", None),
        ("${{ github.ref_type == 'tag' && 'a' || null }}", "a"),
        ("${{ fromJSON(vars.WHOLE) }}", "b"),
        (
            "{image: 'a:${{ github.run_id }}', env: {A: '${{ github.run_id }}'}}",
            Later("a:${{ github.run_id }}"),
        ),
        ("a:${{ github.ref_name }}-${{ github.run_id }}", Later("a:v1-${{ github.run_id }}")),
    ],
)
def test_the_image_of_a_container(written: str, expected: object) -> None:
    made = job(f"runs-on: u\ncontainer: {written}", vars={"WHOLE": '{"image": "b"}'})
    assert made.legs[0].container == expected


def test_values_of_each_leg() -> None:
    made = job(
        "strategy: {matrix: {os: [a, b], n: [1]}}\nruns-on: ${{ matrix.os }}\n"
        "container: i:${{ matrix.n }}\nservices: {db: {image: 'p:${{ matrix.os }}'}, none: {image: '${{ vars.NO }}'}}\n"
        "timeout-minutes: ${{ matrix.os == 'a' && 5 || 10 }}\ncontinue-on-error: ${{ matrix.os == 'b' }}\n"
        "environment: {name: 'e-${{ matrix.os }}'}\nconcurrency: {group: 'g-${{ matrix.os }}'}"
    )
    first, second = made.legs
    assert (first.runs_on, second.runs_on) == (("a",), ("b",))
    assert first.container == "i:1"
    assert (first.services, second.services) == ({"db": "p:a", "none": None}, {"db": "p:b", "none": None})
    assert (first.timeout_minutes, second.timeout_minutes) == (5, 10)
    assert (first.continue_on_error, second.continue_on_error) == (False, True)
    assert (first.environment, second.environment) == ("e-a", "e-b")
    assert (first.concurrency, second.concurrency) == ("g-a", "g-b")


def test_settings_of_the_workflow_and_the_job() -> None:
    head = "permissions: {contents: read}\ndefaults: {run: {shell: bash, working-directory: w}}\n"
    made = job("runs-on: u\ndefaults: {run: {working-directory: j}}", head)
    assert (made.shell, made.working_directory) == ("bash", "j")
    assert made.permissions == {"contents": "read"}
    assert job("runs-on: u\npermissions: {}", head).permissions == {}
    assert job("runs-on: u").permissions is None


def test_the_name_and_group_of_a_run() -> None:
    jobs = "jobs: {a: {runs-on: u, steps: [{run: x}]}}\n"
    made = outlined(
        "on: push\nrun-name: ${{ github.ref_name }} by @${{ github.actor }}\n"
        f"concurrency: {{group: 'g-${{{{ github.ref }}}}', cancel-in-progress: true}}\n{jobs}"
    )
    assert (made.run_name, made.concurrency, made.cancel_in_progress) == (
        "v1 by @mona",
        "g-refs/tags/v1",
        True,
    )
    later = outlined(f"on: push\nrun-name: ${{{{ github.ref_name }}}} n${{{{ github.run_number }}}}\n{jobs}")
    assert later.run_name == Later("v1 n${{ github.run_number }}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${{ secrets.A }}", {"A"}),
        ("${{ secrets['B'] }} ${{ secrets.a || secrets.C }}", {"B", "a", "C"}),
        ("${{ format('{0}', Secrets.D) }}", {"D"}),
        ("${{ secrets.GITHUB_TOKEN }} ${{ secrets.github_token }}", set()),
        ("${{ secrets[matrix.x] }} ${{ toJSON(secrets) }}", set()),
        ("secrets.A", set()),
        ("${{ 'secrets.A' }} ${{ matrix.secrets.A }}", set()),
    ],
)
def test_the_secrets_that_a_text_names(text: str, expected: set[str]) -> None:
    made = job(f'runs-on: u\nenv:\n  X: "{text}"')
    assert made.secrets == expected
    assert secrets_of([None]) == frozenset()


def test_a_job_of_no_interest_has_no_secrets_twice() -> None:
    made = job("runs-on: u\nenv: {X: '${{ secrets.A }}', Y: '${{ secrets.a }}'}")
    assert made.secrets == {"A"}
