"""What the compiler of this machine builds, held against readelf's answer."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from actlite.glibc.elf import Symbol, read, version_symbols

C = """
#include <stdio.h>
#include <unistd.h>
extern void not_there(void) __attribute__((weak));
int main(void) { fprintf(stdout, "%p\\n", (void *)environ); if (not_there) not_there(); return 0; }
"""
CXX = """
#include <iostream>
int main() { std::cout << "x"; }
"""
NOTHING_EXPORTED = """
#include <stdio.h>
__attribute__((constructor)) static void begin(void) { puts("x"); }
"""

Symbols = dict[str, list[tuple[str, bool]]]


def built(folder: Path, compiler: str, source: str, *options: str) -> Path:
    (folder / "source").write_text(source)
    language = "c++" if compiler == "g++" else "c"
    command = [compiler, "-x", language, "source", "-D_GNU_SOURCE", *options, "-o", "built"]
    subprocess.run(command, cwd=folder, check=True)
    return folder / "built"


def by_readelf(path: Path) -> Symbols:
    """Version to symbols, as (name, is an undefined weak one), in file order."""
    command = ["readelf", "--dyn-syms", "--wide", str(path)]
    environment = {**os.environ, "LC_ALL": "C"}
    told = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
    found: Symbols = {}
    for line in told.splitlines():
        # A number in parentheses is that of a needed version.
        if match := re.search(r"\s(\w+)\s+DEFAULT\s+(\w+) (\S+?)@(\S+) \(\d+\)$", line):
            binding, section, name, version = match.groups()
            found.setdefault(version, []).append((name, binding == "WEAK" and section == "UND"))
    return found


def ours(path: Path) -> Symbols:
    found: Symbols = {}
    for (_, version), symbols in version_symbols(path).items():
        found.setdefault(version, []).extend((symbol.name, symbol.weak) for symbol in symbols)
    return found


@pytest.mark.parametrize(
    ("compiler", "source", "options"),
    [
        ("gcc", C, ("-no-pie", "-fno-pic")),
        ("gcc", C, ("-pie", "-fpie")),
        ("g++", CXX, ("-no-pie", "-fno-pic")),
        ("gcc", C, ("-no-pie", "-fno-pic", "-Wl,--hash-style=sysv")),
        ("gcc", NOTHING_EXPORTED, ("-shared", "-fPIC")),
        ("gcc", NOTHING_EXPORTED, ("-shared", "-fPIC", "-Wl,--hash-style=both")),
    ],
)
def test_symbols_are_those_of_readelf(
    compiler: str, source: str, options: tuple[str, ...], tmp_path: Path
) -> None:
    path = built(tmp_path, compiler, source, *options)
    assert {version: own for version, own in ours(path).items() if own} == by_readelf(path)


def test_data_that_a_program_has_a_copy_of_asks_for_its_version(tmp_path: Path) -> None:
    path = built(tmp_path, "gcc", C, "-no-pie", "-fno-pic")
    found = {symbol for symbols in version_symbols(path).values() for symbol in symbols}
    # environ is weak where the C library defines it; the program can't do without it.
    assert {Symbol("stdout"), Symbol("environ")} <= found


def test_a_library_that_exports_nothing(tmp_path: Path) -> None:
    path = built(tmp_path, "gcc", NOTHING_EXPORTED, "-shared", "-fPIC")
    assert read(path).kind == "library"
    assert Symbol("puts") in {symbol for symbols in version_symbols(path).values() for symbol in symbols}
