"""What tests share: repositories to run on, stand-in images, and the watch over what tests leave behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

pytest_plugins = ["tests.long_mode", "tests.rule_results"]

# A shell without job control starts what is in its background deaf to SIGINT, and programs pass that on.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

GIT_ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    "GIT_AUTHOR_NAME": "Tester",
    "GIT_AUTHOR_EMAIL": "tester@example.com",
    "GIT_COMMITTER_NAME": "Tester",
    "GIT_COMMITTER_EMAIL": "tester@example.com",
    "GIT_AUTHOR_DATE": "2021-05-07T12:00:00Z",
    "GIT_COMMITTER_DATE": "2021-05-07T12:00:00Z",
}


class GitRepository:
    """A git repository of a test's own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str) -> str:
        """git's answer, without the last line end. Fails the test when git fails."""
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.path,
            env={**os.environ, **GIT_ENVIRONMENT},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"git {' '.join(arguments)}: {done.stderr}"
        return done.stdout.rstrip("\n")

    def write(self, files: Mapping[str, str]) -> None:
        """Write files without committing them."""
        for name, text in files.items():
            path = self.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def commit(self, files: Mapping[str, str] | None = None, *, tag: str | None = None) -> str:
        """Write files, commit everything, tag it; gives the commit."""
        self.write(files or {})
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "A commit")
        if tag is not None:
            self.git("tag", tag)
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def git_repository(tmp_path: Path) -> Callable[..., GitRepository]:
    """Makes git repositories: ``git_repository({"file": "text"}, tag="v0.1.0")``."""

    def make(
        files: Mapping[str, str] | None = None, *, tag: str | None = None, name: str = "repository"
    ) -> GitRepository:
        repository = GitRepository(tmp_path / name)
        if files is not None:
            repository.commit(files, tag=tag)
        return repository

    return make


@pytest.fixture(scope="session")
def docker_daemon() -> Any:
    """Docker's API. A test that needs it fails where no daemon answers: it is never skipped."""
    from sample_workflows.standins.__main__ import connect

    try:
        client = connect()
        client.ping()
    except Exception as error:
        pytest.fail(
            f"No container engine answers, and this test needs one ({error}). "
            "sh scripts/docker.sh docker sees to it; without one, run pytest tests/unit.",
            pytrace=False,
        )
    names = [str(part.get("Name", "")) for part in client.version().get("Components") or ()]
    if any("podman" in name.lower() for name in names):
        pytest.fail(
            "Podman answers in Docker's place. These tests say exactly what Docker does; Podman has tests of its own "
            "(tests/docker/test_podman.py). sh scripts/docker.sh docker starts a Docker daemon.",
            pytrace=False,
        )
    return client


@pytest.fixture(scope="session")
def standin(docker_daemon: Any) -> Callable[[str], str]:
    """Gives the image of a stand-in by its short name, made first if it isn't there."""
    from sample_workflows.standins.__main__ import run
    from sample_workflows.standins.recipes import RECIPES

    def image(name: str) -> str:
        code = run([name], force=False, quiet=True)
        assert code == 0, f"the stand-in image '{name}' could not be made"
        return RECIPES[name].image

    return image


@pytest.fixture(autouse=True)
def nothing_left_behind(request: pytest.FixtureRequest) -> Iterator[None]:
    """After a test with containers: nothing may be left of the runs that lived in its ``tmp_path``."""
    if request.node.get_closest_marker("docker") is None:
        yield
        return
    client = request.getfixturevalue("docker_daemon")
    folder = request.getfixturevalue("tmp_path")
    yield
    left = owned_below(client, folder)
    for kind, identifier in left:
        if kind == "container":
            client.api.remove_container(identifier, force=True, v=True)
        else:
            client.api.remove_network(identifier)
    assert not left, f"left behind by this test (and removed now): {left}"


def owned_below(client: Any, folder: Path) -> list[tuple[str, str]]:
    """Containers, then networks, of runs whose folder is below this one."""
    from actlite.engines.base import LABEL_OWNER, LABEL_RUN

    filters = {"label": [LABEL_RUN]}
    found = []
    for kind, objects in (
        ("container", client.api.containers(all=True, filters=filters)),
        ("network", client.api.networks(filters=filters)),
    ):
        for each in objects:
            owner = (each.get("Labels") or {}).get(LABEL_OWNER, "")
            if Path(owner).is_relative_to(folder):
                found.append((kind, each["Id"]))
    return found


@pytest.fixture
def git_without_settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """git as on a machine without settings."""
    from actlite.contexts import git

    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", "/dev/null")
    git.environment.cache_clear()
    yield
    git.environment.cache_clear()
