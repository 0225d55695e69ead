"""What an image's files say about its C library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from actlite.errors import ImageUnavailable
from actlite.glibc import elf
from actlite.glibc.image import ImageLibc, describe, describe_files

CENTOS = b'NAME="CentOS Linux"\nID="centos"\nPRETTY_NAME="CentOS Linux 7 (Core)"\n'
ALPINE = b'NAME="Alpine Linux"\nID=alpine\nPRETTY_NAME="Alpine Linux v3.21"\n'
BANNER = b"\0GNU C Library (GNU libc) stable release version 2.17, by Roland McGrath\0"
VERSIONS = {
    b"libc": ("GLIBC_2.2.5", "GLIBC_2.17", "GLIBC_PRIVATE"),
    b"libm": ("GLIBC_2.2.5", "GLIBC_2.15"),
    b"libstdc++": ("GLIBCXX_3.4.9", "GLIBCXX_3.4.19", "CXXABI_1.3.7", "CXXABI_TM_1"),
    b"odd": ("GLIBC_2.17", "HLIBC_2.34"),
}


@pytest.fixture(autouse=True)
def definitions(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fake ELF reader: the first word of the content says which library it is."""

    def read(content: bytes) -> elf.ElfFile:
        name = content.split(b"\0")[0]
        if name not in VERSIONS:
            raise elf.ElfError("not an ELF file")
        return elf.ElfFile("x64", "library", definitions=VERSIONS[name])

    monkeypatch.setattr(elf, "read", read)


@dataclass
class Local:
    id: str


@dataclass
class FakeImages:
    files: Mapping[str, bytes]
    reads: int = 0
    asked: list[str] = field(default_factory=list)

    def find(self, name: str) -> Local | None:
        return Local("sha256:abc") if name != "gone" else None

    def read(self, image: str, paths: Sequence[str]) -> Mapping[str, bytes | None]:
        if image == "gone":
            raise ImageUnavailable("There is no image gone.")
        self.reads += 1
        self.asked += paths
        return {path: self.files.get(path) for path in paths}


CENTOS_FILES = {
    "/etc/os-release": CENTOS,
    "/lib64/libc.so.6": b"libc" + BANNER,
    "/lib64/libm.so.6": b"libm\0",
    "/usr/lib64/libstdc++.so.6": b"libstdc++\0",
}


def test_centos() -> None:
    libc = describe(FakeImages(CENTOS_FILES), "centos:7")
    assert (libc.kind, libc.glibc, libc.distribution) == ("glibc", "2.17", "CentOS Linux 7 (Core)")
    assert str(libc) == "glibc 2.17 · GLIBCXX 3.4.19 · CXXABI 1.3.7"
    assert not libc.standin
    assert not libc.is_alpine


def test_the_release_comes_from_the_banner_not_from_the_newest_symbol() -> None:
    files = {
        "/lib/x86_64-linux-gnu/libc.so.6": b"libc\0GNU C Library (Debian GLIBC 2.31-13) stable release version 2.31."
    }
    libc = describe_files("debian:11", files)
    assert (libc.glibc, libc.newest["GLIBC"]) == ("2.31", "2.17")


def test_without_libstdcxx_it_says_so() -> None:
    assert str(describe_files("slim", {"/lib64/libc.so.6": b"libc" + BANNER})) == "glibc 2.17 · no libstdc++"


def test_a_stand_in_is_recognised() -> None:
    libc = describe_files("x", {"/lib64/libc.so.6": b"odd" + BANNER})
    assert libc.standin
    assert libc.newest["GLIBC"] == "2.17"


def test_musl() -> None:
    libc = describe_files(
        "alpine", {"/etc/os-release": ALPINE, "/lib/ld-musl-x86_64.so.1": b"\0musl\x001.2.5\0"}
    )
    assert (libc.kind, libc.release, libc.glibc, libc.is_alpine) == ("musl", "1.2.5", "", True)
    assert str(libc) == "musl 1.2.5"


def test_alpine_by_id_like_as_the_runner_reads_it() -> None:
    assert describe_files("x", {"/etc/os-release": b"NAME=X\nID=postmarketos\nID_LIKE=Alpine\n"}).is_alpine
    assert not describe_files("x", {"/etc/os-release": b'NAME="alpine"\nID=void\n'}).is_alpine


def test_nothing_at_all() -> None:
    assert str(describe_files("scratch", {})) == "no C library"


def test_a_file_that_is_no_library_is_passed_over() -> None:
    files = {"/lib64/libc.so.6": b"/* GNU ld script */", "/usr/lib/libc.so.6": b"libc" + BANNER}
    assert describe_files("x", files).glibc == "2.17"


def test_read_once_per_image(tmp_path: Path) -> None:
    images = FakeImages(CENTOS_FILES)
    first = describe(images, "centos:7", cache=tmp_path)
    again = describe(images, "other-name", cache=tmp_path)
    assert images.reads == 1
    assert again.image == "other-name"
    assert (first.versions, first.release) == (dict(again.versions), again.release)
    assert isinstance(again, ImageLibc)


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"schema": 0}', '{"schema": 1, "versions": {}, "odd": 1}', "{"]
)
def test_a_spoilt_cache_is_read_anew(tmp_path: Path, content: str) -> None:
    images = FakeImages(CENTOS_FILES)
    describe(images, "centos:7", cache=tmp_path)
    (kept,) = (tmp_path / "images").iterdir()
    kept.write_text(content)
    assert describe(images, "centos:7", cache=tmp_path).glibc == "2.17"
    assert images.reads == 2


def test_an_image_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ImageUnavailable):
        describe(FakeImages({}), "gone", cache=tmp_path)
