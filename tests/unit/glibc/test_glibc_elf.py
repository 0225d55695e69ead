"""ELF questions, on this machine's own files and on damaged ones."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actlite.glibc import file_bytes
from actlite.glibc.elf import (
    ElfError,
    ElfFile,
    VersionNeed,
    from_data,
    is_elf,
    newest_of,
    read,
    to_data,
    version_key,
    version_symbols,
)
from actlite.glibc.file_bytes import FileBytes

PYTHON = Path(sys.executable).resolve()
LIBC = next(
    (
        p
        for d in ("/lib/x86_64-linux-gnu", "/lib64", "/lib/aarch64-linux-gnu")
        if (p := Path(d, "libc.so.6")).exists()
    ),
    None,
)
needs_libc = pytest.mark.skipif(LIBC is None, reason="this machine has no glibc")


def test_a_dynamic_program() -> None:
    needs = read(PYTHON)
    assert needs.machine in {"x64", "arm64"}
    assert needs.kind == "program"
    assert not needs.is_static
    assert any(need.library.startswith("libc.so") for need in needs.versions)
    assert "GLIBC" in newest_of(need.version for need in needs.versions)
    assert read(PYTHON.read_bytes()) == needs


@needs_libc
def test_what_a_library_defines() -> None:
    assert LIBC is not None
    libc = read(LIBC)
    assert "GLIBC_2.17" in libc.definitions
    assert "libc.so.6" not in libc.definitions
    assert (libc.kind, libc.soname, libc.base) == ("library", "libc.so.6", "libc.so.6")
    assert libc == read(LIBC.read_bytes())


def test_symbols_that_bind_to_each_version() -> None:
    symbols = version_symbols(PYTHON)
    assert list(symbols) == [(need.library, need.version) for need in read(PYTHON).versions]
    libc = next(library for library, _ in symbols if library.startswith("libc.so"))
    found = {symbol.name for (library, _), own in symbols.items() if library == libc for symbol in own}
    assert "__libc_start_main" in found


@pytest.mark.parametrize("content", [b"", b"#!/bin/sh\n", b"\x7fEL", b"\x7fELF", b"\x7fELF" + b"\0" * 60])
def test_no_elf(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_bytes(content)
    assert is_elf(file) is content.startswith(b"\x7fELF")
    for ask in (read, version_symbols):
        with pytest.raises(ElfError, match="ELF"):
            ask(file)


@given(
    size=st.integers(0, 300),
    part=st.tuples(st.integers(0, 400), st.integers(0, 400)),
    page=st.integers(1, 70),
)
def test_slices_of_a_file_are_those_of_its_bytes(size: int, part: tuple[int, int], page: int) -> None:
    content = bytes(number % 251 for number in range(size))
    with tempfile.TemporaryFile() as file, pytest.MonkeyPatch.context() as patch:
        file.write(content)
        file.flush()
        patch.setattr(file_bytes, "PAGE", page)
        data = FileBytes(file.fileno(), size)
        assert data[part[0] : part[1]] == content[part[0] : part[1]]
        assert data[part[0] : 1 << 70] == content[part[0] :]
        assert len(data) == size


def test_a_file_may_be_cut_off_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A map of it would end the process."""
    monkeypatch.setattr(file_bytes, "PAGE", 512)
    path = tmp_path / "f"
    path.write_bytes(b"\x7fELF" + bytes(4000))
    with path.open("rb") as file:
        data = FileBytes(file.fileno(), path.stat().st_size)
        assert data[:4] == b"\x7fELF"
        os.truncate(path, 100)
        assert data[2000:2008] == b""


def test_a_missing_file_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "none")


def test_a_pipe_or_a_folder_is_no_elf_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path):
        with pytest.raises(ElfError, match="not an ELF file"):
            read(path)


@needs_libc
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_damage_never_escapes_as_anything_else(data: st.DataObject) -> None:
    assert LIBC is not None
    content = bytearray(LIBC.with_name("libdl.so.2").read_bytes())
    content = content[: data.draw(st.integers(1, len(content)))]
    for _ in range(data.draw(st.integers(0, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    for ask in (read, version_symbols):
        with contextlib.suppress(ElfError):
            ask(bytes(content))


@pytest.mark.parametrize("path", [p for p in (PYTHON, LIBC) if p is not None], ids=lambda p: p.name)
def test_facts_survive_json(path: Path) -> None:
    elf = read(path)
    assert from_data(json.loads(json.dumps(to_data(elf)))) == elf


@pytest.mark.parametrize(
    "data",
    [{}, {"machine": "x64"}, {"machine": "x64", "kind": "program", "odd": 1}, None, [], {"versions": 3}],
)
def test_what_a_spoilt_cache_holds_are_no_facts(data: Any) -> None:
    with pytest.raises(ValueError, match="not the facts"):
        from_data(data)


def test_weak_needs_survive_json() -> None:
    elf = ElfFile("x64", "program", versions=(VersionNeed("a.so", "A_1", True), VersionNeed("a.so", "A_2")))
    assert from_data(json.loads(json.dumps(to_data(elf)))) == elf


def test_newest_orders_numbers_not_texts() -> None:
    names = (
        "GLIBC_2.9",
        "GLIBC_2.17",
        "GLIBC_2.2.5",
        "GLIBC_PRIVATE",
        "GLIBCXX_3.4.9",
        "GLIBCXX_3.4.18",
        "HLIBC_2.34",
    )
    assert newest_of(names) == {"GLIBC": "2.17", "GLIBCXX": "3.4.18", "HLIBC": "2.34"}
    assert newest_of(["GLIBC_2.4", "GLIBC_2.10"]) == {"GLIBC": "2.10"}
    assert version_key("2.9") < version_key("2.17")
