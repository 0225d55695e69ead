"""What GitHub's own client (npm: @actions/core) writes is read as it was meant."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from actlite.execution.commands import parse_command
from actlite.execution.file_commands import parse_key_values

VALUES = [
    "plain",
    "",
    "a=b<<c",
    "two\nlines",
    "\n\nx\n\n",
    "100%\r\n",
    "%0A%25",
    "a,b:c;]",
    "é\u2028",
    " spaces ",
]
DRIVER = """
const core = require('@actions/core');
const {issueCommand} = require('@actions/core/lib/command');
const values = JSON.parse(process.env.VALUES);
for (const [index, value] of values.entries()) {
  core.setOutput('n' + index, value);
  core.error(value, {title: value, file: value, startLine: 3, endLine: 4});
  issueCommand('set-output', {name: value || 'x'}, value);
}
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("npm")
    if not (shutil.which("npm") and shutil.which("node")):
        pytest.skip("npm and node are not here")
    done = subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "@actions/core@1.11.1"],
        cwd=folder,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        pytest.skip("the npm package @actions/core can't be had here")
    return folder


@pytest.mark.slow
def test_values_survive_the_way(package: Path, tmp_path: Path) -> None:
    file = tmp_path / "output"
    file.touch()
    done = subprocess.run(
        ["node", "-e", DRIVER],
        env={
            **os.environ,
            "NODE_PATH": str(package / "node_modules"),
            "VALUES": json.dumps(VALUES),
            "GITHUB_OUTPUT": str(file),
        },
        capture_output=True,
        check=True,
    )
    assert list(parse_key_values(file.read_bytes().decode())) == [
        (f"n{index}", value) for index, value in enumerate(VALUES)
    ]
    commands = [parse_command(line) for line in done.stdout.decode().split("\n") if line]
    assert len(commands) == 2 * len(VALUES)
    for index, value in enumerate(VALUES):
        error, output = commands[2 * index : 2 * index + 2]
        assert error is not None
        assert output is not None
        assert (error.name, error.data) == ("error", value)
        assert error.properties.get("title", "") == (value if value.strip() else "")
        assert (error.properties["line"], error.properties["endline"]) == ("3", "4")
        assert (output.name, output.data) == ("set-output", value)
