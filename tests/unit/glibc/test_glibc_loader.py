"""Recognising the loader's, the kernel's and the engine's refusals in a step's output."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actlite.events import Missing
from actlite.glibc.loader import MAX_CANDIDATES, MAX_PROGRAMS, LoaderFailure, LoaderScanner, principal, scan

NODE20 = """\
/__e/node20/bin/node: /lib64/libm.so.6: version `GLIBC_2.27' not found (required by /__e/node20/bin/node)
/__e/node20/bin/node: /lib64/libstdc++.so.6: version `GLIBCXX_3.4.20' not found (required by /__e/node20/bin/node)
/__e/node20/bin/node: /lib64/libstdc++.so.6: version `CXXABI_1.3.9' not found (required by /__e/node20/bin/node)
/__e/node20/bin/node: /lib64/libstdc++.so.6: version `GLIBCXX_3.4.21' not found (required by /__e/node20/bin/node)
/__e/node20/bin/node: /lib64/libc.so.6: version `GLIBC_2.28' not found (required by /__e/node20/bin/node)
/__e/node20/bin/node: /lib64/libc.so.6: version `GLIBC_2.25' not found (required by /__e/node20/bin/node)
"""


def one(text: str) -> LoaderFailure:
    found = scan(text)
    assert len(found) == 1, found
    return found[0]


def test_versions_in_order_with_their_exact_lines() -> None:
    failure = one(NODE20)
    assert (failure.program, failure.kind, failure.certain) == ("/__e/node20/bin/node", "versions", True)
    assert failure.missing == (
        Missing("/lib64/libm.so.6", "GLIBC_2.27"),
        Missing("/lib64/libstdc++.so.6", "GLIBCXX_3.4.20"),
        Missing("/lib64/libstdc++.so.6", "CXXABI_1.3.9"),
        Missing("/lib64/libstdc++.so.6", "GLIBCXX_3.4.21"),
        Missing("/lib64/libc.so.6", "GLIBC_2.28"),
        Missing("/lib64/libc.so.6", "GLIBC_2.25"),
    )
    assert "\n".join(failure.lines) + "\n" == NODE20


def test_one_version_missing_in_two_libraries_counts_twice() -> None:
    lines = [
        f"p: /lib64/{lib}: version `GLIBC_2.27' not found (required by p)\n"
        for lib in ("libm.so.6", "libc.so.6")
    ]
    assert [m.library for m in one("".join(lines)).missing] == ["/lib64/libm.so.6", "/lib64/libc.so.6"]


def test_a_program_that_is_tried_twice_is_reported_once() -> None:
    failure = one(NODE20 + "again\n" + NODE20)
    assert len(failure.missing) == 6
    assert len(failure.lines) == 6


def test_a_weak_version_stops_nothing() -> None:
    assert scan("p: /lib64/libc.so.6: weak version `GLIBC_2.25' not found (required by p)\n") == ()


@pytest.mark.parametrize(
    ("line", "program", "kind", "certain"),
    [
        (
            "/w/p: error while loading shared libraries: libatomic.so.1: cannot open shared object file: "
            "No such file or directory",
            "/w/p",
            "library",
            True,
        ),
        ("exec /__e/node12/bin/node: no such file or directory", "/__e/node12/bin/node", "interpreter", True),
        (
            'OCI runtime exec failed: exec failed: unable to start container process: exec: "/__e/none/bin/node": '
            "stat /__e/none/bin/node: no such file or directory: unknown",
            "/__e/none/bin/node",
            "not-found",
            True,
        ),
        (
            'OCI runtime exec failed: exec failed: unable to start container process: exec: "node": '
            "executable file not found in $PATH: unknown",
            "node",
            "not-found",
            True,
        ),
        (
            "standard_init_linux.go:228: exec user process caused: no such file or directory",
            "",
            "interpreter",
            True,
        ),
        ("exec /w/p: exec format error", "/w/p", "format", True),
        ("sh: /__e/node12/bin/node: not found", "/__e/node12/bin/node", "not-found", False),
        ("sh: exec: line 0: /w/p: not found", "/w/p", "not-found", False),
        ("/__w/_temp/1f2e.sh: 3: ./dist/hq: not found", "./dist/hq", "not-found", False),
        ("/__w/_temp/1f2e.sh: line 3: ./dist/hq: No such file or directory", "./dist/hq", "not-found", False),
        ("bash: /w/p: cannot execute: required file not found", "/w/p", "interpreter", True),
        ("bash: ./p: cannot execute binary file: Exec format error", "./p", "format", True),
        ("Error relocating /w/p: __cxa_thread_atexit_impl: symbol not found", "/w/p", "musl", True),
        (
            "Error loading shared library ld-linux-x86-64.so.2: No such file or directory (needed by /w/p)",
            "/w/p",
            "musl",
            True,
        ),
        (
            "qemu-x86_64: Could not open '/lib64/ld-linux-x86-64.so.2': No such file or directory",
            "",
            "interpreter",
            True,
        ),
        (
            "ImportError: /lib64/libm.so.6: version `GLIBC_2.29' not found (required by /w/_x.so)",
            "/w/_x.so",
            "versions",
            True,
        ),
    ],
)
def test_forms(line: str, program: str, kind: str, certain: bool) -> None:
    failure = one(f"before\n{line}\nafter\n")
    assert (failure.program, failure.kind, failure.certain) == (program, kind, certain)
    assert failure.lines == (line,)


@pytest.mark.parametrize(
    "line",
    [
        "sh: cargo: not found",
        "/x.sh: line 2: foo: command not found",
        "cat: /nonexistent: No such file or directory",
        "error: package not found (required by x)",
        "npm ERR! 404 Not Found",
        "ls: cannot access '/x': No such file or directory",
        "",
    ],
)
def test_what_is_no_loaders_matter(line: str) -> None:
    assert scan(f"{line}\n") == ()


def test_prefixes_and_colours_of_a_saved_log() -> None:
    line = NODE20.splitlines()[4]
    assert one(f"2024-07-03T17:00:01.1234567Z {line}\n").program == "/__e/node20/bin/node"
    assert one(f"\x1b[31m{line}\x1b[0m\r\n").missing == (Missing("/lib64/libc.so.6", "GLIBC_2.28"),)


def test_a_path_with_a_space_stays_whole() -> None:
    line = "/__w/my repo/p: /lib64/libc.so.6: version `GLIBC_2.34' not found (required by /__w/my repo/p)\n"
    assert one(line).program == "/__w/my repo/p"


@given(st.lists(st.integers(1, 700), max_size=30), st.booleans())
def test_chunks_may_end_anywhere(cuts: list[int], as_bytes: bool) -> None:
    text = "noise\n" * 3 + NODE20 + "tail without end"
    scanner, at = LoaderScanner(), 0
    for cut in [*cuts, len(text)]:
        piece = text[at : at + cut]
        scanner.feed(piece.encode() if as_bytes else piece)
        at += cut
    assert scanner.failures() == scan(text)
    assert len(scanner.failures()[0].lines) == 6


def test_a_last_line_without_its_end_counts() -> None:
    assert one(NODE20.splitlines()[0]).kind == "versions"


def test_binary_and_endless_lines_are_harmless() -> None:
    scanner = LoaderScanner()
    for _ in range(50):
        scanner.feed(b"\xff\x00not found " * 20_000)
    scanner.feed(b"\n" + NODE20.encode())
    assert scanner.failures()[-1].program == "/__e/node20/bin/node"


def test_bounds_hold() -> None:
    many = "".join(f"sh: /w/p{n}: not found\n" for n in range(MAX_PROGRAMS + 20))
    assert len(scan(many)) == MAX_PROGRAMS
    scanner = LoaderScanner()
    scanner.feed("it was not found\n" * (MAX_CANDIDATES + 1))
    scanner.feed(NODE20)
    assert scanner.failures() == ()


def test_a_plain_log_costs_next_to_nothing() -> None:
    chunk = b"   Compiling something v1.2.3 (/__w/project/project)\n" * 20_000
    scanner = LoaderScanner()
    started = time.perf_counter()
    for _ in range(20):
        scanner.feed(chunk)
    seconds = time.perf_counter() - started
    assert seconds < 0.5, f"{seconds:.2f} s for {20 * len(chunk) >> 20} MiB"


@pytest.mark.parametrize(
    "line",
    [
        "sh: " + "/a" * 2040 + " not found",
        "a/b" * 1360 + " not found",
        "a" * 4080 + " not found",
        "a: " * 1360 + "not found",
        "Error loading shared library a: " * 60 + " (needed by x" * 160 + " not found",
        "Could not open '/" + "ld-" * 1350 + "o such file or directory",
        "exec /" * 680 + "xec format error",
    ],
)
def test_no_line_takes_long(line: str) -> None:
    start = time.perf_counter()
    scan(f"{line}\n" * 20)
    assert time.perf_counter() - start < 1  # with patterns that try every place, 5 s to 12 minutes


def test_principal() -> None:
    shell = scan("sh: ./gone: not found\n")[0]
    node = scan(NODE20)[0]
    assert principal([node, shell]) is node
    assert principal([node, shell], "./gone") is shell
    assert principal([shell]) is shell
    assert principal([]) is None
