"""What is kept of each kind of file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from actlite.glibc import elf
from actlite.glibc.image_facts import SCHEMA, KnownFiles, distil, elf_of, load, save
from sample_workflows.standins.loader_cache import loader_cache


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader of ELF files that takes whatever begins like one."""

    def read(source: bytes) -> elf.ElfFile:
        if not source.startswith(elf.MAGIC):
            raise elf.ElfError("not an ELF file")
        return elf.ElfFile("x64", "library", definitions=("GLIBC_2.17",))

    monkeypatch.setattr(elf, "read", read)


@pytest.mark.usefixtures("small")
class TestLibraries:
    def test_libc_says_its_release(self) -> None:
        banner = b"\0GNU C Library (Debian GLIBC 2.31-13) stable release version 2.31.\nCopyright"
        facts = distil("/lib/x86_64-linux-gnu/libc.so.6", elf.MAGIC + banner)
        assert facts["release"] == "2.31"
        found = elf_of(facts)
        assert found is not None
        assert found.definitions == ("GLIBC_2.17",)

    def test_a_loader_says_its_folders(self) -> None:
        row = b"/lib/x86_64-linux-gnu/\0/usr/lib/x86_64-linux-gnu/\0/lib/\0/usr/lib/\0"
        facts = distil("/lib64/ld-linux-x86-64.so.2", elf.MAGIC + b"\0" + row)
        assert facts["folders"] == [
            *("/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu"),
            *("/lib", "/usr/lib"),
        ]

    def test_musl_says_its_release(self) -> None:
        assert distil("/lib/ld-musl-x86_64.so.1", elf.MAGIC + b"\0musl\x001.2.5\0")["musl"] == "1.2.5"

    @pytest.mark.parametrize("data", [b"", b"/* GNU ld script */", b"\x7fEL"])
    def test_a_file_that_is_no_library(self, data: bytes) -> None:
        assert distil("/lib64/libc.so.6", data) == {}


def test_the_loaders_cache() -> None:
    data = loader_cache({"libc.so.6": "/lib64/libc.so.6", "libz.so.1": "/lib64/libz.so.1"})
    assert distil("/etc/ld.so.cache", data) == {
        "cache": {"x64": {"libc.so.6": ["/lib64/libc.so.6"], "libz.so.1": ["/lib64/libz.so.1"]}}
    }
    arm = distil("/etc/ld.so.cache", loader_cache({"libc.so.6": "/lib64/libc.so.6"}, "arm64"))
    assert arm == {"cache": {"arm64": {"libc.so.6": ["/lib64/libc.so.6"]}}}


@pytest.mark.parametrize("data", [b"", b"garbage", b"glibc-ld.so.cache1.1" + b"\xff" * 60])
def test_a_damaged_cache_is_none(data: bytes) -> None:
    assert distil("/etc/ld.so.cache", data) == {}


def test_release_files_are_kept_as_text_and_not_without_end() -> None:
    assert distil("/etc/os-release", b"ID=x\xff\n") == {"text": "ID=x\ufffd\n"}
    assert len(distil("/etc/redhat-release", b"x" * 10**6)["text"]) == 16_384


def test_two_writers_do_not_lose_each_others_facts(tmp_path: Path) -> None:
    path = tmp_path / "images" / "x.json"
    save(path, KnownFiles({"/a": {}, "/b": None}))
    save(path, KnownFiles({"/c": {"text": "x"}}))
    assert load(path).files == {"/a": {}, "/b": None, "/c": {"text": "x"}}


LIBRARY = {"machine": "x64", "kind": "library"}


WRONG: dict[str, tuple[Any, ...]] = {
    "soname": (1, [], None),
    "interpreter": (1, [], None),
    "base": (1, [], None),
    "libraries": ("ab", [1], 7, {"a": 1}),
    "rpath": ("ab", [1], 7, {"a": 1}),
    "versions": (["ab"], [[1, 2]], [["a", "b", 3]], "ab", [[]], 1),
    "machine": (62,),
    "has_relr": (1,),
    "other": ("x",),
}


@pytest.mark.parametrize(
    "facts",
    [
        *({"text": 5}, {"release": ["2.17"]}, {"musl": None}, {"folders": "/lib"}, {"folders": [1]}),
        *(
            {"cache": []},
            {"cache": {"x64": []}},
            {"cache": {"x64": {"a": "/a"}}},
            {"cache": {"x64": {"a": [1]}}},
        ),
        *({"elf": None}, {"elf": []}, {"elf": {}}, [], "x", 5),
        *({"elf": {**LIBRARY, name: value}} for name, values in WRONG.items() for value in values),
    ],
)
def test_a_spoilt_cache_is_none(tmp_path: Path, facts: Any) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps({"schema": SCHEMA, "files": {"/a": {}, "/b": facts}}))
    assert load(path).files == {}


def test_all_that_is_kept_comes_back(tmp_path: Path) -> None:
    need = elf.VersionNeed("libc.so.6", "GLIBC_2.17", weak=True)
    whole = elf.ElfFile(
        "x64", "program", "/l", ("a",), (need,), ("V",), ("",), ("/r",), "s", "b", True, True, True
    )
    files = {
        "/a": {"elf": elf.to_data(whole), "folders": ["/lib"], "release": "2.17", "musl": "1.2.5"},
        "/b": None,
    }
    save(tmp_path / "x.json", KnownFiles({**files, "/c": {"cache": {"x64": {"a": ["/a"]}}}}))
    found = load(tmp_path / "x.json").files
    assert found == {**files, "/c": {"cache": {"x64": {"a": ["/a"]}}}}
    assert elf_of(found["/a"]) == whole
