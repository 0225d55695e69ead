"""What ``actlite audit`` shows: golden files, to be read as a stranger would.

``golden/screens.txt`` has commands, each with its exit code and what it writes. ACTLITE_GOLDEN=write writes them anew;
then read what has changed.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import archive_builder as archives
import elf_builder as elves
import pytest

from actlite.cli.ends import run_guarded

GOLDEN = Path(__file__).parent / "golden"
HQ = elves.program(
    {
        "libc.so.6": {
            "GLIBC_2.34": ["__libc_start_main", "pthread_create", "pthread_join"],
            "GLIBC_2.18": ["__cxa_thread_atexit_impl?"],
            "GLIBC_2.2.5": ["write", "read"],
        }
    }
)
CXX = elves.program(
    {
        "libstdc++.so.6": {
            "GLIBCXX_3.4.21": ["_ZNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEE9_M_createERmm"],
            "CXXABI_1.3.9": ["_ZdlPvm"],
        },
        "libc.so.6": {"GLIBC_2.17": ["clock_gettime"], "GLIBC_ABI_DT_RELR": []},
    },
    libraries=["libatomic.so.1"],
    runpath="/home/me/hq/lib",
    relr=True,
)
OLD = elves.program({"libc.so.6": {"GLIBC_2.14": ["memcpy"]}})
PACKED = elves.program(
    {"libc.so.6": {"GLIBC_2.28": ["fcntl64"]}, "libz.so.1": {"ZLIB_1.2.9": ["inflate"]}},
    libraries=["libaway.so.1"],
)
LIBRARY = elves.library({"libc.so.6": {"GLIBC_2.25": ["getrandom"]}}, soname="libhq.so.1")
MUSL = elves.program(libraries=["libc.musl-x86_64.so.1"], interpreter="/lib/ld-musl-x86_64.so.1")


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files that the commands name, in the current folder."""
    members = {
        "bin/hq": HQ,
        "bin/old": OLD,
        "lib/libhq.so.1": LIBRARY,
        "bin/start": b"#!/bin/sh\n",
        "x.7z": b"7z\xbc\xaf\x27\x1c",
    }
    made = {
        "hq": HQ + b"\0/rustc/0123",
        "cxx": CXX,
        "packed": PACKED,
        "packed.tar.gz": archives.tar({f"bin/hq{number:02}": PACKED for number in range(12)}, "w:gz"),
        "static": elves.static(),
        "musl": MUSL,
        "arm": elves.program({"libc.so.6": {"GLIBC_2.28": ["fcntl64"]}}, machine="arm64"),
        "damaged": HQ[:100],
        "libhq.so": LIBRARY,
        "hq.tar.gz": archives.tar(members, "w:gz"),
        "cut.tar.gz": archives.tar({"hq": HQ}, "w:gz")[:200],
        "hq-1.0-py3-none-manylinux2014_x86_64.whl": archives.zip_({"hq.so": LIBRARY}),
        "hostile.zip": archives.zip_({"../\x1b[31mx\n": OLD}),
        "escapes.zip": archives.zip_(
            {
                "hq": elves.program(
                    {"libc.so.6": {"X_\x1b[2J": ["\x1b[31mf"]}}, libraries=["lib\x1b]0;x\x07.so"]
                ),
                "start\x9b": b"#!/bin/\x1b[31m\n",
            }
        ),
        "notes.txt": b"notes\n",
        "both/x64": OLD,
        "both/arm64": elves.program({"libc.so.6": {"GLIBC_2.17": ["f"]}}, machine="arm64"),
    }
    for name, content in made.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    for variable in ("NO_COLOR", "FORCE_COLOR", "ACTLITE_TARGET", "DOCKER_HOST"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("ACTLITE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("ACTLITE_ENGINE", "host")
    monkeypatch.chdir(tmp_path)


def test_screens(capsys: pytest.CaptureFixture[str]) -> None:
    path = GOLDEN / "screens.txt"
    wanted = path.read_text("utf-8")
    made = []
    for command in re.findall(r"^\$ (.+)$", wanted, flags=re.MULTILINE):
        code = run_guarded(shlex.split(command)[1:])
        answer = capsys.readouterr()
        made.append(f"$ {command}\n{answer.out}{answer.err}[exit code {code}]\n")
    text = "\n".join(made)
    if os.environ.get("ACTLITE_GOLDEN") == "write":
        path.write_text(text, encoding="utf-8")
        wanted = text
    assert made
    assert text == wanted


def test_nothing_of_a_file_steers_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    run_guarded(["audit", "escapes.zip", "--all", "--target", "centos:7", "--against", "debian:12"])
    answer = capsys.readouterr()
    written = answer.out + answer.err
    assert "X_\\x1b[2J" in written
    assert "a script for /bin/\\x1b[31m" in written
    assert [line for line in written.splitlines() if not line.isprintable()] == []


def test_the_reference_shows_what_is_shown() -> None:
    page = (Path(__file__).parents[3] / "docs" / "reference" / "audit.md").read_text("utf-8")
    (example,) = re.findall(r"^```\n(\$ actlite audit .+?)^```", page, flags=re.MULTILINE | re.DOTALL)
    assert example in (GOLDEN / "screens.txt").read_text("utf-8")


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    path = GOLDEN / "audit.json"
    command = ["audit", "hq.tar.gz", "--target", "centos:7", "--against", "debian:12", "--format", "json"]
    assert run_guarded(command) == 1
    text = capsys.readouterr().out
    if os.environ.get("ACTLITE_GOLDEN") == "write":
        path.write_text(text, encoding="utf-8")
    assert json.loads(text) == json.loads(path.read_text("utf-8"))


def test_the_setting_is_the_target(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACTLITE_TARGET", "centos:7")
    assert run_guarded(["audit", "hq"]) == 1
    assert "not for centos:7" in capsys.readouterr().out
    assert run_guarded(["audit", "hq", "--max-glibc", "2.34"]) == 0


def test_a_pipe_may_close(tmp_path: Path) -> None:
    done = subprocess.run(
        f"{shlex.quote(sys.executable)} -m actlite audit --all hq.tar.gz | head -c 1",
        shell=True,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""


def test_nothing_heavy_is_imported(tmp_path: Path) -> None:
    script = (
        "import sys; from actlite.cli.app import run; run(['audit', 'hq', '--target', 'centos:7']);"
        "print([name for name in ('docker', 'requests', 'rich', 'ruamel') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
