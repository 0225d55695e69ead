"""A release workflow of 2021, unmodified, on the runners of five days: green, green, red, red, red; and what mends it.

Real are: the file itself, byte for byte; each day's builds of node, started at ``/__e/nodeNN`` by exec, as the runner does
it; the loader that starts them or doesn't; the image's compiler, strip, tar and git; the fixes, written by ``check --fix``.

Stand-ins are: for the images of PyPA, images whose glibc and libstdc++ are Debian's with the symbol versions of theirs, and
whose git and compiler are Debian's; for GitHub, this machine (checkout is actlite's own, once the real node has started in
its place); for the five actions that need the network, small ones (`seed_actions`) that declare node12 as the real ones do,
with a post step where the real one has one. The C program of the story is what their cargo builds: it uses the story's
symbol where it is.

Every run has the users of 2021 for its target: glibc 2.17. The image's git trusts folders of other users here, as every git
did until April 2022; the last test is about git since.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from fault_tools import WORKFLOW, Place
from fix_images import layered, mend
from main_tools import Outcome, run
from seed_actions import TOLD, write_actions
from tests.shared_data import SEED, needs

pytestmark = [pytest.mark.docker, pytest.mark.slow]
STORY = Path(__file__).resolve().parents[2] / "sample_workflows" / "story"
OWN = STORY / "6-manylinux2014.yml"
TARGET = "manylinux2014"
IMAGES = {name: f"quay.io/pypa/{name}_x86_64" for name in (TARGET, "manylinux_2_28")}
GITCONFIG = {"/etc/gitconfig": b"[safe]\n\tdirectory = *\n"}
ASSET = "hq-v0.1.0-linux-x64.tar.gz"
SAYS = {"fits": "hello, without", "refused": "hello, with help of the C library"}
"""What the program says, by what is said of it: with the symbol that it has help from, it is too new for the target."""
VARIABLE = "env:\n  ACTIONS_ALLOW_USE_UNSECURE_NODE_VERSION: true\n\njobs:\n"
JAVASCRIPT = (
    "Install stable toolchain",
    "Run Swatinem/rust-cache@v1",
    "Build",
    "Create release",
    "Upload scheduler binary",
    "Post Run Swatinem/rust-cache@v1",
)
"""The seed's steps that stand-ins do; each tells which node it runs on."""
DAYS = [
    ("2021-05-07", "node12", 0),
    ("2023-09-20", "node16", 0),
    ("2024-08-01", "node20", 6),
    ("2025-06-01", "node20", 6),
    ("", "node24", 9),
]
"""The runner's day ("": today), its node for these actions, and how many lines the loader has about it."""
CASES = [
    pytest.param(path, *day, id=f"{name}-{day[0] or 'today'}", marks=marks)
    for path, name, marks in ((SEED, "seed", [needs(SEED)]), (OWN, "story", []))
    for day in DAYS
    # test_story.py has the other two of our own workflow.
    if path == SEED or day[0] not in ("2021-05-07", "")
]


class Project(NamedTuple):
    """A repository with the story's program and one workflow."""

    place: Place
    options: list[str]

    def takes(self, text: str) -> None:
        """Its workflow from now on; the tag is set again."""
        self.place.workflow(text)
        self.tag()

    def tag(self) -> None:
        """Tag the last commit, as a release."""
        self.place.git("tag", "-f", "v0.1.0")

    def run(self, image: str, day: str = "", *, name: str = TARGET) -> Outcome:
        """``actlite run --tag v0.1.0``, with an image in place of one of PyPA's."""
        chosen = ["--tag", "v0.1.0", "--target", TARGET, "--image", f"{IMAGES[name]}={image}", *as_of(day)]
        secret = {"GITHUB_TOKEN": "the token of the test"}
        return run(self.place, *chosen, "-s", "GITHUB_TOKEN", *self.options, env=secret)

    def check(self, day: str = "") -> list[dict[str, Any]]:
        """The predictions of ``actlite check --format json``, which starts nothing and knows images by the catalogue."""
        command = [sys.executable, "-m", "actlite", "check", "--format", "json", *as_of(day), WORKFLOW]
        done = subprocess.run(
            command, cwd=self.place.path, env=self.place.env, capture_output=True, text=True, check=False
        )
        found: list[dict[str, Any]] = json.loads(done.stdout)["predictions"]
        assert done.returncode == any(item["verdict"] == "fails" for item in found), done.stderr
        assert found
        return found


def as_of(day: str) -> list[str]:
    return ["--as-of", day] if day else []


@pytest.fixture
def project(place: Place, tmp_path: Path) -> Project:
    for path in (STORY / "project").iterdir():
        place.write(path.name, path.read_text())
    place.write("src/hq.c", (STORY / "project" / "hello.c").read_text())
    return Project(place, write_actions(tmp_path / "actions"))


@pytest.fixture(scope="module")
def image(standin: Callable[[str], str]) -> str:
    """The stand-in for manylinux2014, with a git as of 2021."""
    return layered(standin("manylinux2014"), "git", GITCONFIG, {}, {})


def as_predicted(project: Project, found: Outcome, day: str, runtime: str) -> list[str]:
    """Assert that the real loader said what both predictions have; gives its lines."""
    predictions = project.check(day)
    keys = ("action", "runtime", "verdict", "loader_lines")
    in_run = [tuple(item[key] for key in keys) for item in found.job["predictions"]]
    flat = [item | {"runtime": item["choice"]["runtime"]} for item in predictions]
    assert in_run == [tuple(item[key] for key in keys) for item in flat]
    assert {item["runtime"] for item in flat} == {runtime}
    foretold: list[str] = predictions[0]["loader_lines"]
    for step in ("Checkout sources", "Post Checkout sources"):
        log = found.log(step).splitlines()
        assert [line for line in log if "required by" in line] == foretold
        assert found.step(step)["outcome"] == ("failure" if foretold else "success")
    return foretold


def told(found: Outcome, step: str) -> str:
    """Which node a stand-in's step ran on."""
    assert found.step(step)["outcome"] == "success"
    lines = [line for line in found.log(step).splitlines() if line.startswith("node v")]
    assert len(lines) == 1, found.log(step)
    return lines[0]


def released(
    project: Project, found: Outcome, version: str, runtime: str, verdict: str = "fits"
) -> dict[str, Any]:
    """Assert that every JavaScript step of the seed ran on this node and did its work; gives what is said of the asset."""
    node = TOLD.format(version=f"v{version}", path=f"/__e/{runtime}/bin/node")
    assert {step: told(found, step) for step in JAVASCRIPT} == dict.fromkeys(JAVASCRIPT, node)
    head = project.place.git("rev-parse", "HEAD")
    assert f"released v0.1.0 of {head}" in found.lines("Create release")
    upload = found.lines("Upload scheduler binary")[-1]
    assert upload.startswith(f"uploaded {ASSET} as application/tar+gzip to https://uploads.invalid/v0.1.0/")
    assert upload.endswith(f'it says "{SAYS[verdict]}"')
    assert found.log(JAVASCRIPT[-1]).splitlines()[-1].startswith("saved v0-rust-create-release-cargo")
    (asset,) = (item for item in found.report["runs"][0]["artifacts"] if item["name"] == ASSET)
    assert asset["verdict"] == verdict
    return dict(asset)


def green(project: Project, found: Outcome, day: str, runtime: str, seed: bool) -> None:
    """Assert that a run was as predicted, and each step's node the one of that day's runner."""
    found.expect(0)
    assert as_predicted(project, found, day, runtime) == []
    (version,) = {item["choice"]["version"] for item in project.check(day)}
    if seed:
        released(project, found, version, runtime)


@pytest.mark.parametrize(("path", "day", "runtime", "lines"), CASES)
def test_each_day(project: Project, image: str, path: Path, day: str, runtime: str, lines: int) -> None:
    project.takes(path.read_text())
    assert (project.place.path / WORKFLOW).read_bytes() == path.read_bytes()
    found = project.run(image, day)
    if not lines:
        green(project, found, day, runtime, path == SEED)
        return
    said = as_predicted(project, found.expect(1), day, runtime)
    assert len(said) == lines
    assert all(line.startswith(f"/__e/{runtime}/bin/node: /lib64/") for line in said)
    assert found.lines("Show GLIBC")[0].endswith(" 2.17")
    assert found.step("Build")["outcome"] == "skipped"


@needs(SEED)
def test_the_variable_helps_until_november_2024(project: Project, image: str) -> None:
    project.takes(SEED.read_text().replace("jobs:\n", VARIABLE, 1))
    for day in ("2024-08-01", "2024-11-12"):
        green(project, project.run(image, day), day, "node16", seed=True)
    after = project.run(image, "2024-11-13").expect(1)
    assert len(as_predicted(project, after, "2024-11-13", "node20")) == 6


@needs(SEED)
def test_today_with_another_node(project: Project, with_node: str, no_volume: None) -> None:
    trusting = layered(with_node, "pip-git", GITCONFIG, {}, {})
    project.takes(SEED.read_text())
    mend(project.place, "node-mount")
    project.tag()
    released(project, project.run(trusting).expect(0), "22.20.0", "node24")


@needs(SEED)
def test_today_in_another_image(project: Project, standin: Callable[[str], str]) -> None:
    """Green, but the program is not for the users of 2021, by the very symbol with which the story began."""
    newer = layered(standin("manylinux_2_28"), "git", GITCONFIG, {}, {})
    project.takes(SEED.read_text())
    mend(project.place, "image")
    project.tag()
    found = project.run(newer, name="manylinux_2_28").expect(1)
    assert found.report["conclusion"] == "success"
    assert as_predicted(project, found, "", "node24") == []
    (version,) = {item["choice"]["version"] for item in project.check()}
    (program,) = released(project, found, version, "node24", "refused")["audited"]
    over = {
        "library": "libc.so.6",
        "version": "GLIBC_2.18",
        "symbols": ["__cxa_thread_atexit_impl"],
        "weak": True,
    }
    assert program["over"] == [over]


@needs(SEED)
def test_since_2022_it_is_not_glibc_alone(project: Project, standin: Callable[[str], str]) -> None:
    """All six actions start on node 16; but a git that looks at owners gives the script no tag, and ``echo`` hides that."""
    project.takes(SEED.read_text())
    found = project.run(standin("manylinux2014"), "2023-09-20").expect(1)
    assert as_predicted(project, found, "2023-09-20", "node16") == []
    assert found.log("Set env on push").count("dubious ownership") == 2
    assert found.step("Set env on push")["outcome"] == "success"
    assert found.step("Build")["outcome"] == "success"
    assert found.step("Create release")["outcome"] == "failure"
    assert "no tag" in found.log("Create release")
