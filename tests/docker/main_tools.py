"""What the tests of the main job share: runs of the real program whose reports are read, and servers of their own."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fault_tools import Ended, Place

COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass
class Outcome:
    """A run that has ended, with what its reports say."""

    ended: Ended
    report: dict[str, Any] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)

    def expect(self, code: int, *words: str) -> Outcome:
        """Assert the exit code, and words of the output."""
        self.ended.expect(code, *words)
        return self

    @property
    def jobs(self) -> dict[str, dict[str, Any]]:
        """The jobs of the first run, by key."""
        return {job["key"]: job for job in self.report["runs"][0]["jobs"]}

    @property
    def job(self) -> dict[str, Any]:
        """The only job."""
        (found,) = self.jobs.values()
        return found

    def step(self, name: str, job: str = "") -> dict[str, Any]:
        """A step by its name."""
        steps = (self.jobs[job] if job else self.job)["steps"]
        found = [step for step in steps if step["name"] == name]
        assert found, f"no step {name!r} among {[step['name'] for step in steps]}"
        return dict(found[0])

    def names(self, job: str = "") -> list[str]:
        """The names of a job's steps, in their order."""
        return [step["name"] for step in (self.jobs[job] if job else self.job)["steps"]]

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The events of a kind."""
        return [event for event in self.events if event["kind"] == kind]

    def log(self, name: str, job: str = "") -> str:
        """A step's log, without colours."""
        step, key = self.step(name, job), job or self.job["key"]
        texts = (
            event["text"]
            for event in self.of("step-output")
            if event["job"] == key and event["step"] == step["key"]
        )
        return COLOURS.sub("", "".join(texts))

    def lines(self, name: str, job: str = "") -> list[str]:
        """What a step's program said: its log after the runner's own heading."""
        return self.log(name, job).partition("##[endgroup]\n")[2].splitlines()

    def values(self, name: str, job: str = "") -> dict[str, str]:
        """The ``NAME=value`` lines that a step wrote."""
        return dict(line.split("=", 1) for line in self.lines(name, job) if "=" in line)


def run(
    place: Place,
    *arguments: str,
    env: Mapping[str, str] | None = None,
    image: str = "actlite-standin/runner:1",
    seconds: float = 40.0,
) -> Outcome:
    """Run ``actlite run`` with both reports."""
    folder = place.path.parent
    report, events = folder / "report.json", folder / "events.jsonl"
    for old in (report, events):
        old.unlink(missing_ok=True)
    ended = place.run(
        "-v",
        "--report",
        f"json={report}",
        "--report",
        f"events={events}",
        *arguments,
        env=env,
        image=image,
        seconds=seconds,
    )
    found = Outcome(ended)
    if report.exists():
        found.report = json.loads(report.read_text())
    if events.exists():
        found.events = [json.loads(line) for line in events.read_text().splitlines()]
    return found


def own_cache(folder: Path) -> dict[str, str]:
    """The environment for a run with a cache of its own, but with the node builds of the user's."""
    import platformdirs

    theirs = Path(os.environ.get("ACTLITE_CACHE") or platformdirs.user_cache_dir("actlite")) / "runtimes"
    theirs.mkdir(parents=True, exist_ok=True)
    folder.mkdir(exist_ok=True)
    if not (folder / "runtimes").is_symlink():
        (folder / "runtimes").symlink_to(theirs)
    return {"ACTLITE_CACHE": str(folder)}


def minutes_of(seconds: float, folder: Path) -> dict[str, str]:
    """The environment for a run in which each minute of a workflow is this short."""
    folder.mkdir(exist_ok=True)
    text = f"import actlite.execution.cancellation as cancellation\ncancellation.MINUTE = {seconds}\n"
    (folder / "sitecustomize.py").write_text(text)
    return {"PYTHONPATH": os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH", "")]))}


class Server:
    """A stand-in for github.com: bare repositories in a folder, served by git's own file transport."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.env = {"ACTLITE_GITHUB_URL": f"file://{folder}"}

    def publish(
        self, repository: str, files: Mapping[str, str], *, tag: str = "v1", mode: int = 0o644
    ) -> str:
        """Commit files to ``owner/name``'s main branch, tag the commit, push both; gives the commit."""
        work = self.folder / "work" / repository
        bare = self.folder / repository
        if not bare.exists():
            git(self.folder, "init", "-q", "--bare", "-b", "main", str(bare))
            git(self.folder, "clone", "-q", str(bare), str(work))
        for name, text in files.items():
            path = work / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text).lstrip("\n"))
            path.chmod(mode)
        git(work, "add", "-A")
        git(work, "commit", "-q", "--allow-empty", "-m", f"For {tag}")
        git(work, "tag", "-f", tag)
        git(work, "push", "-q", "-f", "origin", "HEAD:refs/heads/main", "--tags")
        return git(work, "rev-parse", "HEAD")


def git(folder: Path, *arguments: str) -> str:
    """git's answer. Fails the test when git fails."""
    env = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
    who = ["-c", "user.name=Tester", "-c", "user.email=tester@example.com"]
    done = subprocess.run(
        ["git", *who, *arguments], cwd=folder, env=env, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, f"git {' '.join(arguments)}: {done.stderr}"
    return done.stdout.strip()


def node_action(main: str, *, using: str = "node24", extra: str = "", **stages: str) -> dict[str, str]:
    """The files of a JavaScript action; ``extra`` is YAML of its manifest, stages are ``pre`` and ``post``."""
    manifest = [extra and textwrap.dedent(extra).strip(), "runs:", f"  using: {using}", "  main: main.js"]
    manifest += [f"  {stage}: {stage}.js" for stage in stages]
    files = {"action.yml": "\n".join(["name: An action", *filter(None, manifest)]) + "\n", "main.js": main}
    return files | {f"{stage}.js": text for stage, text in stages.items()}


class Registry:
    """Debian's docker-registry on the loopback interface, which docker takes without TLS."""

    user, password = "tester", "pass-of-the-registry"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.address = f"127.0.0.1:{port}"
        (folder / "config.yml").write_text(
            "version: 0.1\nlog: {level: error}\n"
            f"storage:\n  filesystem: {{rootdirectory: {folder}/data}}\n"
            f"http: {{addr: '{self.address}'}}\n"
            f"auth:\n  htpasswd: {{realm: test, path: {folder}/htpasswd}}\n"
        )
        (folder / "htpasswd").write_text(f"{self.user}:{bcrypt(self.password)}\n")
        program = shutil.which("docker-registry", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
        assert program, "there is no docker-registry: sh scripts/registry.sh gets it"
        self._program, self._port = program, port
        self.start()

    def start(self) -> None:
        """Start it, at its address and with what it holds; again after `stop`."""
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [self._program, "serve", str(self.folder / "config.yml")],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
        self._until_it_answers(self._port)

    def _until_it_answers(self, port: int) -> None:
        end = time.monotonic() + 20
        while time.monotonic() < end:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                return
            assert self.process.poll() is None, (self.folder / "log").read_text()
            time.sleep(0.05)
        raise AssertionError("the registry does not answer")

    def auth(self) -> dict[str, str]:
        """Name and password, as the docker SDK takes them."""
        return {"username": self.user, "password": self.password}

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(timeout=20)


def bcrypt(password: str) -> str:
    """A password's bcrypt hash, the only kind that the registry takes: of libcrypt, by way of perl."""
    script = r'print crypt($ARGV[0], "\$2b\$05\$abcdefghijklmnopqrstuu")'
    done = subprocess.run(["perl", "-e", script, password], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("$2"), done
    return done.stdout.replace("$2b$", "$2y$", 1)


@contextlib.contextmanager
def built(client: Any, name: str, dockerfile: Sequence[str]) -> Iterator[str]:
    """An image made from the lines of a Dockerfile, and removed in the end."""
    import io

    text = "\n".join(dockerfile) + "\n"
    for message in client.api.build(fileobj=io.BytesIO(text.encode()), tag=name, rm=True, decode=True):
        assert "error" not in message, message
    try:
        yield name
    finally:
        client.api.remove_image(name, force=True)
