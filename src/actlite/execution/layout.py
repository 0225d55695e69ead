"""Where things are: on this machine, as the runner names them, and inside the job's sandbox.

The runner on GitHub's machine works in ``/home/runner/work``; expressions such as
``${{ github.workspace }}`` show those paths. A container job sees the same folders at ``/__w`` and so
on, and the runner translates the values of environment variables on their way in (R:
Container/ContainerInfo.cs, TranslateToContainerPath). Here the real folders lie under the run's folder.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from actlite.engines.base import Mount
from actlite.execution.ownership import give_like
from actlite.records import frozen

RUNNER_WORK = "/home/runner/work"
RUNNER_TOOLS = "/opt/hostedtoolcache"
RUNNER_HOME = "/home/runner"


@frozen
class Layout:
    """The folders of one job. ``rules`` pair the runner's name of a folder with the sandbox's, in the order
    in which the runner tries them; ``places`` pair the sandbox's name with the real folder."""

    work: Path
    """The real folder of what the runner calls ``_work``."""
    repository: str
    """The repository's name, without its owner."""
    runner_work: str
    runner_tools: str
    rules: tuple[tuple[str, str], ...]
    places: tuple[tuple[str, Path], ...]
    externals: str
    """The sandbox's name of the folder with the node runtimes."""
    in_container: bool
    """The workflow names a container for the job."""
    place: str = ""
    """The workspace's path below the work folder, where actions/checkout@v1 has moved it."""

    @property
    def workspace(self) -> Path:
        """The real workspace."""
        return self.work / (self.place or f"{self.repository}/{self.repository}")

    @property
    def temp(self) -> Path:
        """The real temp folder."""
        return self.work / "_temp"

    @property
    def actions(self) -> Path:
        """The real folder of downloaded actions."""
        return self.work / "_actions"

    @property
    def files(self) -> Path:
        """The real folder of the file commands."""
        return self.temp / "_runner_file_commands"

    @property
    def event_folder(self) -> Path:
        """The real folder of ``event.json``."""
        return self.temp / "_github_workflow"

    @property
    def home(self) -> Path:
        """The real folder of a container job's HOME."""
        return self.temp / "_github_home"

    @property
    def own_home(self) -> Path:
        """The real folder of HOME where a job's steps run on this machine."""
        return self.work / "_home"

    @property
    def own_temp(self) -> Path:
        """That of TMPDIR."""
        return self.work / "_tmp"

    @property
    def runner_workspace(self) -> str:
        """The workspace as expressions show it."""
        return f"{self.runner_work}/{self.place or f'{self.repository}/{self.repository}'}"

    def runner_path(self, real: Path) -> str:
        """The runner's name of a real path below the work folder."""
        return f"{self.runner_work}/{real.relative_to(self.work).as_posix()}".rstrip("/.")

    def translate(self, value: str) -> str:
        """A value that is, or begins with, a path of the runner's, as the sandbox names it."""
        for runner, sandbox in self.rules:
            if value == runner:
                return sandbox
            if value.startswith(runner + "/"):
                return sandbox + value[len(runner) :]
        return value

    def translate_env(self, env: Mapping[str, str]) -> dict[str, str]:
        """All values of an environment, translated (R: Handlers/StepHost.cs)."""
        return {k: self.translate(v) if v.startswith("/") else v for k, v in env.items()}

    def sandbox_path(self, real: Path) -> str:
        """The sandbox's name of a real path below the work folder."""
        return self.translate(self.runner_path(real))

    def host_path(self, path: str) -> Path | None:
        """The real path of a path as the sandbox or the runner names it; None where it is the sandbox's own."""
        translated = self.translate(path)
        for sandbox, real in self.places:
            if translated == sandbox:
                return real
            if translated.startswith(sandbox + "/"):
                return real / translated[len(sandbox) + 1 :]
        return None

    def renew(self) -> None:
        """Make the temp folder and that of the file commands anew where a step has removed them, or has put a
        link or a file in their place (R: FileCommandManager.Initialize makes them for every step). Raises OSError."""
        for folder in (self.temp, self.files):
            if folder.is_symlink() or not folder.is_dir():
                folder.unlink(missing_ok=True)
                folder.mkdir()
                give_like(folder, self.work)

    def create(self) -> None:
        """Make the folders. The workspace is empty, as on the runner."""
        for folder in (self.workspace, self.temp, self.actions, self.files, self.event_folder, self.home):
            folder.mkdir(parents=True, exist_ok=True)
        (self.work / "_tool").mkdir(exist_ok=True)

    def give(self, to: tuple[int, int]) -> None:
        """Give the folders, before anything else is in them, to a user and group (see ``ownership``)."""
        event = self.event_folder / "event.json"
        folders = (self.workspace, self.temp, self.actions, self.files, self.event_folder, self.home)
        for path in (self.work, self.workspace.parent, self.work / "_tool", *folders, event):
            os.chown(path, *to, follow_symlinks=False)


def container_layout(work: Path, repository: str) -> Layout:
    """The layout of a job with ``container:`` (R: ContainerInfo's constructor, MountWellKnownDirectories)."""
    temp = f"{RUNNER_WORK}/_temp"
    return Layout(
        work=work,
        repository=repository,
        runner_work=RUNNER_WORK,
        runner_tools=RUNNER_TOOLS,
        rules=(
            (f"{temp}/_github_workflow", "/github/workflow"),
            (f"{temp}/_github_home", "/github/home"),
            (RUNNER_WORK, "/__w"),
            (RUNNER_TOOLS, "/__t"),
        ),
        places=(
            ("/github/workflow", work / "_temp" / "_github_workflow"),
            ("/github/home", work / "_temp" / "_github_home"),
            ("/__w", work),
            ("/__t", work / "_tool"),
        ),
        externals="/__e",
        in_container=True,
    )


def machine_layout(work: Path, repository: str, release: str) -> Layout:
    """The layout of a job without ``container:``, whose sandbox stands in for GitHub's machine."""
    return Layout(
        work=work,
        repository=repository,
        runner_work=RUNNER_WORK,
        runner_tools=RUNNER_TOOLS,
        rules=(),
        places=((RUNNER_WORK, work), (RUNNER_TOOLS, work / "_tool")),
        externals=f"{RUNNER_HOME}/runners/{release}/externals",
        in_container=False,
    )


def same_path_layout(work: Path, repository: str, externals: str) -> Layout:
    """A layout whose paths are this machine's own on both sides: for jobs on the host, and for jobs that
    are given the docker socket, whose ``docker run -v "$PWD:…"`` must name a folder of this machine."""
    return Layout(
        work=work,
        repository=repository,
        runner_work=str(work),
        runner_tools=str(work / "_tool"),
        rules=(),
        places=((str(work), work),),
        externals=externals,
        in_container=False,
    )


def mounts(layout: Layout, externals: Path) -> Sequence[Mount]:
    """The system mounts of a job's container, in the runner's order."""
    if layout.in_container:
        return (
            Mount(str(layout.work), "/__w"),
            Mount(str(externals), "/__e", read_only=True),
            Mount(str(layout.temp), "/__w/_temp"),
            Mount(str(layout.actions), "/__w/_actions"),
            Mount(str(layout.work / "_tool"), "/__t"),
            Mount(str(layout.home), "/github/home"),
            Mount(str(layout.event_folder), "/github/workflow"),
        )
    return (
        Mount(str(layout.work), layout.runner_work),
        Mount(str(layout.work / "_tool"), layout.runner_tools),
        Mount(str(externals), layout.externals, read_only=True),
    )
