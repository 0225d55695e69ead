"""The edits of fixes: in every style of YAML, or refused with words."""

from __future__ import annotations

import datetime
import difflib
import textwrap
from pathlib import Path

import pytest
from fix_tools import CENTOS7, TODAY, fixed, predict, proposals

from actlite.checking.checker import Checker
from actlite.checking.files import TextFiles
from actlite.checking.fixes import NAMES, apply, propose
from actlite.checking.fixes.edits import Edit
from actlite.checking.predictions.settings import Predicting
from actlite.source import SourceFile
from actlite.workflow.reader import read

D = datetime.date
GOLDEN = Path(__file__).parent / "golden"
WORKFLOW = """\
on: push
jobs:
  job:
    runs-on: ubuntu-latest
    # glibc 2.17, for our users
    container: quay.io/pypa/manylinux2014_x86_64  # from pypa
    env:
      LEVEL: 2
    # what is done
    steps:
      # the sources
      - name: Sources
        uses: actions/checkout@v4  # all of them
        with:
          # not just one commit
          fetch-depth: 0
          ref: ${{ github.event.inputs.sha }}
      - name: Build
        shell: bash
        run: |
          make LEVEL=$LEVEL
  other:
    runs-on: ubuntu-latest
    steps: [{run: "true"}]
"""


def job(container: str, rest: str = "") -> str:
    """A workflow with a container as it is written, and more of the job."""
    lines = [textwrap.indent(textwrap.dedent(part).strip("\n"), "    ") for part in (container, rest) if part]
    steps = "    steps:\n      - uses: actions/checkout@v4\n"
    return "on: push\njobs:\n  job:\n    runs-on: ubuntu-latest\n" + "\n".join(lines) + "\n" + steps


def diff(before: str, after: str) -> str:
    return "".join(difflib.unified_diff(before.splitlines(True), after.splitlines(True), "before", "after"))


@pytest.mark.parametrize(
    ("name", "on"),
    [
        ("node-mount", TODAY),
        ("docker-run", TODAY),
        ("git-checkout", TODAY),
        ("cross", TODAY),
        ("image", TODAY),
        ("older-action", D(2024, 1, 15)),
    ],
)
def test_golden_diffs(name: str, on: D) -> None:
    """What people see. To renew: delete the file and run the test twice."""
    found = diff(WORKFLOW, fixed(WORKFLOW, name, on=on))
    golden = GOLDEN / f"fix-{name}.diff"
    if not golden.exists():
        golden.write_text(found)
        pytest.fail(f"{golden.name} was not there; it is written now")
    assert found == golden.read_text()


def test_unsecure_env_joins_an_env() -> None:
    text = WORKFLOW.replace("checkout@v4", "checkout@v3")
    found = fixed(text, "unsecure-env", on=D(2024, 8, 1))
    assert "    env:\n      ACTIONS_ALLOW_USE_UNSECURE_NODE_VERSION: true\n      LEVEL: 2\n" in found
    again = text.replace("LEVEL: 2", "ACTIONS_ALLOW_USE_UNSECURE_NODE_VERSION: 'false'")
    found = fixed(again, "unsecure-env", on=D(2024, 8, 1))
    assert found.count("ACTIONS_ALLOW_USE_UNSECURE_NODE_VERSION: true") == 1


@pytest.mark.parametrize("name", NAMES)
def test_line_ends_are_kept(name: str) -> None:
    on = D(2024, 1, 15) if name == "older-action" else D(2024, 8, 1) if name == "unsecure-env" else TODAY
    text = WORKFLOW.replace("checkout@v4", "checkout@v3") if name == "unsecure-env" else WORKFLOW
    proposal = proposals(text, on=on).get(name)
    if proposal is None or proposal.refused:
        assert name in ("move-mount", "split-job")
        return
    windows = fixed(text.replace("\n", "\r\n"), name, on=on)
    assert windows == fixed(text, name, on=on).replace("\n", "\r\n")
    bare = fixed(text.rstrip("\n"), name, on=on)
    assert bare == fixed(text, name, on=on).rstrip("\n")


CONTAINERS = [
    ("container: centos:7", "container:\n  image: centos:7\n  volumes:\n"),
    ("container: 'centos:7'  # old", "container:\n  image: 'centos:7'  # old\n  volumes:\n"),
    ("container:   &image centos:7", "container:\n  image: &image centos:7\n  volumes:\n"),
    ("container: {image: centos:7}", "container: {image: centos:7, volumes: ["),
    ("container:\n  image: centos:7\n  options: --init", "  options: --init\n  volumes:\n"),
    (
        "container:\n  image: centos:7\n  volumes:\n    - /a:/a  # a\n  options: --init",
        "/a:/a  # a\n    - node-",
    ),
    ("container:\n  volumes:\n  - /a:/a\n  image: centos:7", "  - /a:/a\n  - node-for"),
    ("container:\n  image: centos:7\n  volumes: [/a:/a]", '  volumes: [/a:/a, "node-for'),
    ("container:\n  image: centos:7\n  env:\n    A: |\n      text\n", "      text\n  volumes:\n"),
]


@pytest.mark.parametrize(("container", "expected"), CONTAINERS)
def test_volumes_in_every_style(container: str, expected: str) -> None:
    text = job(container)
    found = fixed(text, "node-mount")
    assert textwrap.indent(expected, "    ").lstrip().rstrip(" ") in found
    workflow, bag = read(SourceFile("x.yml", found), "x.yml")
    assert workflow is not None, bag.items
    given = workflow.jobs[0].container
    assert given is not None
    assert "/__e/node24:ro" in given.span.text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (job("container: {image: centos:7, volumes: [/a:/a]}"), "in braces and has volumes"),
        (job("container: &box\n  image: centos:7"), "has an anchor"),
        (job("container: ${{ fromJSON(inputs.box) }}"), "may give more than a name"),
        (
            job(
                "container: ${{ matrix.box }}",
                "strategy:\n  matrix:\n    box: [centos:7, {image: centos:7}]",
            ),
            "a mapping in some legs",
        ),
        (
            "on: push\njobs:\n  job: {runs-on: ubuntu-latest, container: centos:7, steps: [{uses: actions/checkout@v4}]}\n",
            "in braces",
        ),
        (
            job("container: centos:7").replace(
                "steps:\n      - uses: actions/checkout@v4", "steps: [{uses: actions/checkout@v4}]"
            ),
            "in brackets",
        ),
    ],
)
def test_what_is_refused(text: str, why: str) -> None:
    proposal = proposals(text)["node-mount"]
    assert why in proposal.refused
    assert not proposal.edits


def test_a_name_from_a_matrix() -> None:
    text = job("container: ${{ matrix.box }}", "strategy:\n  matrix:\n    box: [centos:7, debian:9]")
    assert "      image: ${{ matrix.box }}\n" in fixed(text, "node-mount")


@pytest.mark.parametrize(
    ("script", "refused"),
    [
        ("apt-get install -y make", "a step installs packages by apt-get"),
        ("sudo apt update", "a step installs packages by apt"),
        ("yum install -y make && ls /etc/apt /x/apt-get", ""),
        ("echo apt-files", ""),
    ],
)
def test_an_image_of_other_packages_is_refused(script: str, refused: str) -> None:
    proposal = proposals(job("container: ubuntu:18.04") + f"      - run: {script}\n")["image"]
    assert proposal.refused.startswith(refused)
    assert bool(proposal.edits) != bool(refused)


def test_curl_is_installed_where_the_image_has_none() -> None:
    text = fixed(job("container: ubuntu:18.04"), "node-mount")
    install = "command -v curl >/dev/null || { apt-get update -qq && apt-get install -qq -y curl"
    assert text.index(install) < text.index("curl -fsSL")


def test_the_name_that_is_written_counts_where_another_image_stands_in() -> None:
    source = SourceFile("w.yml", job("container: centos:7"))
    checker = Checker(
        TextFiles({}), predicting=lambda: Predicting(as_of=TODAY, stand_ins={"centos:7": "oraclelinux:7"})
    )
    found = propose(source, "job", checker.predictions_in(source), TODAY)
    edited = {proposal.name: apply(source.text, proposal.edits) for proposal in found}
    assert "container: quay.io/pypa/manylinux_2_28_x86_64\n" in edited["image"]
    assert "      image: centos:7\n" in edited["node-mount"]


def test_alias_of_another_job() -> None:
    text = WORKFLOW.replace("  other:", "  copy: *job\n  other:").replace("  job:\n", "  job: &job\n")
    for name, proposal in proposals(text).items():
        if name not in ("image", "older-action"):
            assert proposal.refused, name


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("lfs: true", "lfs: true"),
        ("ssh-key: ${{ secrets.KEY }}", "ssh-key"),
        ("sparse-checkout: src", "sparse-checkout"),
        ("fetch-depth: ${{ inputs.depth }}", "no plain number"),
        ("submodules: ${{ inputs.all }}", "submodules is an expression"),
        ("persist-credentials: true", "persist-credentials"),
    ],
)
def test_checkout_says_what_it_cannot_honour(given: str, why: str) -> None:
    text = job("container: quay.io/pypa/manylinux2014_x86_64") + f"        with:\n          {given}\n"
    assert why in proposals(text)["git-checkout"].refused


def test_checkout_needs_git() -> None:
    text = job("container: centos:7")
    assert "the image centos has no git" in proposals(text)["git-checkout"].refused
    text = text.replace("    steps:\n", "    steps:\n      - run: yum install -y git\n")
    assert not proposals(text)["git-checkout"].refused


def test_checkout_honours_inputs() -> None:
    text = job("container: quay.io/pypa/manylinux2014_x86_64") + (
        "        with:\n          repository: a/b\n          ref: 'v1'\n          path: sub\n"
        "          token: ${{ secrets.PAT }}\n          submodules: recursive\n          lfs: false\n"
    )
    found = fixed(text, "git-checkout")
    for line in (
        "TOKEN: ${{ secrets.PAT }}",
        "REPOSITORY: a/b",
        "REF: 'v1'",
        "FOLDER: sub",
        "git submodule update --quiet --init --recursive",
        'git fetch --quiet --depth 1 origin "${REF:-HEAD}"',
    ):
        assert f"          {line}\n" in found
    assert "with:" not in found


@pytest.mark.parametrize(
    ("container", "rest", "why"),
    [
        ("container: centos:7", "services:\n  db: postgres", "services"),
        ("container:\n  image: centos:7\n  ports: [80]", "", "ports"),
        ("container: centos:7", "env:\n  PATH: /opt", "the variable PATH"),
        ("container: centos:7", "env:\n  A: ${{ job.container.id }}", "job.container"),
        ("container: centos:7", "defaults: {run: {working-directory: src}}", "in braces"),
    ],
)
def test_docker_run_says_what_it_cannot_honour(container: str, rest: str, why: str) -> None:
    assert why in proposals(job(container, rest))["docker-run"].refused


def test_docker_run_honours_the_container() -> None:
    text = job(
        "container:\n  image: centos:7\n  env:\n    LEVEL: ${{ matrix.level }}\n  volumes:\n    - /data:/data:ro\n"
        "  options: --cpus 1",
        "defaults:\n  run:\n    working-directory: src\nstrategy:\n  matrix:\n    level: [1]",
    )
    found = fixed(text, "docker-run")
    assert (
        "          LEVEL: ${{ matrix.level }}\n          OPTIONS: --cpus 1\n          IMAGE: centos:7\n"
        in found
    )
    assert "--env LEVEL --volume /data:/data:ro $OPTIONS \\\n" in found
    assert "      run:\n        shell: in-container sh -e {0}\n        working-directory: src\n" in found


def test_cargo_is_built_for_an_older_glibc() -> None:
    text = job("container: centos:7") + (
        "      - run: |\n          cargo build --release\n          ./target/release/tool --help\n"
        "      - uses: actions/upload-artifact@v4\n        with:\n          path: target/release/tool\n"
    )
    found = fixed(text, "cross")
    assert "          cargo zigbuild --target x86_64-unknown-linux-gnu.2.17 --release\n" in found
    assert "          ./target/x86_64-unknown-linux-gnu/release/tool --help\n" in found
    assert "          path: target/x86_64-unknown-linux-gnu/release/tool\n" in found
    assert "shim cc" not in found
    assert "container" not in found


def test_nothing_is_offered_where_all_starts() -> None:
    source = SourceFile("x.yml", job("container: centos:7"))
    from actlite.checking.fixes import propose

    assert propose(source, "job", (), TODAY) == ()
    assert predict(source, "job", newest=CENTOS7)


def test_edits_that_overlap_are_refused() -> None:
    with pytest.raises(ValueError, match="overlap"):
        apply("abcdef", [Edit(0, 3, "x"), Edit(2, 4, "y")])
    assert apply("abcdef", [Edit(3, 3, "1"), Edit(3, 3, "2"), Edit(0, 1, "")]) == "bc12def"


RELEASE = """\
on: push
jobs:
  job:
    runs-on: ubuntu-latest
    container: quay.io/pypa/manylinux2014_x86_64
    steps:
      - uses: actions/checkout@v4
      - run: make
      # to the users
      - id: release
        uses: actions/create-release@v1
        with: {tag_name: "${{ github.ref }}"}
      - uses: actions/upload-release-asset@v1  # one file
        with:
          upload_url: ${{ steps.release.outputs.upload_url }}
          asset_path: dist/tool

  last:
    runs-on: ubuntu-latest
    steps: [{run: "true"}]
"""


def test_release_in_a_job_of_its_own() -> None:
    found = fixed(RELEASE, "split-job")
    moved = RELEASE[RELEASE.index("      # to the users") : RELEASE.index("\n  last:")]
    assert found.index("  job-release:\n    needs: job\n") < found.index(moved) < found.index("\n  last:\n")
    assert "        run: tar -cf job-products.tar dist/tool\n" in found
    assert found.endswith(RELEASE[RELEASE.index("\n  last:") :])
    workflow, bag = read(SourceFile("x.yml", found), "x.yml")
    assert workflow is not None, bag.items
    assert [each.id for each in workflow.jobs] == ["job", "job-release", "last"]
    windows = fixed(RELEASE.replace("\n", "\r\n"), "split-job")
    assert windows == found.replace("\n", "\r\n")


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("dist/tool\n", "dist/${{ env.NAME }}\n", "uses env"),
        ("dist/tool\n", "/tmp/tool\n", "not plain names"),
        ("  last:\n", "  last:\n    needs: job\n", "job last waits"),
        ("    steps:\n      - uses", "    outputs: {a: b}\n    steps:\n      - uses", "the job has outputs"),
        ("      - id: release\n", "      - if: success()\n        id: release\n", "has a condition"),
        ("- uses: actions/upload-release-asset@v1", "- uses: actions/cache@v4", "does not end with steps"),
    ],
)
def test_what_cannot_be_split(old: str, new: str, why: str) -> None:
    text = RELEASE.replace(old, new, 1)
    assert text != RELEASE
    assert why in proposals(text)["split-job"].refused
