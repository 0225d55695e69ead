"""ELF questions, on this machine's own files and on damaged ones."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actlite.glibc.elf import (
    ElfError,
    Needs,
    VersionNeed,
    is_elf,
    newest,
    newest_of,
    read_definitions,
    read_needs,
    symbols_of,
    version_key,
)

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
    needs = read_needs(PYTHON)
    assert needs.machine in {"x64", "arm64"}
    assert not needs.is_static
    assert any(need.library.startswith("libc.so") for need in needs.versions)
    assert "GLIBC" in newest(needs)
    assert read_needs(PYTHON.read_bytes()) == needs


@needs_libc
def test_what_a_library_defines() -> None:
    assert LIBC is not None
    definitions = read_definitions(LIBC)
    assert "GLIBC_2.17" in definitions
    assert "libc.so.6" not in definitions
    assert definitions == read_definitions(LIBC.read_bytes())


def test_symbols_that_bind_to_a_version() -> None:
    newest_glibc = f"GLIBC_{newest(read_needs(PYTHON))['GLIBC']}"
    symbols = symbols_of(PYTHON, newest_glibc)
    assert symbols
    assert all(name and isinstance(weak, bool) for name, weak in symbols)
    assert symbols_of(PYTHON, "GLIBC_9.99") == ()


@pytest.mark.parametrize("content", [b"", b"#!/bin/sh\n", b"\x7fEL", b"\x7fELF", b"\x7fELF" + b"\0" * 60])
def test_no_elf(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_bytes(content)
    assert is_elf(file) is content.startswith(b"\x7fELF")
    for ask in (read_needs, read_definitions):
        with pytest.raises(ElfError, match="ELF"):
            ask(file)


def test_a_missing_file_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_needs(tmp_path / "none")


@needs_libc
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_damage_never_escapes_as_anything_else(data: st.DataObject) -> None:
    assert LIBC is not None
    content = bytearray(LIBC.with_name("libdl.so.2").read_bytes())
    content = content[: data.draw(st.integers(1, len(content)))]
    for _ in range(data.draw(st.integers(0, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    for ask in (read_needs, read_definitions, lambda b: symbols_of(b, "GLIBC_2.17")):
        with contextlib.suppress(ElfError):
            ask(bytes(content))


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
    needs = Needs(
        "x64", "", (), (VersionNeed("libc.so.6", "GLIBC_2.4"), VersionNeed("libc.so.6", "GLIBC_2.10"))
    )
    assert newest(needs) == {"GLIBC": "2.10"}
    assert version_key("2.9") < version_key("2.17")
