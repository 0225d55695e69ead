"""The runner's own manifests (actions/runner, src/Test/TestData): each loads, or fails, as its test says
(ActionManifestManagerL0.cs)."""

from __future__ import annotations

import pytest
from tests.shared_data import VECTORS, needs

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

FOLDER = VECTORS / "runner" / "TestData"
pytestmark = needs(FOLDER)

TOKEN_AND_URL = {"Token": "foo", "Url": "bar"}
DOCKER = {
    "dockerfileaction.yml": ("Dockerfile", "main.sh", "", "always()", "", "always()"),
    "dockerfileaction_init.yml": ("Dockerfile", "main.sh", "init.sh", "success()", "", "always()"),
    "dockerfileaction_init_default.yml": ("Dockerfile", "main.sh", "init.sh", "always()", "", "always()"),
    "dockerfileaction_cleanup.yml": ("Dockerfile", "main.sh", "", "always()", "cleanup.sh", "failure()"),
    "dockerfileaction_cleanup_default.yml": (
        "Dockerfile",
        "main.sh",
        "",
        "always()",
        "cleanup.sh",
        "always()",
    ),
    "dockerhubaction.yml": ("docker://ubuntu:18.04", "main.sh", "", "always()", "", "always()"),
}
"""Image, entry point, and what runs before and after, with conditions."""
NODE = {
    "nodeaction.yml": ("node12", "", "always()", "", "always()"),
    "node16action.yml": ("node16", "", "always()", "", "always()"),
    "node20action.yml": ("node20", "", "always()", "", "always()"),
    "node24action.yml": ("node24", "", "always()", "", "always()"),
    "nodeaction_init.yml": ("node12", "init.js", "cancelled()", "", "always()"),
    "nodeaction_init_default.yml": ("node12", "init.js", "always()", "", "always()"),
    "nodeaction_cleanup.yml": ("node12", "", "always()", "cleanup.js", "cancelled()"),
    "nodeaction_cleanup_default.yml": ("node12", "", "always()", "cleanup.js", "always()"),
}
OTHERS = {
    *("composite_action_without_using_token.yml", "conditional_composite_action.yml", "pluginaction.yml"),
    *("dockerfileaction_arg_env_expression.yml", "dockerfileaction_env_invalid_context.yml"),
    "dockerfileaction_noargs_noenv_noentrypoint.yml",
}
NOT_HERE = {
    "dockerfilerelativeaction.yml": "the path is resolved when the action is prepared",
    "noderelativeaction.yml": "the path is resolved when the action is prepared",
    "timelinerecord_json_samples.yml": "no manifest",
}


def load(name: str) -> ActionManifest:
    manifest, bag = read_action(SourceFile.read(FOLDER / name))
    assert manifest is not None, [finding.render() for finding in bag.errors]
    return manifest


def inputs(manifest: ActionManifest) -> dict[str, str]:
    return {given.name: given.default.text if given.default else "" for given in manifest.inputs.values()}


@pytest.mark.parametrize("name", DOCKER)
def test_docker_actions(name: str) -> None:
    manifest = load(name)
    runs = manifest.runs
    assert isinstance(runs, DockerRuns)
    assert manifest.name == "Hello World"
    assert inputs(manifest) == {"greeting": "Hello", "entryPoint": ""}
    found = (
        runs.image,
        runs.entrypoint,
        runs.pre_entrypoint,
        runs.pre_if,
        runs.post_entrypoint,
        runs.post_if,
    )
    assert found == DOCKER[name]
    assert runs.args is not None
    assert [argument.text for argument in runs.args] == ["bzz"]
    assert runs.env is not None
    assert {key.text: access_text(value) for key, value in runs.env.entries} == TOKEN_AND_URL


def access_text(node: object) -> str:
    return str(getattr(node, "text", ""))


@pytest.mark.parametrize("name", NODE)
def test_node_actions(name: str) -> None:
    manifest = load(name)
    runs = manifest.runs
    assert isinstance(runs, NodeRuns)
    assert manifest.name == "Hello World"
    assert inputs(manifest) == {"greeting": "Hello", "entryPoint": ""}
    assert manifest.inputs["greeting"].deprecation == "This property has been deprecated"
    assert runs.main == "main.js"
    assert (runs.using, runs.pre, runs.pre_if, runs.post, runs.post_if) == NODE[name]


def test_a_docker_action_without_arguments() -> None:
    runs = load("dockerfileaction_noargs_noenv_noentrypoint.yml").runs
    assert isinstance(runs, DockerRuns)
    assert (runs.image, runs.entrypoint, runs.args, runs.env) == ("Dockerfile", "", None, None)


def test_expressions_in_arguments_and_environment() -> None:
    runs = load("dockerfileaction_arg_env_expression.yml").runs
    assert isinstance(runs, DockerRuns)
    assert runs.args is not None
    assert [argument.text for argument in runs.args] == ["${{ inputs.greeting }}"]
    assert runs.env is not None
    assert [access_text(value) for _, value in runs.env.entries] == ["foo", "${{ inputs.entryPoint }}"]


def test_a_context_that_an_action_does_not_have() -> None:
    manifest, bag = read_action(SourceFile.read(FOLDER / "dockerfileaction_env_invalid_context.yml"))
    assert manifest is None
    assert [finding.message.partition(".")[0] for finding in bag.errors] == [
        "Unrecognized named-value: 'github'"
    ]


def test_a_plug_in() -> None:
    runs = load("pluginaction.yml").runs
    assert isinstance(runs, PluginRuns)
    assert runs.plugin == "someplugin"


def test_a_composite_action_with_conditions() -> None:
    runs = load("conditional_composite_action.yml").runs
    assert isinstance(runs, CompositeRuns)
    assert [step.if_.text if step.if_ else "" for step in runs.steps if isinstance(step, RunStep)]


def test_a_composite_action_that_does_not_say_so() -> None:
    manifest, bag = read_action(SourceFile.read(FOLDER / "composite_action_without_using_token.yml"))
    assert manifest is None
    assert [finding.message for finding in bag.errors] == [
        "Missing 'using' value. 'using' requires 'composite', 'docker', 'node12', 'node16', 'node20' or 'node24'."
    ]


def test_every_manifest_has_its_test() -> None:
    assert {path.name for path in FOLDER.glob("*.yml")} == {*DOCKER, *NODE, *OTHERS, *NOT_HERE}
