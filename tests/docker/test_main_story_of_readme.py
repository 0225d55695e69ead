"""The story in README.md, really run in a stand-in's container: green, red, and green with the fix."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.story_of_readme import call, sample, story

pytestmark = pytest.mark.docker
_TIME = re.compile(r"\s+\d+\.\d+s$", re.MULTILINE)


def test_the_runs_of_the_story_end_as_the_readme_shows(tmp_path: Path, standin: Callable[[str], str]) -> None:
    root = sample(tmp_path)
    images = [
        "--image",
        f"quay.io/pypa/manylinux2014_x86_64={standin('manylinux2014')}",
        "-P",
        f"ubuntu-latest={standin('runner')}",
        "--keep",
        "never",
    ]
    (block,) = [block for block in story() if any(told.words[0] == "run" for told in block)]
    codes = []
    for told in block:
        done = call(root, *told.words, *(images if told.words[0] == "run" else ()), env={})
        codes.append(done.returncode)
        said = " ".join(_TIME.sub("", done.stdout).split())
        for line in told.output.splitlines():
            assert " ".join(line.split()) in said, done.stdout[-3000:] + done.stderr
    assert codes == [0, 1, 0, 0]
