"""Actions whose work actlite does itself, because GitHub's service is not there: checkout.

What decides whether such a step can run stays real: the runner's own node is started in the job's
container, at the place and in the way in which the real action's would be. Only then is the work done,
from this machine's repository.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from actlite.document.nodes import Scalar
from actlite.execution.checkout_versions import inputs_of, version_of
from actlite.source import SourceFile
from actlite.workflow.model import ActionInput, ActionManifest, NodeRuns, PluginRuns

PROBE = """\
// Put here by actlite in place of actions/checkout: started by the runner's own node, as the real one would be.
// It finds out which git the job's container has; the files come from the repository on this machine.
const { spawnSync } = require('child_process');
const fs = require('fs');
const found = spawnSync('git', ['version'], { encoding: 'utf8' });
const git = found.status === 0 ? found.stdout.trim() : '';
const lfs = process.env.INPUT_LFS === 'true' && spawnSync('git', ['lfs', 'version']).status === 0;
if (process.env.ACTLITE_CHECKOUT_ANSWER) {
  fs.writeFileSync(process.env.ACTLITE_CHECKOUT_ANSWER, JSON.stringify({ git, lfs, node: process.version }));
}
"""


PLUGIN_INPUTS: Mapping[str, Mapping[str, str]] = {
    "checkout": dict.fromkeys(("repository", "ref", "token", "submodules", "lfs", "fetch-depth", "path"), "")
    | {"clean": "true"},
    "publish": {"name": "", "path": ""},
    "download": {"name": "", "path": ""},
}
"""The inputs of the actions of 2019 that the runner does itself, with their defaults, by its name for them:
actions/checkout@v1, actions/upload-artifact@v1 and actions/download-artifact@v1 (their action.yml)."""


def plugin_manifest(plugin: str, uses: str) -> ActionManifest:
    """The manifest of an action that the runner does by itself, without node."""
    source = SourceFile(uses, "")
    return ActionManifest(source, plugin, PluginRuns(plugin), _inputs(PLUGIN_INPUTS[plugin], source))


def install_checkout(folder: Path, uses: str, using: str) -> ActionManifest:
    """Put the stand-in for a checkout action into its folder and give its manifest."""
    source = SourceFile(uses, "")
    script = folder / "dist" / "index.js"
    script.parent.mkdir(parents=True, exist_ok=True)
    script.write_text(PROBE)
    runs = NodeRuns(using=using, main="dist/index.js", post="dist/index.js")
    return ActionManifest(
        source, "Checkout", runs, _inputs(inputs_of(version_of(uses.rpartition("@")[2])), source)
    )


def _inputs(defaults: Mapping[str, str], source: SourceFile) -> dict[str, ActionInput]:
    nowhere = source.span(0, 0)
    return {
        name: ActionInput(name, Scalar(default, default, nowhere) if default else None)
        for name, default in defaults.items()
    }
