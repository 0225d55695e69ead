"""Every program in every image: what is foretold from the files is what the real loader prints, and its exit code."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from loading_artifacts import ZIG, make, make_with_zig
from tests.long_mode import LONG

from actlite.glibc.elf import read
from actlite.glibc.folder import FolderSystem
from actlite.glibc.loading import Loading, library_path_of, load
from actlite.glibc.system import MountedSystem, System
from actlite.records import frozen
from actlite.runtimes.store import NodeBuild, NodeStore
from sample_workflows.standins.__main__ import cache_folder

pytestmark = pytest.mark.docker
IMAGES = (
    "manylinux1",
    "manylinux2010",
    "manylinux2014",
    "amazonlinux2",
    "ubuntu1804",
    "manylinux_2_28",
    "debian11",
    "nostdcxx",
    "runner",
    "alpine",
)


@frozen
class Case:
    """A start of a program of ``/w``."""

    program: str
    folder: str = "/"
    library_path: str | None = None

    def __str__(self) -> str:
        where = f" in {self.folder}" if self.folder != "/" else ""
        return f"{self.program}{where}" + (
            f" with LD_LIBRARY_PATH={self.library_path}" if self.library_path is not None else ""
        )


OLD_V = ("/w/old", "/w/none", "/w/new", "")
CASES = (
    *map(Case, ("c", "c_static", "c_static_pie", "c_fixed", "cpp")),
    *map(Case, ("weak_reference", "weak_version", "no_sections", "relr", "relr_without_version")),
    *(Case(program, "/", path) for program in ("needs_v", "needs_v_weakly", "no_sections") for path in OLD_V),
    *(Case("by_user", "/", f"/w/user:{path}") for path in OLD_V),
    *(
        Case("plain", "/", path)
        for path in ("/w/lib", "/w/none:/w/lib/", "/w/lib;/w/none", "", "/w/own", "/w/ownr")
    ),
    *(Case("plain", "/w/lib", path) for path in ("", ":", "/w/none:", ".", "../lib", "/w/none")),
    *(
        Case("plain", "/", path)
        for path in ("w/lib", "$ORIGIN/lib", "/w/${LIB}:/w/lib", "/w/lib32", "/w/text")
    ),
    *(Case("plain", "/", f"/w/{first}:/w/lib") for first in ("lib32", "arm64lib", "text", "c", "nowhere")),
    *map(Case, ("rpath", "rpath_braces", "runpath", "rpath_then_runpath", "own_runpath", "own_rpath")),
    *(Case("runpath", "/", path) for path in ("/w/lib", "/w/run", "/w/own")),
    *(Case("rpath", "/", path) for path in ("/w/text", "/w/run")),
    *(Case("empty_rpath", folder) for folder in ("/", "/w/lib")),
    *(Case("relative_rpath", folder) for folder in ("/", "/w")),
    *(Case("by_relative", folder) for folder in ("/", "/w")),
    *map(Case, ("no_token", "dst_lib", "by_path", "by_origin")),
    *(Case("twice_named", "/", path) for path in ("/w/twice", "/w/bare:/w/twice")),
    *map(Case, ("no_default", "missing", "missing_below", "c_below", "no_loader")),
    Case("no_default", "/", "/lib64:/lib/x86_64-linux-gnu"),
    *map(Case, ("musl", "musl_missing", "musl_below", "arm64", "x86", "x86_static")),
    *(Case("musl_missing", "/", path) for path in ("/w/lib", ":/w/lib32:/w/lib", "/w/text")),
    *([Case("rust")] if shutil.which("rustc") else []),
    *(map(Case, ZIG) if LONG else []),
)


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("w")
    folder.chmod(0o755)
    make(folder)
    if LONG:
        make_with_zig(folder, cache_folder().with_name("zig"))
    return folder


@pytest.fixture(scope="module")
def store() -> NodeStore:
    """Node builds, kept in the user's cache folder like the parts of the stand-ins."""
    return NodeStore(cache_folder().with_name("runtimes"))


def place_of(build: NodeBuild) -> str:
    return f"/n/{build.path.parent.name}/node/bin/node"


@frozen
class Real:
    """A running container, and the files of its system."""

    container: Any
    system: System

    def run(self, cases: Sequence[Case]) -> list[tuple[int, list[str]]]:
        """Exit code and output lines of each, started as ``docker exec`` would."""
        words = [
            word
            for case in cases
            for word in (
                case.folder,
                "-" if case.library_path is None else case.library_path,
                f"/w/{case.program}",
            )
        ]
        done = self.container.exec_run(["/w/runner", *words])
        assert done.exit_code == 0, done.output
        rest: bytes = done.output
        results = []
        for _ in cases:
            head, _, rest = rest.partition(b"\n")
            code, size = map(int, head.split())
            results.append((code, rest[:size].decode().splitlines()))
            rest = rest[size:]
        assert not rest
        return results


@pytest.fixture(scope="module")
def real(
    docker_daemon: Any,
    standin: Callable[[str], str],
    artifacts: Path,
    store: NodeStore,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[str], Real]]:
    """Gives a stand-in as a running container with its files unpacked; each is made once."""
    known: dict[str, Real] = {}
    mounts = {
        "/w": artifacts,
        "/n": cache_folder().with_name("runtimes") / "node",
        "/__e/node12": store.ensure("12.13.1").path,
    }

    def start(name: str) -> Real:
        if name not in known:
            container = docker_daemon.containers.create(
                standin(name),
                ["tail", "-f", "/dev/null"],
                volumes={str(folder): {"bind": place, "mode": "ro"} for place, folder in mounts.items()},
                network_mode="none",
            )
            root = tmp_path_factory.mktemp(name)
            known[name] = Real(
                container,
                MountedSystem(
                    FolderSystem(root), {place: FolderSystem(folder) for place, folder in mounts.items()}
                ),
            )
            container.start()
            unpack(container, root)
        return known[name]

    yield start
    for one in known.values():
        one.container.remove(force=True, v=True)


def unpack(container: Any, root: Path) -> None:
    """The libraries and settings of a container's system."""
    tar = subprocess.Popen(
        ["tar", "-x", "-C", str(root), "--no-same-owner", "lib", "lib64", "usr/lib", "usr/lib64", "etc"],
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # a system need not have all of these
    )
    assert tar.stdin is not None
    for chunk in container.export():
        tar.stdin.write(chunk)
    tar.stdin.close()
    tar.wait()
    assert (root / "lib").exists()


def foretell(case: Case, artifacts: Path, system: System) -> Loading:
    return load(
        read(artifacts / case.program),
        f"/w/{case.program}",
        system,
        library_path=library_path_of(case.library_path or ""),
        folder=case.folder,
    )


@pytest.mark.parametrize("image", IMAGES)
def test_foretold_is_what_happens(image: str, real: Callable[[str], Real], artifacts: Path) -> None:
    there = real(image)
    differences = []
    for case, (code, lines) in zip(CASES, there.run(CASES), strict=True):
        found = foretell(case, artifacts, there.system)
        if (found.exit_code, list(found.lines)) != (code, lines):
            differences.append(f"{case}: foretold {found.exit_code} {found.lines}\n    real {code} {lines}")
    assert not differences, "\n".join(differences)


def test_the_seven_lines_of_2021(real: Callable[[str], Real]) -> None:
    there, program = real("manylinux2010"), "/__e/node12/bin/node"
    elf = there.system.file(program)
    assert elf is not None
    found = load(elf, program, there.system)
    done = there.container.exec_run([program, "--version"])
    assert (done.exit_code, done.output.decode().splitlines()) == (1, list(found.lines))
    assert [(missing.library, missing.version) for missing in found.missing] == [
        ("libstdc++.so.6", "GLIBCXX_3.4.14"),
        ("libstdc++.so.6", "GLIBCXX_3.4.18"),
        ("libstdc++.so.6", "CXXABI_1.3.5"),
        ("libstdc++.so.6", "GLIBCXX_3.4.15"),
        ("libc.so.6", "GLIBC_2.16"),
        ("libc.so.6", "GLIBC_2.17"),
        ("libc.so.6", "GLIBC_2.14"),
    ]


def test_a_node_for_musl(real: Callable[[str], Real], store: NodeStore) -> None:
    there, build = real("alpine"), store.ensure("24.21.0", musl=True)
    elf = there.system.file(place_of(build))
    assert elf is not None
    found = load(elf, place_of(build), there.system)
    done = there.container.exec_run([place_of(build), "--version"])
    assert (found.starts, found.lines) == (True, ())
    assert (done.exit_code, done.output.decode()) == (0, f"v{build.version}\n")
    assert any(path.startswith("/n/") for _, path in found.libraries), "its own C++ library, by RPATH"


def test_what_the_kernel_refuses_is_said_as_docker_says_it(
    real: Callable[[str], Real], artifacts: Path
) -> None:
    there = real("alpine")
    kinds = {}
    for case in CASES:
        found = foretell(case, artifacts, there.system)
        if found.kind in ("interpreter", "format") and found.kind not in kinds:
            done = there.container.exec_run([f"/w/{case.program}"])
            assert (done.exit_code, done.output.decode().splitlines()) == (found.exit_code, list(found.lines))
            kinds[found.kind] = case
    assert set(kinds) == {"interpreter", "format"}


def test_tables_that_contradict_each_other(real: Callable[[str], Real], artifacts: Path) -> None:
    there = real("debian11")
    case = Case("odd_name", "/", "/w/new")
    ((code, lines),) = there.run([case])
    found = foretell(case, artifacts, there.system)
    assert (found.kind, found.exit_code) == ("names", code)
    (line,) = lines
    assert re.sub(r"dl-version.c: \d+:", "dl-version.c:", line) == found.lines[0]


def test_all_that_matters_was_tried(real: Callable[[str], Real], artifacts: Path) -> None:
    """The comparison says something: each kind of end is among the cases."""
    kinds = {foretell(case, artifacts, real(image).system).kind for image in IMAGES for case in CASES}
    assert kinds == {"", "versions", "library", "interpreter", "format", "relr"}
