"""A program of the job's own that the loader refuses: which of its symbols ask for what is missing."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
from core_harness import Bench

from actlite.engines.fake import Call, Reply
from actlite.events import Diagnosis
from actlite.glibc import elf

PROGRAM = Path(sys.executable).resolve()


def asking() -> tuple[str, list[str]]:
    """A version of libc.so.6 that this machine's program asks for, and the symbols that bring it."""
    found = elf.version_symbols(PROGRAM)
    version = next(version for (library, version), names in found.items() if library == "libc.so.6" and names)
    return version, [symbol.name for symbol in found["libc.so.6", version]]


VERSION, SYMBOLS = asking()


def diagnosed(
    bench: Bench, place: str, named: str, *, folder: str = "", link: Path | None = None
) -> Diagnosis:
    """The diagnosis of a script that starts ``named`` in ``folder``; the program is put at ``place`` of the workspace."""

    def fail(call: Call) -> Reply:
        workspace = call.process.env["GITHUB_WORKSPACE"]
        path = call.host(workspace) / place
        path.parent.mkdir(parents=True, exist_ok=True)
        if link is not None:
            path.symlink_to(link)
        else:
            shutil.copy(PROGRAM, path)
        said = named.format(workspace=workspace)
        line = f"{said}: /lib64/libc.so.6: version `{VERSION}' not found (required by {said})\n"
        return Reply(1, line.encode())

    bench.engine.on("try it", fail)
    where = f", working-directory: {folder}" if folder else ""
    result = bench.run(
        "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    container: an/image\n"
        f"    steps: [{{run: try it{where}}}]\n"
    )
    diagnosis = result.steps()["1"].diagnosis
    assert diagnosis is not None
    return diagnosis


@pytest.mark.parametrize(
    ("place", "named", "folder"),
    [
        ("hq", "./hq", ""),
        ("dist/hq", "dist/hq", ""),
        ("dist/hq", "./hq", "dist"),
        ("hq", "{workspace}/hq", ""),
    ],
)
def test_the_symbols_are_told(bench: Bench, place: str, named: str, folder: str) -> None:
    found = diagnosed(bench, place, named, folder=folder)
    (cause,) = found.causes
    assert (cause.library, cause.version, list(cause.symbols)) == ("libc.so.6", VERSION, SYMBOLS)
    needs = elf.newest_of(need.version for need in elf.read(PROGRAM).versions)
    assert f"it needs glibc {needs['GLIBC']}" in found.summary


@pytest.mark.parametrize("named", ["./other", "/usr/bin/hq"])
def test_a_program_that_is_not_there(bench: Bench, named: str) -> None:
    assert diagnosed(bench, "hq", named).causes == ()


def test_a_link_out_of_the_jobs_folders_is_not_followed(bench: Bench) -> None:
    assert diagnosed(bench, "hq", "./hq", link=PROGRAM).causes == ()


def test_a_secret_among_its_symbols_is_hidden(bench: Bench) -> None:
    bench.settings = {"secrets": {"KEY": SYMBOLS[0]}}
    assert "***" in diagnosed(bench, "hq", "./hq").causes[0].symbols[0]
