"""What a loader finds in a folder, behind links and mounts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from made_cache import new_cache
from made_elf import make

from actlite.glibc.elf import ElfFile
from actlite.glibc.folder import FolderSystem
from actlite.glibc.system import MemorySystem, MountedSystem, System, default_folders

LIBRARY = ElfFile("x64", "library", soname="libx.so.1")
SYSTEM_DIRS = b"\0".join(
    [b"/lib/x86_64-linux-gnu/", b"/usr/lib/x86_64-linux-gnu/", b"/lib/", b"/usr/lib/", b""]
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A small system, with a file outside that no link may lead to."""
    (tmp_path / "outside").write_bytes(make(LIBRARY))
    place = tmp_path / "root"
    (place / "usr/lib64").mkdir(parents=True)
    (place / "etc").mkdir()
    (place / "usr/lib64/libx.so.1.0").write_bytes(make(LIBRARY))
    (place / "usr/lib64/text").write_text("INPUT(libx.so.1)")
    links = {
        "lib64": "usr/lib64",
        "usr/lib64/libx.so.1": "libx.so.1.0",
        "absolute": "/usr/lib64/libx.so.1",
        "up": "../../../usr/lib64/libx.so.1",
        "out": "../outside",
        "loop": "loop",
        "gone": "/none",
    }
    for name, target in links.items():
        os.symlink(target, place / name)
    return place


@pytest.mark.parametrize(
    "path", ["/usr/lib64/libx.so.1.0", "/lib64/libx.so.1", "/absolute", "/up", "lib64/../../up"]
)
def test_links_are_followed_within_the_folder(root: Path, path: str) -> None:
    system = FolderSystem(root)
    assert system.file(path) == LIBRARY
    assert system.exists(path)
    assert system.real(path) == "/usr/lib64/libx.so.1.0"


@pytest.mark.parametrize(
    "path", ["/out", "/loop", "/gone", "/none", "/usr/lib64", "/usr/lib64/text/x", "/a\0b", ""]
)
def test_what_is_no_file_there(root: Path, path: str) -> None:
    system = FolderSystem(root)
    assert system.file(path) is None
    assert not system.exists(path)
    assert system.real(path) == path


def test_a_file_that_is_no_elf_file(root: Path) -> None:
    assert FolderSystem(root).file("/lib64/text") is None
    assert FolderSystem(root).exists("/lib64/text")


def test_a_loader_says_the_machine_and_the_folders(root: Path) -> None:
    assert FolderSystem(root).arch == "x64"
    assert FolderSystem(root).directories == ("/lib64", "/usr/lib64")
    (root / "lib64/ld-linux-x86-64.so.2").write_bytes(make(LIBRARY) + b"\0" + SYSTEM_DIRS)
    assert FolderSystem(root).directories == (
        "/lib/x86_64-linux-gnu",
        "/usr/lib/x86_64-linux-gnu",
        "/lib",
        "/usr/lib",
    )
    (root / "lib").mkdir()
    (root / "lib/ld-linux-aarch64.so.1").write_bytes(b"x/lib64/\0/usr/lib64/\0")
    (root / "lib64/ld-linux-x86-64.so.2").unlink()
    assert FolderSystem(root).arch == "arm64"
    assert FolderSystem(root, "x64").arch == "x64"
    assert FolderSystem(root).directories == ("/lib64", "/usr/lib64")


def test_musls_folders(root: Path) -> None:
    (root / "lib").mkdir()
    (root / "lib/ld-musl-x86_64.so.1").write_bytes(make(LIBRARY))
    assert FolderSystem(root).directories == ("/lib", "/usr/local/lib", "/usr/lib")
    (root / "etc/ld-musl-x86_64.path").write_text("/opt/lib:/lib\n/usr/lib")
    assert FolderSystem(root).directories == ["/opt/lib", "/lib", "/usr/lib"]


def test_musls_folders_where_something_is_in_the_place_of_glibcs_loader(root: Path) -> None:
    (root / "lib").mkdir()
    (root / "lib/ld-musl-x86_64.so.1").write_bytes(make(LIBRARY))
    (root / "lib64/ld-linux-x86-64.so.2").write_bytes(make(LIBRARY))
    assert FolderSystem(root).directories == ("/lib", "/usr/local/lib", "/usr/lib")


def test_the_cache_of_the_folder(root: Path) -> None:
    assert FolderSystem(root).cached("libx.so.1") == ()
    (root / "etc/ld.so.cache").write_bytes(new_cache([("libx.so.1", "/lib64/libx.so.1", 0x303, "")]))
    assert FolderSystem(root).cached("libx.so.1") == ("/lib64/libx.so.1",)
    (root / "etc/ld.so.cache").write_bytes(b"no cache")
    assert FolderSystem(root).cached("libx.so.1") == ()


def test_mounts_take_the_place_of_what_is_there(root: Path) -> None:
    base = MemorySystem(
        "x64", {"/w/lib": LIBRARY, "/lib64/a": LIBRARY, "/wide": LIBRARY}, {"a": ["/lib64/a"]}
    )
    inner = MemorySystem("x64", {"/deep": LIBRARY, "/": LIBRARY}, others=frozenset(["/text"]))
    system: System = MountedSystem(base, {"/w/": FolderSystem(root), "/w/inner": inner})
    assert system.file("/w/lib") is None
    assert system.file("/w/lib64/libx.so.1") == LIBRARY
    assert system.file("/w/inner/deep") == LIBRARY
    assert system.file("/w/inner") == LIBRARY
    assert system.exists("/w/inner/text")
    assert system.file("/wide") == LIBRARY
    assert system.file("/w/inner/../../lib64/a") == LIBRARY
    assert (system.arch, list(system.directories)) == ("x64", ["/lib64", "/usr/lib64"])
    assert system.cached("a") == ["/lib64/a"]


def test_two_dots_behind_a_link_lead_where_the_kernel_goes(root: Path) -> None:
    for system in (FolderSystem(root), MountedSystem(FolderSystem(root), {"/w": MemorySystem("x64", {})})):
        assert system.file("/lib64/../up") is None, "that is /usr/up"
        assert system.file("/lib64/../lib64/libx.so.1") == LIBRARY


def test_without_links_paths_are_plain_texts() -> None:
    system = MemorySystem("x64", {"/lib64/a": LIBRARY})
    assert system.file("/lib64//./b/../a") == LIBRARY
    assert not system.exists("/lib64/b")


@pytest.mark.parametrize(
    ("loader", "folders"),
    [
        (SYSTEM_DIRS, ("/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib", "/usr/lib")),
        (b"\0/lib64/\0/usr/lib64/\0\0", ("/lib64", "/usr/lib64")),
        (b"/lib64/ld-linux.so\0/etc/x\0", ()),
        (b"", ()),
    ],
)
def test_the_folders_in_a_loader(loader: bytes, folders: tuple[str, ...]) -> None:
    assert default_folders(loader) == folders
