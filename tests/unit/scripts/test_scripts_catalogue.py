"""scripts/catalogue.py with real things: a node build, a local git repository, and the tables themselves."""

from __future__ import annotations

import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from actlite.glibc.catalogue.rows import read_rows
from sample_workflows.standins.__main__ import cache_folder

SCRIPT = Path(__file__).resolve().parents[3] / "scripts" / "catalogue.py"
TABLES = SCRIPT.parent.parent / "src" / "actlite"


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    return runpy.run_path(str(SCRIPT), run_name="catalogue")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SCRIPT), *arguments], capture_output=True, text=True, check=False
    )


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    for name in ("images.txt", "nodes.txt"):
        shutil.copy(TABLES / "glibc" / "catalogue" / name, tmp_path)
    shutil.copy(TABLES / "actions" / "known.txt", tmp_path)
    return tmp_path


def test_a_real_build_of_node_is_the_tables_block(tables: Path) -> None:
    before = (tables / "nodes.txt").read_text("utf-8")
    cache = cache_folder().parent
    done = run("--data", str(tables), "--cache", str(cache), "node", "20.20.2", "--write")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("[x64 20.20.2]\ninterpreter /lib64/ld-linux-x86-64.so.2\n")
    assert (tables / "nodes.txt").read_text("utf-8") == before


def test_a_build_goes_to_those_that_ask_the_same(script: dict[str, Any]) -> None:
    put = script["put_build"]
    text = "# head\n\n[x64 1.0.0 1.2.0]\nlibraries a\nsource here\n\n[x64 2.0.0]\nlibraries b\nsource here\n"
    assert put(text, "[x64 1.1.0]\nlibraries a\nsource there") == text.replace(
        "1.0.0 1.2.0", "1.0.0 1.1.0 1.2.0"
    )
    moved = put(text, "[x64 1.2.0]\nlibraries b\nsource there")
    assert moved == text.replace("1.0.0 1.2.0", "1.0.0").replace("[x64 2.0.0]", "[x64 1.2.0 2.0.0]")
    new = put(text, "[x64 2.0.0]\nlibraries c\nsource there")
    assert new == text.replace(
        "[x64 2.0.0]\nlibraries b\nsource here", "[x64 2.0.0]\nlibraries c\nsource there"
    )
    assert put(text, "[arm64 2.0.0]\nlibraries b\nsource here").endswith(
        "\n\n[arm64 2.0.0]\nlibraries b\nsource here\n"
    )


def test_a_row_of_an_image_takes_the_place_of_the_old_one(script: dict[str, Any]) -> None:
    text = (
        "# head\n\n[a:1]\nnames b:1\nsystem A 1\nlayout redhat\narch x64\nglibc 2.17\nconfidence derived\nsource x\n"
        "note kept\n\n[c:1]\nlayout none\narch x64\nconfidence derived\nsource y\n"
    )
    block = "[a:1]\nlayout debian\narch x64\nglibc 2.31\nconfidence measured\nsource read"
    put = script["put_block"](text, block)
    assert put == text.replace("redhat", "debian").replace("2.17", "2.31").replace(
        "confidence derived\nsource x", "confidence measured\nsource read"
    )
    assert [row.name for row in read_rows(put)] == ["a:1", "c:1"]
    added = script["put_block"](text, block.replace("a:1", "d:1"))
    assert [row.name for row in read_rows(added)] == ["a:1", "c:1", "d:1"]


def test_an_action_of_a_local_repository(tables: Path, git_repository: Callable[..., Any]) -> None:
    """Fetched as in a run: its ref looked up, its manifest read; then again at a release that declares another node."""
    server = tables / "server"
    repository = git_repository(name="server/someone/thing")
    first = repository.commit({"action.yml": manifest("node20")}, tag="v1")
    known = tables / "known.txt"
    arguments = ("--actions", str(known), "--cache", str(tables / "cache"), "action", "someone/thing@v1")
    given = (*arguments, "--server", server.as_uri(), "--write")
    done = run(*given)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"someone/thing node20 v1={first[:12]}\n"
    assert known.read_text("utf-8").endswith(f"someone/thing node20 v1={first[:12]}\n")
    repository.git("tag", "-d", "v1")
    second = repository.commit({"action.yml": manifest("node24")}, tag="v1")
    assert run(*given).returncode == 0
    lines = [line for line in known.read_text("utf-8").splitlines() if line.startswith("someone/")]
    assert lines == [f"someone/thing node24 v1={second[:12]}"]


def manifest(using: str) -> str:
    return f"name: thing\ndescription: thing\nruns:\n  using: {using}\n  main: index.js\n"


def test_what_composite_actions_use_is_a_line_of_its_own(
    tables: Path, git_repository: Callable[..., Any]
) -> None:
    server = tables / "server"
    repository = git_repository(name="server/someone/thing")
    steps = "\n".join(
        f"    - uses: {uses}" for uses in ("actions/checkout@v4", "./here", "docker://alpine:3")
    )
    text = f"name: thing\ndescription: thing\nruns:\n  using: composite\n  steps:\n{steps}\n"
    sha = repository.commit({"action.yml": text}, tag="v1")
    cache = ("--cache", str(tables / "cache"))
    done = run(
        "--actions",
        str(tables / "known.txt"),
        *cache,
        "action",
        "someone/thing@v1",
        "--server",
        server.as_uri(),
    )
    assert done.stdout.splitlines() == [
        f"someone/thing composite v1={sha[:12]}",
        f"someone/thing steps v1={sha[:12]} : actions/checkout@v4 ./here docker://alpine:3",
    ]


def test_lines_of_an_action_join_those_that_say_the_same(script: dict[str, Any]) -> None:
    put = script["put_action"]
    text = "# head\na/b node20 v1=0000000000000000 v2=111111111111\na/b node24 v3=222222222222\na/b moved v1 2024-01-01=node20\n"
    text = text.replace("0000000000000000", "000000000000")
    assert put(text, "a/b node20 v1.5=333333333333") == text.replace(
        "v2=111111111111", "v2=111111111111 v1.5=333333333333"
    )
    moved = put(text, "a/b node24 v2=444444444444")
    assert moved == text.replace(" v2=111111111111", "").replace(
        "v3=222222222222", "v3=222222222222 v2=444444444444"
    )
    gone = put(text, "a/b node20 v3=555555555555")
    assert "node24" not in gone
    steps = put(text, "a/b composite v9=666666666666\na/b steps v9=666666666666 : x/y@v1")
    assert steps == f"{text}a/b composite v9=666666666666\na/b steps v9=666666666666 : x/y@v1\n"
    joined = put(steps, "a/b steps v8=777777777777 : x/y@v1")
    assert joined.endswith("a/b steps v9=666666666666 v8=777777777777 : x/y@v1\n")


def test_what_cannot_be_had_is_told(tables: Path) -> None:
    done = run("--cache", str(tables), "action", "./local")
    assert done.returncode == 2
    assert done.stderr.startswith("No action of a repository: ./local")
