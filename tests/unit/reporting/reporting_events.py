"""A run made by hand: every kind of event that the console shows, in an order that a run has."""

from __future__ import annotations

from pathlib import Path

from actlite.events import (
    Annotation,
    ArtifactFound,
    Cause,
    Diagnosis,
    Event,
    FileAudit,
    ImageProgress,
    JobFinished,
    JobStarted,
    Missing,
    Notice,
    Prediction,
    RunFinished,
    RunStarted,
    StepAnnotation,
    StepFinished,
    StepOutput,
    StepsPredicted,
    StepStarted,
)

IMAGE = "quay.io/pypa/manylinux2014_x86_64"
WORKFLOW = f"""\
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    container: {IMAGE}
    steps:
      - name: Show GLIBC
        run: ldd --version
      - name: Checkout sources
        uses: actions/checkout@v2
      - name: Build
        run: make
"""
PATH = ".github/workflows/release.yml"

DIAGNOSIS = Diagnosis(
    "versions",
    "/__e/node24/bin/node",
    "the runner's node24 cannot start in this container",
    missing=(
        Missing("/lib64/libm.so.6", "GLIBC_2.27"),
        Missing("/lib64/libm.so.6", "GLIBC_2.23"),
        Missing("/lib64/libc.so.6", "GLIBC_2.28"),
        Missing("/lib64/libstdc++.so.6", "GLIBCXX_3.4.20"),
        Missing("/lib64/libstdc++.so.6", "GLIBCXX_3.4.21"),
        Missing("/lib64/libstdc++.so.6", "CXXABI_1.3.9"),
    ),
    loader_lines=("/__e/node24/bin/node: /lib64/libm.so.6: version `GLIBC_2.27' not found",),
    reasons=("declares node12", "the runner uses node24 for node12 since 2026-06-16"),
    has="glibc 2.17 · GLIBCXX 3.4.19 · CXXABI 1.3.7",
    fixes=(
        "put a node that starts on 2.17 over /__e/node24: actlite check --fix=node-mount",
        "check out by git in a run: step, without node (the image needs git): actlite check --fix=git-checkout",
        "an image of your own, which has both the old libraries for the build and a newer set for the runner's node",
        "build in quay.io/pypa/manylinux_2_28_x86_64 (drops users of CentOS 7): actlite check --fix=image",
    ),
    notes=("images with glibc ≥ 2.28 run node24",),
    window="actions need glibc ≥ 2.28; your users have ≥ 2.17 (target manylinux2014): no image does both",
)
OWN = Diagnosis(
    "versions",
    "./hq",
    "./hq cannot start in this container: it needs glibc 2.34, the image has 2.17.",
    missing=(Missing("libc.so.6", "GLIBC_2.34"), Missing("libc.so.6", "GLIBC_2.18")),
    loader_lines=("./hq: /lib64/libc.so.6: version `GLIBC_2.34' not found (required by ./hq)",),
    has="glibc 2.17",
    fixes=("Build it in quay.io/pypa/manylinux2014_x86_64 (glibc 2.17): what is built there runs here",),
    causes=(
        Cause("libc.so.6", "GLIBC_2.34", ("__libc_start_main", "pthread_create", "pthread_join", "a", "b")),
        Cause("libc.so.6", "GLIBC_2.18", ("__cxa_thread_atexit_impl",), weak=True),
    ),
)
PREDICTED = (
    Prediction(
        "2",
        ("main", "post"),
        "actions/checkout@v2",
        "node12",
        "node24",
        "/__e/node24/bin/node",
        "fails",
        "versions",
        DIAGNOSIS.missing,
        DIAGNOSIS.loader_lines,
        DIAGNOSIS.reasons,
    ),
    Prediction("3", ("main",), "some/mounted@v1", "node20", "node20", "/__e/node20/bin/node", "mounted"),
)


def workflow(root: Path) -> None:
    """Put the workflow file that the run is about into a folder."""
    path = root / PATH
    path.parent.mkdir(parents=True)
    path.write_text(WORKFLOW)


def start(*jobs: str) -> RunStarted:
    """The first event."""
    return RunStarted(
        1000.0,
        "12",
        "Release",
        PATH,
        "push",
        "refs/tags/v0.1.0",
        "a3f9c21" + "0" * 33,
        "2026-11-23",
        "2.336.0",
        "a3f9c21, 2 files not committed",
        jobs,
    )


def ended(
    step: str,
    name: str,
    outcome: str,
    *,
    job: str = "build",
    conclusion: str = "",
    seconds: float = 0.1,
    **more: object,
) -> StepFinished:
    """The end of a step."""
    return StepFinished(1001.0, job, step, "", name, outcome, conclusion or outcome, seconds, **more)  # type: ignore[arg-type]


def failing() -> list[Event]:
    """A red run: a diagnosis, markers, annotations, control sequences, markup, a skipped job."""
    return [
        start("build", "publish"),
        Notice(1000.0, "warning", "actlite-standin/centos7:1 stands in for an image [bold]red[/bold]"),
        JobStarted(
            1000.0, "build", "build", "build", {}, "actlite-standin/centos7:1", IMAGE, "ubuntu-latest"
        ),
        ImageProgress(1000.0, "build", "actlite-standin/centos7:1", "pulling", 10_000_000, 40_000_000),
        ImageProgress(1000.1, "build", "actlite-standin/centos7:1", "pulling", 40_000_000, 40_000_000),
        StepStarted(1000.2, "build", "0", "", "Set up job"),
        StepOutput(1000.3, "build", "0", "Current runner version: '2.336.0'\n"),
        ended("0", "Set up job", "success", seconds=0.4),
        StepsPredicted(1000.4, "build", "actlite-standin/centos7:1", DIAGNOSIS.has, PREDICTED),
        StepStarted(1000.5, "build", "1", "", "Show GLIBC"),
        StepOutput(1000.5, "build", "1", "##[group]Run ldd --version\n\x1b[36;1mldd --version\x1b[0m\n"),
        StepOutput(1000.5, "build", "1", "shell: sh -e {0}\n##[endgroup]\nldd (GNU libc) 2.17\n"),
        StepOutput(
            1000.6, "build", "1", "\x1b]0;title\x07\x1b[2J\x1b[31mred\x1b[0m [bold]not markup[/bold] \x07\r\n"
        ),
        StepOutput(1000.6, "build", "1", "##[warning]old\n"),
        StepAnnotation(1000.6, "build", "1", Annotation("warning", "old", "Library", "a.c", 3, 3, 7)),
        ended("1", "Show GLIBC", "success"),
        StepStarted(1000.7, "build", "2", "", "Checkout sources", "actions/checkout@v2 · node12 → node24"),
        StepOutput(1000.8, "build", "2", DIAGNOSIS.loader_lines[0] + "\n"),
        ended(
            "2", "Checkout sources", "failure", exit_code=1, diagnosis=DIAGNOSIS, file=PATH, line=9, column=9
        ),
        ended("3", "Build", "skipped", reason="success() is false", file=PATH, line=11, column=9),
        ended("4", "Package\x1b[2J", "skipped", reason="success() is false"),
        StepStarted(1001.0, "build", "5", "", "Clean up"),
        StepOutput(1001.0, "build", "5", "rm: no\nlast line without an end"),
        StepAnnotation(1001.0, "build", "5", Annotation("error", "Process completed with exit code 2.")),
        ended("5", "Clean up", "failure", conclusion="success", exit_code=2, seconds=75.0),
        JobFinished(1003.0, "build", "build", "build", "failure", {}, 3.1),
        JobFinished(1003.0, "publish", "publish", "publish", "skipped", {}, 0.0, "needs build"),
        RunFinished(1003.4, "12", "failure", 3.4, ("actlite-12-build",), "/repo/.actlite/runs/12"),
    ]


def two_jobs() -> list[Event]:
    """A green run of two legs side by side, with an artifact."""
    return [
        start("b (1)", "b (2)"),
        JobStarted(1000.0, "b (1)", "b", "b (1)", {"n": 1}, "image:1"),
        StepStarted(1000.0, "b (1)", "1", "", "Build"),
        StepOutput(1000.0, "b (1)", "1", "alone\n"),
        JobStarted(1000.1, "b (2)", "b", "b (2)", {"n": 2}, "image:1"),
        StepStarted(1000.1, "b (2)", "1", "", "Build"),
        StepOutput(1000.2, "b (2)", "1", "one\ntwo\n"),
        StepOutput(1000.2, "b (1)", "1", "##[group]Group\ninside\n"),
        StepOutput(1000.2, "b (1)", "1", "still inside\n##[endgroup]\n"),
        ended("1", "Build", "success", job="b (2)"),
        JobFinished(1001.0, "b (2)", "b", "b (2)", "success", {}, 1.0),
        StepOutput(1001.2, "b (1)", "1", "alone again\n"),
        ended("1", "Build", "success", job="b (1)"),
        JobFinished(1002.0, "b (1)", "b", "b (1)", "success", {}, 2.0),
        ArtifactFound(
            1002.0, "b (1)", "dist/old.zip", "/repo/dist/old.zip", 4_200_000, "GLIBC 2.17 · GLIBCXX 3.4.19"
        ),
        ArtifactFound(1002.0, "b (1)", "dist/data.tar.gz", "/repo/dist/data.tar.gz", 12),
        *audited(""),
        RunFinished(1002.0, "12", "success", 2.0, (), "/repo/.actlite/runs/12"),
    ]


def audited(target: str) -> list[ArtifactFound]:
    """Two products whose programs were looked at, against a target or none."""
    fine = FileAudit(
        "hq-v0.1.0/bin/hq",
        "program",
        "x64",
        "dynamic",
        "glibc",
        {"GLIBC": "2.17", "GLIBCXX": "3.4.19"},
        "manylinux_2_17",
        ("Debian ≥ 8",),
        verdict="fits" if target else "unknown",
    )
    bad = FileAudit(
        "hq-v0.1.0/bin/hq-new",
        "program",
        "x64",
        "dynamic",
        "glibc",
        {"GLIBC": "2.34"},
        "manylinux_2_34",
        ("Debian ≥ 12",),
        ("CentOS 7",),
        "refused" if target else "unknown",
        OWN.causes if target else (),
        ("build in a 2.17 image, or cross-build: cargo zigbuild --target x86_64-unknown-linux-gnu.2.17",)
        if target
        else (),
    )
    static = FileAudit(
        "", "program", "x64", "static", "", runs_on=("everywhere",), verdict="fits" if target else "unknown"
    )
    both = (fine, bad)
    return [
        ArtifactFound(
            1002.0,
            "b (1)",
            "dist/hq-v0.1.0-linux-x64.tar.gz",
            "/repo/dist/hq.tar.gz",
            4_200_000,
            "GLIBC 2.34",
            both,
            target,
            "refused" if target else "unknown",
            ("1 member was not looked at: it is encrypted.",),
        ),
        ArtifactFound(
            1002.0,
            "b (1)",
            "dist/hq-static",
            "/repo/dist/hq-static",
            1_000,
            "static",
            (static,),
            target,
            "fits" if target else "unknown",
        ),
    ]


def with_target() -> list[Event]:
    """A green run whose product the target's systems refuse, and a failed step with a program of its own."""
    return [
        start("b (1)"),
        JobStarted(1000.0, "b (1)", "b", "b (1)", {"n": 1}, "image:1"),
        StepStarted(1000.0, "b (1)", "1", "", "Try it"),
        ended("1", "Try it", "failure", job="b (1)", conclusion="success", exit_code=1, diagnosis=OWN),
        JobFinished(1002.0, "b (1)", "b", "b (1)", "success", {}, 2.0),
        *audited("manylinux2014"),
        RunFinished(1002.0, "12", "success", 2.0, (), "/repo/.actlite/runs/12"),
    ]
