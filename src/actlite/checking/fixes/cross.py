"""A build on the VM for an older glibc: zig's compilers in the place of the system's, ``cargo zigbuild`` for cargo's."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator

from actlite.checking.fixes.edits import CannotEdit, Edit
from actlite.checking.fixes.subject import Subject
from actlite.document.nodes import Mapping, Scalar
from actlite.document.places import place
from actlite.glibc.ways import OLD_NODE, Situation
from actlite.workflow.model import RunStep, Step, UsesStep

ZIG, ZIGBUILD = "ziglang==0.17.1", "cargo-zigbuild==0.24.0"
"""What the fix was tried with."""
PINNED_SINCE = datetime.date(2026, 11, 1)
"""From this day on both are to be had (rounded up); before, pip takes the newest of that time."""
_MACHINES = {"x64": "x86_64", "arm64": "aarch64"}
_COMPILED = re.compile(
    r"(?:^|[\s;&|(/])(?:make|cmake|ninja|meson|gcc|g\+\+|cc|c\+\+|configure)(?=[\s;&|)]|$)", re.M
)
_CARGO = re.compile(r"(?<![\w-])cargo (?:build|b)(?=\s|$)", re.M)
_NEEDS_THE_IMAGE = re.compile(
    r"(?<![\w-])(?:yum|dnf|apk|apt|apt-get|rpm|zypper|maturin|auditwheel|pip|pip3|python|python3|scl|devtoolset\S*)(?=\s|$)"
    r"|/opt/(?:python|rh)/",
    re.M,
)
_RESULTS = re.compile(r"(?<![\w/-])(?:\./)?target/(?:release|debug)(?![\w-])")
_CARGO_ACTION = "actions-rs/cargo"
_SET_UP = """\
set -eu
here=$RUNNER_TEMP/zig
python3 -m pip install --quiet --target "$here" {packages}
mkdir -p "$here/bin"
shim() {{ printf '#!/bin/sh\\nexec "%s/ziglang/zig" %s"$@"\\n' "$here" "$2" > "$here/bin/$1"; chmod 755 "$here/bin/$1"; }}
shim zig ''
{compilers}echo "$here/bin" >> "$GITHUB_PATH"
"$here/bin/zig" version
"""
_COMPILERS = """\
for name in cc gcc; do shim "$name" 'cc -target {triple} -fno-sanitize=undefined '; done
for name in c++ g++; do shim "$name" 'c++ -target {triple} -fno-sanitize=undefined '; done
"""
"""Not for cargo alone: its scripts for the build run on the VM, and are linked by the VM's own."""


def cross(subject: Subject, at: Situation) -> tuple[list[Edit], list[str]]:
    """Take the container from the job, and let its compilers build for the glibc that the container had."""
    glibc = at.target or at.glibc or OLD_NODE
    machine = _MACHINES[at.arch]
    _check(subject)
    rust = list(_cargo(subject, f"{machine}-unknown-linux-gnu", glibc))
    compiled = any(_COMPILED.search(step.run.text) for step in subject.run_steps())
    if not rust and not compiled:
        raise CannotEdit("no step is recognised that builds with cargo, make, cmake or a C compiler")
    packages = [ZIG, ZIGBUILD] if rust else [ZIG]
    if subject.on < PINNED_SINCE:
        packages = [package.partition("==")[0] for package in packages]
    page = subject.page
    entry, _, dash = subject.steps()
    compilers = _COMPILERS.format(triple=f"{machine}-linux-gnu.{glibc}") if compiled else ""
    script = _SET_UP.format(packages=" ".join(packages), compilers=compilers)
    defaults = (subject.workflow.defaults, subject.job.defaults)
    lines = [f"- name: Compilers for glibc {glibc}"]
    lines += ["  shell: sh"] if any(given.shell is not None for given in defaults) else []
    lines += ["  working-directory: /"] if any(d.working_directory is not None for d in defaults) else []
    lines += ["  run: |", *(f"    {line}" for line in script.splitlines())]
    container = subject.needed("container")
    edits = [page.removed(container), page.inserted_after(entry.key.span.end, lines, dash), *rust]
    notes = [
        f"Look at what is built with actlite audit --max-glibc {glibc}.",
        "Libraries that the build takes from the system are now those of the VM: link them statically, or not at all.",
    ]
    if rust:
        notes.append(
            f"cargo puts its results into target/{machine}-unknown-linux-gnu/ now; paths were changed."
        )
    return edits, notes


def _check(subject: Subject) -> None:
    """Raise CannotEdit for a job that needs more of its container than the compiler."""
    container = subject.needed("container").value
    if isinstance(container, Mapping) and [key.text for key, _ in container.entries] != ["image"]:
        raise CannotEdit("the container has more than an image")
    if subject.job.services is not None:
        raise CannotEdit("the job has services, which have other names outside of a container")
    if any(step.image is None for step in subject.predictions) or subject.has_other_legs:
        raise CannotEdit("the job's legs differ in their C library")
    text = subject.node().span.text
    for needle in ("job.container", "/__w", "/github/", "matrix."):
        if needle in text:
            raise CannotEdit(f"the job names {needle}, and may need its container")
    for step in subject.run_steps():
        found = _NEEDS_THE_IMAGE.search(step.run.text)
        if found:
            raise CannotEdit(f"step {step.number} uses {found[0].strip()}, which may need the image")
    for action in subject.uses_steps():
        if action.uses.text.startswith("./"):
            raise CannotEdit(f"what {action.uses.text} builds is not known")


def _cargo(subject: Subject, triple: str, glibc: str) -> Iterator[Edit]:
    """The edits that make ``cargo zigbuild`` of ``cargo build``; none where cargo builds nothing."""
    found: list[Edit] = []
    for step in subject.run_steps():
        for match in _CARGO.finditer(step.run.text):
            if "--target" in step.run.text[match.start() :].partition("\n")[0]:
                raise CannotEdit("cargo already builds for a target of its own")
            found.append(
                _change(step.run, match.start(), match.end(), f"cargo zigbuild --target {triple}.{glibc}")
            )
    for action in subject.uses_steps():
        if action.uses.text.partition("@")[0].lower() == _CARGO_ACTION:
            found += _cargo_action(action, f"{triple}.{glibc}")
    if not found:
        return
    yield from found
    for each in subject.job.steps:
        for text in _texts(each):
            for match in _RESULTS.finditer(text.text):
                at = match.start() + text.text[match.start() :].index("target/") + len("target/")
                yield _change(text, at, at, f"{triple}/")


def _cargo_action(step: UsesStep, target: str) -> list[Edit]:
    given = step.with_
    command = given.get("command") if isinstance(given, Mapping) else None
    if not isinstance(command, Scalar) or not isinstance(given, Mapping) or command.text != "build":
        return []
    args = given.get("args")
    if not isinstance(args, Scalar) or not args.plain or "--target" in args.text:
        raise CannotEdit(f"the arguments of {step.uses.text} are not plain, or have a target")
    return [
        _change(command, 0, len(command.text), "zigbuild"),
        Edit(args.span.end, args.span.end, f" --target {target}"),
    ]


def _texts(step: Step) -> Iterator[Scalar]:
    if isinstance(step, RunStep):
        yield step.run
    elif isinstance(step, UsesStep) and isinstance(step.with_, Mapping):
        yield from (value for _, value in step.with_.entries if isinstance(value, Scalar))


def _change(text: Scalar, start: int, end: int, new: str) -> Edit:
    """An edit within a text. Raises CannotEdit where its place in the file can't be told exactly."""
    span = place(text, start, max(end, start + 1))
    if span.text[: max(end - start, 1)] != text.text[start : max(end, start + 1)]:
        raise CannotEdit("a script is written with escapes or as an alias")
    return Edit(span.start, span.start + (end - start), new)
