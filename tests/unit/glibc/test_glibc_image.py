"""What an image's files say about its C library, and how often they are read for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from actlite.errors import ImageUnavailable
from actlite.glibc.elf import ElfFile, VersionNeed, to_data
from actlite.glibc.image import describe
from actlite.glibc.image_libc import ImageLibc
from actlite.glibc.image_system import Described, describe_local
from actlite.glibc.loading import load

CENTOS = {"text": 'NAME="CentOS Linux"\nID="centos"\nPRETTY_NAME="CentOS Linux 7 (Core)"\n'}
ALPINE = {"text": 'NAME="Alpine Linux"\nID=alpine\nPRETTY_NAME="Alpine Linux v3.21"\n'}
LOADER = "/lib64/ld-linux-x86-64.so.2"


def library(*versions: str, **more: Any) -> dict[str, Any]:
    return {"elf": to_data(ElfFile("x64", "library", definitions=versions)), **more}


LIBC = library("GLIBC_2.2.5", "GLIBC_2.17", release="2.17")
CENTOS_FILES: Mapping[str, Any] = {
    "/etc/os-release": CENTOS,
    LOADER: library("GLIBC_2.3", folders=["/lib64", "/usr/lib64"]),
    "/lib64/libc.so.6": LIBC,
    "/lib64/libm.so.6": library("GLIBC_2.2.5", "GLIBC_2.15"),
    "/usr/lib64/libstdc++.so.6": library("GLIBCXX_3.4.9", "GLIBCXX_3.4.19", "CXXABI_1.3.7", "CXXABI_TM_1"),
}


@dataclass
class Local:
    id: str
    architecture: str = "amd64"
    os: str = "linux"
    env: Mapping[str, str] = field(default_factory=lambda: {"PATH": "/bin"})


@dataclass
class FakeImages:
    """Images whose files' facts are given."""

    files: Mapping[str, Any]
    local: Local = field(default_factory=lambda: Local("sha256:abc"))
    opened: int = 0
    asked: list[str] = field(default_factory=list)
    is_gone: bool = False

    def find(self, name: str) -> Local | None:
        return self.local if name != "gone" else None

    @contextmanager
    def reader(self, image: str) -> Iterator[FakeImages]:
        if self.is_gone:
            raise ImageUnavailable(f"the image {image} is not on this machine")
        self.opened += 1
        yield self

    def facts(self, paths: Sequence[str], distil: Any) -> Mapping[str, Any]:
        self.asked += paths
        return {path: self.files.get(path) for path in paths}


def seen(files: Mapping[str, Any]) -> ImageLibc:
    return describe(FakeImages(files), "an-image")


def local(images: FakeImages, name: str = "x", **more: Any) -> Described:
    found = describe_local(images, name, **more)
    assert found is not None
    return found


def test_centos() -> None:
    libc = seen(CENTOS_FILES)
    assert (libc.kind, libc.glibc, libc.distribution) == ("glibc", "2.17", "CentOS Linux 7 (Core)")
    assert str(libc) == "glibc 2.17 · GLIBCXX 3.4.19 · CXXABI 1.3.7"
    assert not libc.standin
    assert not libc.is_alpine


def test_the_release_is_not_the_newest_symbol_version() -> None:
    libc = seen({LOADER: library(), "/lib64/libc.so.6": library("GLIBC_2.30", release="2.31")})
    assert (libc.glibc, libc.newest["GLIBC"]) == ("2.31", "2.30")


def test_without_libstdcxx_it_says_so() -> None:
    assert str(seen({"/lib64/libc.so.6": LIBC})) == "glibc 2.17 · no libstdc++"


def test_a_stand_in_is_recognised() -> None:
    libc = seen({"/lib64/libc.so.6": library("GLIBC_2.17", "HLIBC_2.34", release="2.17")})
    assert libc.standin
    assert libc.newest["GLIBC"] == "2.17"


def test_musl() -> None:
    libc = seen({"/etc/os-release": ALPINE, "/lib/ld-musl-x86_64.so.1": library(musl="1.2.5")})
    assert (libc.kind, libc.release, libc.glibc, libc.is_alpine) == ("musl", "1.2.5", "", True)
    assert str(libc) == "musl 1.2.5"


@pytest.mark.parametrize(
    "compat",
    [
        {LOADER: library()},  # gcompat: a program that starts musl's loader
        {
            LOADER: library(musl="1.2.5"),
            "/lib/libc.so.6": library(musl="1.2.5"),
        },  # libc6-compat: links to musl
    ],
)
def test_alpine_with_something_in_the_place_of_glibcs_loader(compat: Mapping[str, Any]) -> None:
    musl = "/lib/ld-musl-x86_64.so.1"
    files = {musl: library(musl="1.2.5"), "/usr/lib/libstdc++.so.6": library(), **compat}
    found = describe_local(FakeImages({"/etc/os-release": ALPINE, **files}), "an-alpine")
    assert found is not None
    assert str(found.libc) == "musl 1.2.5"
    assert found.system.directories == ("/lib", "/usr/local/lib", "/usr/lib")
    node = ElfFile("x64", "program", musl, libraries=("libstdc++.so.6", "libc.musl-x86_64.so.1"))
    assert load(node, "/__e/node24_alpine/bin/node", found.system).starts


def test_a_musl_beside_glibc_is_not_the_images_own() -> None:
    libc = seen({**CENTOS_FILES, "/lib/ld-musl-x86_64.so.1": library(musl="1.2.5")})
    assert libc.kind == "glibc"


def test_alpine_as_the_runner_reads_it() -> None:
    like = {"text": "NAME=X\nID=postmarketos\nID_LIKE=Alpine\n"}
    assert seen({"/etc/os-release": like}).is_alpine
    assert not seen({"/etc/os-release": {"text": 'NAME="alpine"\nID=void\n'}}).is_alpine
    # The runner looks at /etc/*release.
    assert not seen({"/usr/lib/os-release": ALPINE}).is_alpine


def test_old_red_hat_has_a_release_file_of_its_own() -> None:
    libc = seen({"/etc/redhat-release": {"text": "CentOS release 6.10 (Final)\n"}})
    assert libc.distribution == "CentOS release 6.10 (Final)"


def test_nothing_at_all() -> None:
    assert str(seen({})) == "no C library"


def test_a_file_that_is_no_library_is_passed_over() -> None:
    files = {LOADER: library(folders=["/a", "/b"]), "/a/libc.so.6": {}, "/b/libc.so.6": LIBC}
    assert seen(files).glibc == "2.17"


def test_the_cache_says_where_a_library_is() -> None:
    cache = {"cache": {"x64": {"libc.so.6": ["/opt/libc.so.6"]}, "arm64": {"libm.so.6": ["/arm/libm.so.6"]}}}
    images = FakeImages({"/etc/ld.so.cache": cache, "/opt/libc.so.6": LIBC, **CENTOS_FILES})
    found = local(images)
    assert found.system.cached("libc.so.6") == ("/opt/libc.so.6",)
    assert found.system.cached("libm.so.6") == ()
    assert "/lib64/libc.so.6" not in images.asked


def test_read_once_per_image(tmp_path: Path) -> None:
    images = FakeImages(CENTOS_FILES)
    first = local(images, "centos:7", cache=tmp_path)
    again = local(images, "other-name", cache=tmp_path)
    assert images.opened == 1
    assert len(images.asked) == len(set(images.asked))
    assert (again.libc.image, again.detail, again.source) == ("other-name", "sha256:abc", "local image")
    assert (first.libc.versions, first.libc.release) == (dict(again.libc.versions), again.libc.release)
    assert again.env == {"PATH": "/bin"}


def test_what_a_node_asks_for_is_read_in_one_go(tmp_path: Path) -> None:
    images = FakeImages(CENTOS_FILES)
    system = local(images, cache=tmp_path).system
    node = ElfFile(
        machine="x64",
        kind="program",
        interpreter=LOADER,
        libraries=("libstdc++.so.6", "libm.so.6", "libc.so.6"),
        versions=(VersionNeed("libc.so.6", "GLIBC_2.28"), VersionNeed("libstdc++.so.6", "GLIBCXX_3.4.19")),
    )
    said = "/__e/node20/bin/node: /lib64/libc.so.6: version `GLIBC_2.28' not found (required by /__e/node20/bin/node)"
    assert load(node, "/__e/node20/bin/node", system).lines == (said,)
    assert images.opened == 1


def test_a_later_question_opens_the_image_again_and_is_kept(tmp_path: Path) -> None:
    images = FakeImages({**CENTOS_FILES, "/usr/lib64/libz.so.1": library("ZLIB_1.2.9")})
    system = local(images, cache=tmp_path).system
    assert system.file("/lib64/libz.so.1") is None
    found = system.file("/usr/lib64/libz.so.1")
    assert found is not None
    assert found.definitions == ("ZLIB_1.2.9",)
    assert images.opened == 2, "the loader's folders are asked together"
    assert local(images, cache=tmp_path).system.exists("/usr/lib64/libz.so.1")
    assert images.opened == 2


def test_a_later_question_to_an_image_that_is_gone(tmp_path: Path) -> None:
    images = FakeImages(CENTOS_FILES)
    system = local(images, cache=tmp_path).system
    images.is_gone = True
    assert system.exists("/lib64/libc.so.6")
    with pytest.raises(ImageUnavailable):
        system.exists("/opt/x")


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"schema": 0}',
        "{",
        '{"schema": 3, "files": {"/lib64/libc.so.6": []}}',
        '{"schema": 3, "files": {"/lib64/libc.so.6": {"elf": {"machine": "x64", "odd": 1}}}}',
        '{"schema": 3, "files": {"/etc/ld.so.cache": {"cache": {"x64": {"libc.so.6": "/x"}}}}}',
        '{"schema": 3, "files": {"/etc/ld.so.cache": {"cache": 7}}}',
    ],
)
def test_a_spoilt_cache_is_read_anew(tmp_path: Path, content: str) -> None:
    images = FakeImages(CENTOS_FILES)
    describe(images, "centos:7", cache=tmp_path)
    (kept,) = (tmp_path / "images").iterdir()
    kept.write_text(content)
    assert describe(images, "centos:7", cache=tmp_path).glibc == "2.17"
    assert images.opened == 2


def test_a_cache_that_can_not_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "images").write_text("a file in the folder's place")
    assert describe(FakeImages(CENTOS_FILES), "centos:7", cache=tmp_path).glibc == "2.17"


def test_an_image_that_is_not_there(tmp_path: Path) -> None:
    assert describe_local(FakeImages({}), "gone", cache=tmp_path) is None
    with pytest.raises(ImageUnavailable):
        describe(FakeImages({}), "gone", cache=tmp_path)


def test_images_of_other_machines() -> None:
    arm = {"/lib/ld-linux-aarch64.so.1": library(folders=["/lib64"]), "/lib64/libc.so.6": LIBC}
    images = FakeImages(arm, Local("sha256:arm", "arm64"))
    assert describe_local(images, "x", arch="x64") is None
    found = local(images, arch="arm64")
    assert (found.arch, found.system.arch, found.libc.glibc) == ("arm64", "arm64", "2.17")
    assert list(found.system.directories) == ["/lib64"]
    for odd in (Local("sha256:z", "s390x"), Local("sha256:w", "amd64", "windows")):
        with pytest.raises(ImageUnavailable, match=f"is for {odd.os}/{odd.architecture}"):
            describe_local(FakeImages({}, odd), "x")
