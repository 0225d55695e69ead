"""What a run says beforehand of its actions, beside what the real loader says; and what it says of its products."""

from __future__ import annotations

import datetime
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fault_tools import Place
from main_tools import Outcome, Server, built, node_action, own_cache, run

from actlite.execution.as_predicted import DOUBT
from actlite.glibc import elf
from actlite.runtimes.eras import runner_at
from actlite.runtimes.store import NodeStore

pytestmark = pytest.mark.docker
CENTOS = "actlite-standin/centos7:1"
ALPINE = "actlite-standin/alpine:1"
LS = Path("/bin/ls").resolve()
"""A program of this machine, which is newer than the stand-in."""


@pytest.fixture
def server(tmp_path: Path, standin: Callable[[str], str]) -> Server:
    standin("centos7")
    made = Server(tmp_path / "server")
    main = "console.log('ran on', process.version)"
    made.publish("some/old", node_action(main, using="node12"))
    made.publish("some/whole", node_action(main, using="node20", pre=main, post=main))
    composite = (
        "name: c\nruns:\n  using: composite\n  steps:\n    - {run: echo in, shell: sh}\n"
        "    - uses: some/whole@v1\n"
    )
    made.publish("some/both", {"action.yml": composite})
    return made


def go(place: Place, server: Server, *arguments: str) -> Outcome:
    env = server.env | own_cache(server.folder.parent / "cache")
    return run(place, *arguments, env=env)


def predicted(found: Outcome) -> list[dict[str, Any]]:
    """The predictions of the only job, which the events and the report have alike."""
    events = found.of("steps-predicted")
    assert len(events) <= 1
    listed = events[0]["predictions"] if events else []
    assert listed == found.job["predictions"]
    return listed


def no_doubt(found: Outcome) -> None:
    """Nothing ended otherwise than predicted, as the report has it too."""
    assert DOUBT not in str(found.report)


def test_today_on_2_17(place: Place, server: Server) -> None:
    steps = (
        "- name: first\n  run: echo first",
        "- name: old\n  uses: some/old@v1\n  if: always()",
        "- name: whole\n  uses: some/whole@v1\n  if: always()",
        "- name: both\n  uses: some/both@v1\n  if: always()",
        "- name: checkout\n  uses: actions/checkout@v4\n  if: always()",
    )
    place.steps(*steps, job=f"container: {CENTOS}")
    found = go(place, server).expect(
        1,
        "prediction: node24 cannot start in this container: 4 of 4 actions need it",
        "it lacks GLIBC_2.28, GLIBCXX_3.4.21, CXXABI_1.3.11; it has glibc 2.17",
    )
    listed = predicted(found)
    assert [(p["step"], p["stages"], p["declared"], p["runtime"], p["verdict"]) for p in listed] == [
        ("2", ["main"], "node12", "node24", "fails"),
        ("3", ["pre", "main", "post"], "node20", "node24", "fails"),
        ("4.2", ["pre", "main", "post"], "node20", "node24", "fails"),
        ("5", ["main", "post"], "node20", "node24", "fails"),
    ]
    failed = [step for step in found.job["steps"] if step["outcome"] == "failure"]
    assert {step["name"] for step in failed} >= {"Pre whole", "old", "whole", "both", "checkout"}
    diagnoses = [step["diagnosis"] for step in failed if step["diagnosis"]]
    assert len(diagnoses) >= 4
    for diagnosis in diagnoses:
        assert diagnosis["loader_lines"] == listed[0]["loader_lines"]
        assert all(p["loader_lines"] == diagnosis["loader_lines"] for p in listed)
    no_doubt(found)
    order = [(event["kind"], event.get("step")) for event in found.events]
    assert order.index(("steps-predicted", None)) < order.index(("step-started", "pre-3"))
    offered = {
        step["name"]: [fix.rpartition("=")[2] for fix in step["diagnosis"]["fixes"]]
        for step in failed
        if step["diagnosis"]
    }
    # What check can't write here is not offered: there is nothing to publish, and an unknown action may install; and
    # what helps checkout alone does not help the others.
    assert offered["whole"] == offered["checkout"] == ["node-mount", "image"]
    assert diagnoses[0]["window"].startswith("actions need glibc ≥ 2.28 (node24)")


def test_in_2021_nothing_is_said(place: Place, server: Server) -> None:
    place.steps("- uses: actions/checkout@v2", "- uses: some/old@v1", job=f"container: {CENTOS}")
    found = go(place, server, "--as-of", "2021-05-07").expect(0)
    assert [(p["verdict"], p["runtime"], p["loader_lines"]) for p in predicted(found)] == [
        ("starts", "node12", []),
        ("starts", "node12", []),
    ]
    assert "prediction" not in found.ended.text
    no_doubt(found)


def test_it_is_in_the_journal(place: Place, server: Server) -> None:
    place.steps("- uses: some/old@v1", job=f"container: {CENTOS}")
    go(place, server).expect(1)
    done = subprocess.run(
        [*place.argv()[:3], "show", "last"],
        cwd=place.path,
        env=place.env,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "prediction: node24 cannot start in this container: the action needs it" in done.stdout


@pytest.mark.parametrize("filled", [True, False])
def test_a_node_of_the_jobs_own_over_the_runners(
    place: Place, server: Server, tmp_path: Path, filled: bool
) -> None:
    """A folder that holds node 16 already is read; of one that a step fills first nothing is said."""
    store = NodeStore(Path(own_cache(tmp_path / "cache")["ACTLITE_CACHE"]) / "runtimes")
    old = store.externals(runner_at(datetime.date(2022, 6, 1)), ["node16"]) / "node16"
    cover, source = tmp_path / "cover", tmp_path / "source"
    shutil.copytree(old, source)
    if filled:
        shutil.copytree(old, cover)
    else:
        cover.mkdir()
    volumes = f"volumes: ['{cover}:/node-217', '{cover}:/__e/node24:ro', '{source}:/source:ro']"
    fill = "- run: cp -r /source/. /node-217/"
    place.steps(fill, "- name: old\n  uses: some/old@v1", job=f"container:\n  image: {CENTOS}\n  {volumes}")
    found = go(place, server).expect(0)
    (one,) = predicted(found)
    assert one["verdict"] == ("starts" if filled else "mounted")
    assert found.lines("old")[-1].startswith("ran on v16.")
    assert "prediction" not in found.ended.text
    no_doubt(found)


def test_musl_that_the_runner_takes_for_alpine_or_not(
    place: Place, server: Server, standin: Callable[[str], str], docker_daemon: Any
) -> None:
    standin("alpine")
    place.steps("- name: old\n  uses: some/old@v1", job=f"container: {ALPINE}")
    found = go(place, server).expect(0)
    assert [(p["verdict"], p["program"]) for p in predicted(found)] == [
        ("starts", "/__e/node24_alpine/bin/node")
    ]
    no_doubt(found)
    name = "actlite-test-musl-unnamed:1"
    with built(docker_daemon, name, [f"FROM {ALPINE}", "RUN rm -f /etc/*release /usr/lib/os-release"]):
        place.steps("- name: old\n  uses: some/old@v1", job=f"container: {name}")
        found = go(place, server).expect(1)
    (one,) = predicted(found)
    assert (one["verdict"], one["kind"]) == ("fails", "interpreter")
    assert found.step("old")["diagnosis"]["kind"] == "interpreter"
    no_doubt(found)


PRODUCTS = (
    "- uses: actions/checkout@v2",
    "- name: build\n  run: mkdir dist && cp prebuilt dist/hq && cp standing dist/box && tar czf dist/hq.tar.gz -C dist hq",
)


def newest(path: Path) -> str:
    return elf.newest_of(need.version for need in elf.read(path).versions)["GLIBC"]


def products(found: Outcome) -> dict[str, dict[str, Any]]:
    return {artifact["name"]: artifact for artifact in found.report["runs"][0]["artifacts"]}


def with_program(place: Place, folder: Path) -> None:
    """Put a program of this machine, and one without libraries, into the repository."""
    shutil.copy(LS, place.path / "prebuilt")
    source = folder / "standing.s"
    source.write_text(".globl _start\n_start: mov $60, %eax\n xor %edi, %edi\n syscall\n")
    subprocess.run(
        ["cc", "-static", "-nostdlib", "-o", str(place.path / "standing"), str(source)], check=True
    )


@pytest.mark.parametrize(
    ("target", "code", "verdict"),
    [("", 0, "unknown"), ("manylinux2014", 1, "refused"), ("glibc2.60", 0, "fits")],
    ids=["none", "old", "new"],
)
def test_products_are_audited(
    place: Place, server: Server, tmp_path: Path, target: str, code: int, verdict: str
) -> None:
    with_program(place, tmp_path)
    place.steps(*PRODUCTS, job=f"container: {CENTOS}")
    arguments = ["--as-of", "2021-05-07", *(["--target", target] if target else [])]
    found = go(place, server, *arguments).expect(code)
    assert found.report["conclusion"] == "success"
    made = products(found)
    assert set(made) == {"dist/hq.tar.gz", "dist/hq", "dist/box"}
    for name, member in (("dist/hq", ""), ("dist/hq.tar.gz", "hq")):
        (file,) = made[name]["audited"]
        assert (file["name"], file["kind"], file["libc"]) == (member, "program", "glibc")
        assert file["newest"]["GLIBC"] == newest(LS)
        assert (made[name]["target"], made[name]["verdict"], file["verdict"]) == (target, verdict, verdict)
        assert bool(file["over"]) is bool(file["advice"]) is (verdict == "refused")
    (box,) = made["dist/box"]["audited"]
    assert box["linkage"].startswith("static")
    assert box["verdict"] == ("fits" if target else "unknown")
    if verdict == "refused":
        over = made["dist/hq"]["audited"][0]["over"]
        assert over[0]["version"] == f"GLIBC_{newest(LS)}"
        asking = {symbol for cause in over for symbol in cause["symbols"]}
        assert "__libc_start_main" in asking
        found.expect(
            1,
            "2 of 3 artifacts are not for the target manylinux2014",
            f"hq: glibc {newest(LS)} ✗ not for manylinux2014",
            "box: static ✓",
        )


def test_the_target_of_the_settings(place: Place, server: Server, tmp_path: Path) -> None:
    with_program(place, tmp_path)
    place.write("actlite.toml", 'target = "centos:7"\n')
    place.steps(*PRODUCTS, job=f"container: {CENTOS}")
    found = go(place, server, "--as-of", "2021-05-07").expect(1, "not for the target centos:7")
    assert products(found)["dist/hq"]["target"] == "centos:7"
    go(place, server, "--as-of", "2021-05-07", "--target", "glibc2.60").expect(0)
    go(place, server, "--target", "windows").expect(2)


@pytest.mark.parametrize("how", [("--engine", "host"), ()], ids=["host", "image"])
def test_products_of_a_job_without_a_container(place: Place, how: tuple[str, ...]) -> None:
    place.steps("cp /bin/ls hq")
    found = run(place, "--target", "glibc2.5", *how).expect(1, "hq is not for the target glibc2.5")
    (file,) = products(found)["hq"]["audited"]
    assert file["verdict"] == "refused"
    assert file["over"][0]["symbols"]


def test_a_program_of_the_jobs_own_that_can_not_start(place: Place, server: Server, tmp_path: Path) -> None:
    with_program(place, tmp_path)
    steps = (PRODUCTS[0], "- name: try\n  run: ./hq\n  working-directory: sub")
    place.steps(steps[0], "mkdir sub && cp prebuilt sub/hq", steps[1], job=f"container: {CENTOS}")
    found = go(place, server, "--as-of", "2021-05-07").expect(1)
    diagnosis = found.step("try")["diagnosis"]
    assert diagnosis["program"] == "./hq"
    assert f"it needs glibc {newest(LS)}, the image has 2.17" in diagnosis["summary"]
    causes = {cause["version"]: cause["symbols"] for cause in diagnosis["causes"]}
    assert set(causes) == {missing["version"] for missing in diagnosis["missing"]}
    assert "__libc_start_main" in causes["GLIBC_2.34"]
    assert "missing GLIBC_" in " ".join(found.ended.text.split())


def test_a_step_that_changes_the_container_is_why_it_ends_otherwise(place: Place, server: Server) -> None:
    place.steps(
        "rm -f /usr/lib64/libstdc++.so.6",
        "- name: old\n  uses: some/old@v1",
        job=f"container: {CENTOS}",
    )
    found = go(place, server, "--as-of", "2021-05-07")
    assert found.ended.code == 1
    assert [p["verdict"] for p in predicted(found)] == ["starts"]
    diagnosis = found.step("old")["diagnosis"]
    assert diagnosis["kind"] == "library"
    assert diagnosis["notes"][-1] == f"It was predicted that node12 starts here. {DOUBT}"
