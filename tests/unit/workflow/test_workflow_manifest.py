"""Action manifests."""

from __future__ import annotations

import textwrap

import pytest

from actlite.source import SourceFile
from actlite.workflow.manifest import read_action
from actlite.workflow.model import (
    ActionManifest,
    CompositeRuns,
    DockerRuns,
    NodeRuns,
    PluginRuns,
    RunStep,
)


def manifest(text: str) -> ActionManifest:
    found, bag = read_action(SourceFile("action.yml", textwrap.dedent(text)))
    assert found is not None, "\n".join(finding.render() for finding in bag)
    return found


def errors(text: str) -> list[tuple[str, str]]:
    found, bag = read_action(SourceFile("action.yml", textwrap.dedent(text)))
    assert found is None
    return [(finding.code, finding.message) for finding in bag.errors]


def test_a_javascript_action() -> None:
    found = manifest(
        """\
        name: Checkout
        description: x
        inputs:
          Fetch-Depth: {description: how deep, default: 1}
          token: {default: '${{ github.token }}', required: true}
          old: {deprecationMessage: use another}
        outputs: {ref: {description: y}}
        branding: {icon: x}
        runs: {using: node20, main: dist/index.js, post: dist/post.js, post-if: failure()}
        """
    )
    assert found.name == "Checkout"
    assert isinstance(found.runs, NodeRuns)
    assert found.runs == NodeRuns("node20", "dist/index.js", "", "dist/post.js", "always()", "failure()")
    assert list(found.inputs) == ["fetch-depth", "token", "old"]
    depth = found.inputs["fetch-depth"]
    assert (depth.name, depth.required) == ("Fetch-Depth", False)
    assert depth.default is not None
    assert depth.default.text == "1"
    assert found.inputs["token"].required
    assert found.inputs["old"].deprecation == "use another"
    assert found.outputs == {"ref": None}


@pytest.mark.parametrize("using", ["node12", "Node24", "node26"])
def test_a_node_that_a_runner_may_know_is_kept(using: str) -> None:
    runs = manifest(f"runs: {{using: {using}, main: a.js}}").runs
    assert isinstance(runs, NodeRuns)
    assert runs.using == using.lower()


def test_a_composite_action() -> None:
    found = manifest(
        """\
        outputs: {v: {value: '${{ steps.a.outputs.v }}'}}
        runs:
          using: composite
          steps:
            - {id: a, run: x, shell: bash, if: success()}
            - {uses: ./other, with: {a: b}}
            - {run: y, shell: sh}
        """
    )
    assert isinstance(found.runs, CompositeRuns)
    assert [step.context_id for step in found.runs.steps] == ["a", "__self", "__run"]
    assert isinstance(found.runs.steps[0], RunStep)
    assert found.outputs["v"] is not None


def test_a_docker_action() -> None:
    runs = manifest(
        "runs: {using: docker, image: Dockerfile, args: ['${{ inputs.a }}', b], env: {A: b}, post-entrypoint: c}"
    ).runs
    assert isinstance(runs, DockerRuns)
    assert runs.args is not None
    assert [arg.text for arg in runs.args] == ["${{ inputs.a }}", "b"]
    assert (runs.image, runs.post_entrypoint, runs.post_if) == ("Dockerfile", "c", "always()")
    bare = manifest("runs: {using: docker, image: 'docker://a'}").runs
    assert isinstance(bare, DockerRuns)
    assert bare.args is None


def test_an_action_of_the_runner_itself() -> None:
    assert manifest("runs: {plugin: checkout}").runs == PluginRuns("checkout")


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("name: x", "missing-key", "Required property is missing: runs"),
        ("runs: {steps: []}", "missing-using", "Missing 'using' value"),
        ("runs: {using: python, main: a}", "unknown-using", "'using: python' is not supported, use 'docker'"),
        ("runs: {using: node20}", "missing-key", "Required property is missing: main"),
        ("runs: {using: docker}", "missing-key", "Required property is missing: image"),
        ("runs: {using: composite}", "missing-key", "Required property is missing: steps"),
        ("runs: {using: composite, steps: [{run: x}]}", "missing-key", "Required property is missing: shell"),
        (
            "runs: {using: composite, steps: [{run: x, shell: sh, timeout-minutes: 1}]}",
            "unknown-key",
            "Unexpected value 'timeout-minutes'",
        ),
        (
            "runs: {using: composite, steps: [{run: '${{ secrets.X }}', shell: sh}]}",
            "unknown-context",
            "Unrecognized named-value: 'secrets'",
        ),
        ("runs: {using: composite, steps: [{uses: x}]}", "uses-format", "Expected format"),
        ("a: &a b\nruns: {using: node20, main: x}", "yaml-anchor", "Anchors are not currently supported"),
        ("", "yaml-empty", "no content"),
    ],
)
def test_bad_manifests(text: str, code: str, message: str) -> None:
    found = errors(text)
    assert [(c, message in m) for c, m in found] == [(code, True)], found
