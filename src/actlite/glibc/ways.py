"""The ways out where a runner's node does not start in a container: names, titles and the time in which each works.

One list for a run's diagnosis, the findings of ``actlite check`` and the edits of ``actlite check --fix``. Facts: what
the node builds need and from which day there are substitutes of node (``actlite.glibc.node_needs``), and GitHub's switches
by date (see ``actlite.runtimes``).
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence

from actlite.glibc.alternatives import NONE, alternative
from actlite.glibc.elf_facts import version_key
from actlite.glibc.node_needs import node_needs, substitute, substitute_needs
from actlite.records import field, frozen

OLDER_REFS: Mapping[str, str] = {
    "actions/cache": "v3",
    "actions/checkout": "v3",
    "actions/download-artifact": "v3",
    "actions/github-script": "v6",
    "actions/setup-go": "v4",
    "actions/setup-java": "v3",
    "actions/setup-node": "v3",
    "actions/setup-python": "v4",
    "actions/upload-artifact": "v3",
}
"""Refs that declare node16, for the time in which the runner still had it."""
OLD_NODE = "2.17"
"""The glibc that node 12 and 16, and the substitutes of later ones, start on."""
OLDEST_CROSS = "2.17"
"""The oldest glibc that builds with zig were measured for."""

NODE16_MAPPED = datetime.date(2024, 7, 3)
NODE16_REMOVED = datetime.date(2024, 11, 13)
NODE24_DEFAULT = datetime.date(2026, 6, 16)
NODE20_REMOVED = datetime.date(2026, 9, 23)
FLOORS = (("2.17", "manylinux2014"), ("2.28", "manylinux_2_28"), ("2.34", "manylinux_2_34"))
"""glibc and name of the images in which wheels are built, oldest first."""
SYSTEMS = (
    ("2.17", "CentOS 7"),
    ("2.24", "Debian 9"),
    ("2.27", "Ubuntu 18.04"),
    ("2.26", "Amazon Linux 2"),
    ("2.28", "CentOS 8"),
    ("2.31", "Debian 11"),
    ("2.31", "Ubuntu 20.04"),
)
"""Systems that people still use, with their glibc: a build on a newer one leaves them behind."""
NO_NODE = "scripts and composite actions, which need no node, in place of the actions"
"""The title of a way that a single step does not tell whether it is open."""
_MACHINES = {"x64": "x86_64", "arm64": "aarch64"}


@frozen
class Situation:
    """A runner's node that does not start in an image, and what is known around it."""

    runtime: str
    """What the runner takes: ``node24``; empty where it does not know what the action declares."""
    on: datetime.date
    declared: str = ""
    """What the action declares: ``node12``; empty where that isn't known."""
    action: str = ""
    """The action as it is written: ``actions/checkout@v4``."""
    libc: str = "glibc"
    """The image's: glibc, musl or none; empty where that isn't known."""
    newest: Mapping[str, str] = field(default_factory=dict)
    """The newest version that the image has of GLIBC, GLIBCXX and CXXABI, where known."""
    arch: str = "x64"
    target: str = ""
    """The oldest glibc of the users of what is built; empty where none is set."""
    mounted: tuple[str, ...] = ()
    """The runtimes over which the job mounts a folder of its own."""
    has_libraries: bool = True
    """False where a library that node needs is absent, and not just too old."""

    @property
    def glibc(self) -> str:
        """The image's glibc; empty where it isn't known."""
        return self.newest.get("GLIBC", "")

    def starts(self, needs: Mapping[str, str]) -> bool:
        """Whether a program with these needs starts in the image, as far as is known."""
        return (
            self.libc in ("glibc", "")
            and self.has_libraries
            and not any(older(self.newest[kind], need) for kind, need in needs.items() if kind in self.newest)
        )


@frozen
class Way:
    """One way out."""

    name: str
    """What ``actlite check --fix=NAME`` calls it."""
    title: str
    """What is done, in one short line without a full stop."""
    cost: str
    """What it costs, or has to be known of it; a clause."""

    @property
    def line(self) -> str:
        """The title with its cost and the command that does it today."""
        return told(self.name, self.title, self.cost)


def told(name: str, title: str, cost: str, as_of: datetime.date | None = None) -> str:
    """A way out in one line: the title with its cost, and the command that does it. ``as_of`` is the day that was
    asked for, which the command must be given too; None for today."""
    day = f" --as-of={as_of}" if as_of is not None else ""
    return f"{title}{f' ({cost})' if cost else ''}: actlite check --fix={name}{day}"


def older(one: str, other: str) -> bool:
    """Whether a version number comes before another."""
    return version_key(one) < version_key(other)


def ways(at: Situation) -> tuple[Way, ...]:
    """What would work in a situation, best first. Nothing is there outside the time in which it works, nor where the
    runner takes no runtime at all: where it does not know what the action declares."""
    return () if not at.runtime else tuple(way for make in _WAYS.values() if (way := make(at)) is not None)


def way(name: str, at: Situation) -> Way | None:
    """One way by its name; None where it does not work in this situation."""
    return _WAYS[name](at)


def floor_image(runtime: str, arch: str, target: str = "") -> tuple[str, str]:
    """The newest image for builds on which a runtime starts and that the users' glibc allows: its glibc and name. Where
    the users' glibc allows none, and where no target is set, the oldest on which the runtime starts."""
    needs = (node_needs(runtime) or node_needs("node24"))["GLIBC"]
    starting = [(floor, name) for floor, name in FLOORS if not older(floor, needs)]
    allowed = [pair for pair in starting if target and not older(target, pair[0])]
    floor, name = allowed[-1] if allowed else starting[0]
    return floor, f"quay.io/pypa/{name}_{_MACHINES.get(arch, 'x86_64')}"


def _older_action(at: Situation) -> Way | None:
    action, _, _ = at.action.partition("@")
    ref = OLDER_REFS.get(action.lower())
    if at.on >= NODE16_MAPPED or at.declared != "node20" or not ref or not at.starts(node_needs("node16")):
        return None
    return Way("older-action", f"use {action}@{ref}, which declares node16: it starts here", "")


def _unsecure_env(at: Situation) -> Way | None:
    if at.declared in ("node12", "node16") and at.runtime == "node20":
        kept, first, last = "node16", NODE16_MAPPED, NODE16_REMOVED
    elif at.declared == "node20" and at.runtime == "node24":
        kept, first, last = "node20", NODE24_DEFAULT, NODE20_REMOVED
    else:
        return None
    if not first <= at.on < last or not (kept in at.mounted or at.starts(node_needs(kept))):
        return None
    until = last - datetime.timedelta(days=1)
    return Way(
        "unsecure-env", f"keep {kept} by ACTIONS_ALLOW_USE_UNSECURE_NODE_VERSION", f"works until {until}"
    )


def _move_mount(at: Situation) -> Way | None:
    others = [name for name in at.mounted if name != at.runtime]
    if not others or at.runtime in at.mounted or at.libc not in ("glibc", ""):
        return None
    return Way(
        "move-mount",
        f"mount the node that now lies over /__e/{others[-1]} over /__e/{at.runtime}, which runs today",
        "",
    )


def _node_mount(at: Situation) -> Way | None:
    version = substitute(at.on)
    if not version or at.mounted or at.libc not in ("glibc", "") or not at.starts(substitute_needs()):
        return None
    if at.arch not in _MACHINES or (at.starts(node_needs(at.runtime)) and at.newest):
        return None
    return Way(
        "node-mount",
        f"put a node that starts on 2.17 over /__e/{at.runtime}",
        f"node {version}, which is not the runner's own",
    )


def _git_checkout(at: Situation) -> Way | None:
    if at.action.lower().partition("@")[0] != "actions/checkout":
        return None
    return Way("git-checkout", "check out by git in a run: step, without node", "the image needs git")


def _no_node(at: Situation) -> Way | None:
    found = alternative(at.action)
    if found is None or found.kind == NONE:
        return None
    return Way("no-node", NO_NODE, "")


def _split_job(at: Situation) -> Way | None:
    return Way(
        "split-job",
        "actions on the VM, releasing in a job of its own, the build by docker exec",
        "",
    )


def _docker_run(at: Situation) -> Way | None:
    return Way("docker-run", "actions on the VM, run: steps in the container by docker exec", "")


def _cross(at: Situation) -> Way | None:
    if at.libc != "glibc" or at.arch not in _MACHINES:
        return None
    wanted = at.target or at.glibc or OLD_NODE
    if older(wanted, OLDEST_CROSS):
        return None
    return Way("cross", f"build on the VM for glibc {wanted} with zig, without the container", "")


def _image(at: Situation) -> Way | None:
    if at.arch not in _MACHINES:
        return None
    floor, image = floor_image(at.runtime, at.arch, at.target)
    if at.glibc and not older(at.glibc, floor):
        return None
    oldest = at.target or at.glibc
    dropped = [
        name for glibc, name in SYSTEMS if older(glibc, floor) and not (oldest and older(glibc, oldest))
    ]
    cost = f"drops users of {_listed(dropped)}" if dropped else ""
    return Way("image", f"build in {image} (glibc {floor})", cost)


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


_WAYS: Mapping[str, Callable[[Situation], Way | None]] = {
    "older-action": _older_action,
    "unsecure-env": _unsecure_env,
    "move-mount": _move_mount,
    "node-mount": _node_mount,
    "git-checkout": _git_checkout,
    "no-node": _no_node,
    "split-job": _split_job,
    "docker-run": _docker_run,
    "cross": _cross,
    "image": _image,
}
NAMES = tuple(_WAYS)
"""The names of all ways, best first."""
