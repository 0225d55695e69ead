"""``actlite explain glibc`` and ``explain node``: the text on a made machine, and on this one."""

from __future__ import annotations

import datetime
import os
from pathlib import Path

import pytest

from actlite.cli.ends import run_guarded
from actlite.cli.explain_glibc import Machine, Program, glibc_lesson, node_lesson
from actlite.glibc.elf import ElfFile, Symbol, VersionNeed
from actlite.glibc.system import MemorySystem

GOLDEN = Path(__file__).parent / "golden" / "explain"
TODAY = datetime.date(2026, 11, 23)
LIBC = "/lib64/libc.so.6"
SYSTEM = MemorySystem(
    "x64",
    {
        LIBC: ElfFile(
            "x64", "library", definitions=("GLIBC_2.2.5", "GLIBC_2.17", "GLIBC_2.38", "GLIBC_PRIVATE")
        )
    },
    {"libc.so.6": (LIBC,)},
)
TOOL = ElfFile(
    "x64",
    "program",
    "/lib64/ld-linux-x86-64.so.2",
    ("libc.so.6",),
    (VersionNeed("libc.so.6", "GLIBC_2.38"), VersionNeed("libc.so.6", "GLIBC_2.18"), VersionNeed("libc.so.6", "GLIBC_2.2.5")),
)  # fmt: skip
SYMBOLS = {
    ("libc.so.6", "GLIBC_2.38"): (Symbol("__isoc23_strtol"),),
    ("libc.so.6", "GLIBC_2.18"): (Symbol("__cxa_thread_atexit_impl", True),),
    ("libc.so.6", "GLIBC_2.2.5"): tuple(Symbol(name) for name in ("free", "malloc", "exit", "read")),
}


def old_enough() -> ElfFile:
    return ElfFile(
        "x64", "program", TOOL.interpreter, ("libc.so.6",), (VersionNeed("libc.so.6", "GLIBC_2.14"),)
    )


@pytest.mark.parametrize(
    ("name", "machine"),
    [
        ("glibc", Machine(SYSTEM, "2.39", Program("/bin/tool", TOOL, SYMBOLS), TODAY)),
        ("glibc-runs", Machine(SYSTEM, "2.39", Program("/bin/tool", old_enough()), TODAY)),
        ("glibc-none", Machine(MemorySystem("x64", {}), "", None, TODAY)),
    ],
)
def test_the_lesson_on_a_made_machine(name: str, machine: Machine) -> None:
    assert glibc_lesson(machine) + "\n" == (GOLDEN / f"{name}.txt").read_text("utf-8")


def test_the_lesson_about_node() -> None:
    text = node_lesson(TODAY)
    assert text + "\n" == (GOLDEN / "node.txt").read_text("utf-8")
    assert "2026-06-16" not in node_lesson(datetime.date(2025, 1, 1))


@pytest.mark.parametrize("topic", ["glibc", "node"])
def test_on_this_machine(topic: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_guarded(["explain", topic]) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 96
    assert out.replace("\n", "").isprintable()
    if topic == "glibc":
        release = (os.confstr("CS_GNU_LIBC_VERSION") or "").partition(" ")[2]
        assert f"This machine (glibc {release}) defines:" in out
        assert "GLIBC_" in out.partition("needs, newest first")[2][:300]
        assert "/__e/node20/bin/node: /lib64/libc.so.6: version `GLIBC_2.28' not found" in out


def test_the_subjects_are_in_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_guarded(["explain"]) == 0
    assert capsys.readouterr().out.startswith("subjects\n  glibc ")
