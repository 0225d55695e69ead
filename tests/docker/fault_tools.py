"""What the fault tests share: a repository with a workflow, the real program run on it, and what it may leave."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from actlite.execution.as_predicted import DOUBT

WORKFLOW = ".github/workflows/x.yml"
RUNNER = "actlite-standin/runner:1"
PATIENCE = 60.0
"""Seconds after which something that a test waits for counts as hanging."""


@dataclass
class Ended:
    """How the program ended."""

    code: int
    out: str
    err: str
    seconds: float

    @property
    def text(self) -> str:
        """Both streams."""
        return self.out + self.err

    def expect(self, code: int, *words: str) -> Ended:
        """Assert the exit code, some words of the output, that nothing of Python's shows, and that no step has ended
        otherwise than predicted."""
        assert self.code == code, self.text
        flat = " ".join(self.text.split())
        for word in words:
            assert word in flat, f"{word!r} is not said:\n{self.text}"
        for bad in ("Traceback", "defect of its own", "Exception in thread"):
            assert bad not in self.text, self.text
        assert DOUBT not in flat, self.text
        return self


class Started:
    """The program while it runs, in a process group of its own."""

    def __init__(self, argv: Sequence[str], cwd: Path, env: Mapping[str, str], stdout: Any = None) -> None:
        self._began = time.monotonic()
        self.out_file = cwd.parent / f"out-{time.monotonic_ns()}"
        self.err_file = self.out_file.with_suffix(".err")
        with open(self.out_file, "wb") as out, open(self.err_file, "wb") as err:
            self.process = subprocess.Popen(
                argv,
                cwd=cwd,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=out if stdout is None else stdout,
                stderr=err,
                start_new_session=True,
            )

    def said(self) -> str:
        """What it has written so far."""
        return self.out_file.read_text(errors="replace") + self.err_file.read_text(errors="replace")

    def until(self, found: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
        """Wait until something is so while the program runs."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            answer = found()
            if answer:
                return answer
            assert self.process.poll() is None, f"ended before {what}:\n{self.said()}"
            time.sleep(0.01)
        self.process.kill()
        raise AssertionError(f"waited in vain for {what}:\n{self.said()}")

    def until_said(self, word: str, seconds: float = PATIENCE) -> None:
        """Wait for a line that it writes which has a word in it, and is not the script's own listing."""
        self.until(lambda: word in self.said(), repr(word), seconds)

    def signal(self, number: int) -> None:
        """Send a signal to the program itself."""
        os.kill(self.process.pid, number)

    def end(self, seconds: float = PATIENCE) -> Ended:
        """Wait for its end; one that hangs is killed and fails the test."""
        try:
            code = self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"still running after {seconds} s:\n{self.said()}") from None
        return Ended(
            code,
            self.out_file.read_text(errors="replace"),
            self.err_file.read_text(errors="replace"),
            time.monotonic() - self._began,
        )

    def kill(self) -> None:
        """kill -9, and wait until the process is gone."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


class Place:
    """A repository with workflows, and the program on it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True)
        self.env = {**os.environ, "NO_COLOR": "1", "COLUMNS": "200", "GIT_CONFIG_GLOBAL": "/dev/null"}
        for name in list(self.env):
            if name.startswith("ACTLITE_") or name in ("GITHUB_TOKEN", "PYTEST_CURRENT_TEST"):
                del self.env[name]
        self.git("init", "-q", "-b", "main")
        self.write("README.md", "A project.\n")
        self.commit()

    def git(self, *arguments: str) -> str:
        """git's answer. Fails the test when git fails."""
        who = ["-c", "user.name=Tester", "-c", "user.email=tester@example.com"]
        return subprocess.run(
            ["git", *who, *arguments], cwd=self.path, env=self.env, check=True, capture_output=True, text=True
        ).stdout.strip()

    def write(self, name: str, text: str) -> Path:
        """Write a file of the repository."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def commit(self) -> None:
        """Commit everything."""
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "A commit")

    def workflow(self, text: str, name: str = WORKFLOW) -> Place:
        """Write and commit a workflow."""
        self.write(name, textwrap.dedent(text).lstrip("\n"))
        self.commit()
        return self

    def steps(self, *steps: str, job: str = "", name: str = WORKFLOW) -> Place:
        """A workflow with one job; each step is a script, or YAML that begins with ``- ``. ``job`` is YAML for it."""
        lines = ["on: push", "jobs:", "  job:", "    runs-on: ubuntu-latest"]
        lines += [f"    {line}" for line in textwrap.dedent(job).strip().splitlines()]
        lines.append("    steps:")
        for step in steps:
            text = textwrap.dedent(step).strip("\n")
            if text.startswith("- "):
                lines += [f"      {line}" for line in text.splitlines()]
            else:
                lines.append("      - run: |")
                lines += [f"          {line}" for line in text.splitlines()]
        return self.workflow("\n".join(lines) + "\n", name)

    def argv(self, *arguments: str, image: str = RUNNER) -> list[str]:
        """The command line of a run."""
        chosen = ["-W", WORKFLOW] if "-W" not in arguments else []
        keep = ["--keep", "never"] if "--keep" not in arguments else []
        return [
            sys.executable,
            "-m",
            "actlite",
            "run",
            *chosen,
            *keep,
            "-P",
            f"ubuntu-latest={image}",
            *arguments,
        ]

    def start(
        self, *arguments: str, env: Mapping[str, str] | None = None, image: str = RUNNER, stdout: Any = None
    ) -> Started:
        """Start ``actlite run``."""
        return Started(
            self.argv(*arguments, image=image), self.path, {**self.env, **(env or {})}, stdout=stdout
        )

    def run(
        self,
        *arguments: str,
        env: Mapping[str, str] | None = None,
        image: str = RUNNER,
        seconds: float = PATIENCE,
    ) -> Ended:
        """Run ``actlite run`` to its end."""
        return self.start(*arguments, env=env, image=image).end(seconds)

    def runs(self) -> list[Path]:
        """The run folders, oldest first."""
        found = (self.path / ".actlite" / "runs").glob("[0-9]*")
        return sorted(found, key=lambda path: int(path.name))

    def state(self, run: int) -> str:
        """What a run's folder says of itself."""
        return str(json.loads((self.path / ".actlite/runs" / str(run) / "state.json").read_text())["state"])

    def files(self) -> dict[str, str]:
        """The user's own files with their contents; git's index, which ``git status`` may refresh, is left out."""
        return tree(self.path, skip=(".actlite", ".git/index"))


def tree(folder: Path, skip: Iterable[str] = ()) -> dict[str, str]:
    """Names, kinds, modes and contents of everything below a folder."""
    left_out = tuple(skip)
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if any(name == s or name.startswith(s + "/") for s in left_out):
            continue
        status = path.lstat()
        content = ""
        if path.is_symlink():
            content = os.readlink(path)
        elif path.is_file():
            content = hashlib.sha256(path.read_bytes()).hexdigest()
        found[name] = f"{status.st_mode:o} {status.st_uid} {content}"
    return found


def until_clean(client: Any, folder: Path) -> dict[str, list[str]]:
    """What the engine holds of the runs in a folder, once the start of a test beside this one, which cleans up
    whatever it finds on this machine, has had its time: it may be at the same things."""
    deadline = time.monotonic() + 15
    while (found := owned(client, folder)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


def owned(client: Any, folder: Path) -> dict[str, list[str]]:
    """What the engine holds of the runs in a folder: kind to ids."""
    from actlite.engines.base import LABEL_OWNER, LABEL_RUN

    filters = {"label": [LABEL_RUN]}
    listed = {
        "container": client.api.containers(all=True, filters=filters),
        "network": client.api.networks(filters=filters),
        "volume": client.api.volumes(filters=filters).get("Volumes") or [],
    }
    found: dict[str, list[str]] = {}
    for kind, objects in listed.items():
        for each in objects:
            owner = (each.get("Labels") or {}).get(LABEL_OWNER, "")
            if owner and Path(owner).is_relative_to(folder):
                found.setdefault(kind, []).append(str(each.get("Id") or each.get("Name")))
    return found


def steps_of(report: Path) -> dict[str, Mapping[str, Any]]:
    """The steps of the only job of a JSON report, by name."""
    (job,) = json.loads(report.read_text())["runs"][0]["jobs"]
    return {step["name"]: step for step in job["steps"]}


def says_without_listing(out: str, word: str) -> bool:
    """Is there a line that is just this word (the listing of a script has it too, but in colour or indented)?"""
    return re.search(rf"^(?:\S+ \| )?{re.escape(word)}$", out, re.MULTILINE) is not None
