"""How the program ends: expected errors, interruption, closed pipes, defects."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from actlite import __version__
from actlite.cli.ends import hide, run_guarded, without_secrets
from actlite.diagnostics import Diagnostic, Severity
from actlite.errors import ActliteError, CannotRun, InvalidWorkflow, NothingSelected, UsageError
from actlite.source import SourceFile


def raising(error: BaseException) -> int:
    def command(argv: Sequence[str]) -> int:
        raise error

    return run_guarded([], command)


@pytest.mark.parametrize("error", [UsageError, CannotRun, NothingSelected])
def test_an_expected_error_says_what_why_and_do(
    error: type[ActliteError], capfd: pytest.CaptureFixture[str]
) -> None:
    code = raising(error("what\x1b[2J", why="why 1\nwhy 2", do="do"))
    assert code == error.exit_code
    assert capfd.readouterr().err == "error: what\\x1b[2J\n  why 1\n  why 2\n  do\n"


def test_an_invalid_workflow_shows_its_findings_first(capfd: pytest.CaptureFixture[str]) -> None:
    source = SourceFile("w.yml", "on: puhs\n")
    finding = Diagnostic(
        "unknown-event", Severity.ERROR, "no event 'puhs'", source.span(4, 8), "did you mean 'push'?"
    )
    assert raising(InvalidWorkflow("w.yml: 1 error.", [finding])) == 2
    err = capfd.readouterr().err
    assert err.startswith("w.yml:1:5: error[unknown-event] no event 'puhs'\n    1 │ on: puhs\n")
    assert err.endswith("\nerror: w.yml: 1 error.\n")


def test_an_interruption_is_130(capfd: pytest.CaptureFixture[str]) -> None:
    assert raising(KeyboardInterrupt()) == 130
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize(("value", "code"), [(SystemExit(4), 4), (SystemExit(), 0), (SystemExit("text"), 2)])
def test_system_exit(value: SystemExit, code: int) -> None:
    assert raising(value) == code


def test_a_closed_pipe_is_quiet(repo: Path) -> None:
    script = f"{sys.executable} -m actlite check --format json | true; echo ${{PIPESTATUS[0]}}"
    for path in range(40):
        (repo / ".github" / "workflows" / f"w{path}.yml").write_text("on: [" + "x, " * 200 + "]\n")
    done = subprocess.run(["bash", "-c", script], cwd=repo, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert done.stdout.strip() == "141"


def test_a_defect_leaves_a_report_in_the_repository(repo: Path, capfd: pytest.CaptureFixture[str]) -> None:
    hide("hunter2\nsecond line")

    def command(argv: Sequence[str]) -> int:
        raise RuntimeError("broken at hunter2 / second line")

    code = run_guarded(["run", "-s", "TOKEN=abc", "--secret=T=def"], command)
    err = capfd.readouterr().err
    assert code == 3
    assert err.count("\n") == 1
    (report,) = (repo / ".actlite").glob("defect-*.txt")
    assert str(report) in err
    text = report.read_text()
    assert "RuntimeError: broken at *** / ***" in text
    assert "test_cli_ends.py" in text
    assert f"actlite   {__version__}" in text
    assert "'TOKEN=***', '--secret=T=***'" in text
    for secret in ("hunter2", "abc", "def'"):
        assert secret not in text
    assert report.stat().st_mode & 0o777 == 0o600
    status = subprocess.run(
        ["git", "status", "--porcelain"], cwd=repo, capture_output=True, text=True, check=True
    )
    assert status.stdout == ""


def test_a_defect_outside_a_repository_reports_to_the_temporary_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "temporary"
    place.mkdir()

    def command(argv: Sequence[str]) -> int:
        raise RuntimeError("broken")

    with monkeypatch.context() as patch:
        patch.setattr("tempfile.tempdir", str(place))
        assert run_guarded([], command, cwd=tmp_path) == 3
    assert len(list(place.glob("defect-*.txt"))) == 1
    assert not (tmp_path / ".actlite").exists()
    assert str(place) in capfd.readouterr().err


def test_a_defect_that_can_be_written_nowhere_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def command(argv: Sequence[str]) -> int:
        raise RuntimeError("broken")

    with monkeypatch.context() as patch:
        patch.setattr("tempfile.tempdir", str(tmp_path / "absent"))
        assert run_guarded([], command, cwd=tmp_path) == 3
    assert "RuntimeError: broken" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("argv", "shown"),
    [
        (["run", "-s", "A=1", "--tag", "v1"], ["run", "-s", "A=***", "--tag", "v1"]),
        (["run", "--secret", "A=1"], ["run", "--secret", "A=***"]),
        (["run", "--secret=A=1"], ["run", "--secret=A=***"]),
        (["run", "-sA=1"], ["run", "-sA=***"]),
        (["run", "-qsA=1"], ["run", "-qsA=***"]),
        (["run", "-vs", "A=1"], ["run", "-vs", "A=***"]),
        (["run", "-s", "A"], ["run", "-s", "A"]),
        (["run", "--secret-file", "f"], ["run", "--secret-file", "f"]),
    ],
)
def test_secrets_are_left_out_of_the_command_line(argv: list[str], shown: list[str]) -> None:
    assert without_secrets(argv) == shown


@pytest.mark.parametrize("flag", ["--version", "-V"])
def test_version_imports_nothing(flag: str) -> None:
    code = (
        "import sys; before = set(sys.modules); sys.argv = ['actlite', sys.argv[1]]\n"
        "from actlite.__main__ import main\n"
        "code = main(); print(sorted(set(sys.modules) - before), code)"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", code, flag], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [f"actlite {__version__}", "['actlite', 'actlite.__main__'] 0"]


def test_version_among_other_words_is_click_s() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "actlite", "--version", "run"], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"actlite {__version__}\n"


@pytest.mark.parametrize(
    ("argv", "forbidden"),
    [
        (["--help"], {"rich", "docker", "ruamel", "yaml", "requests"}),
        (["list"], {"rich", "docker", "requests", "click"}),
        (["plan", "--tag", "v1.0.0"], {"rich", "docker", "requests"}),
        (["check"], {"rich", "docker", "requests"}),
        (["show"], {"rich", "docker", "requests", "ruamel", "yaml"}),
    ],
)
def test_quick_verbs_import_nothing_heavy(repo: Path, argv: list[str], forbidden: set[str]) -> None:
    code = (
        "import sys, os; from actlite.cli.ends import run_guarded\n"
        "run_guarded(sys.argv[1:]); os.write(2, ' '.join({m.split('.')[0] for m in sys.modules}).encode())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *argv], cwd=repo, capture_output=True, text=True, check=True
    )
    assert forbidden.isdisjoint(done.stderr.split())
    assert "actlite" in done.stderr.split()


def test_importing_the_package_imports_nothing_else() -> None:
    code = (
        "import sys; before = set(sys.modules); import actlite.cli; print(sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['actlite', 'actlite.cli']"


def test_stdout_that_cannot_be_written_is_no_traceback(repo: Path) -> None:
    if not os.path.exists("/dev/full"):
        pytest.skip("this machine has no /dev/full")
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "actlite", "list"],
            cwd=repo,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 4
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr
