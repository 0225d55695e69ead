"""What a step's ``uses:`` names (R: src/Sdk/WorkflowParser/Conversion/WorkflowTemplateConverter.cs)."""

from __future__ import annotations

import re

from actlite.errors import UsageError
from actlite.records import frozen


@frozen
class RemoteAction:
    """``owner/repo/path@ref``. ``path`` is empty for an action at the top of its repository."""

    owner: str
    repo: str
    path: str
    ref: str

    def __str__(self) -> str:
        return "/".join(filter(None, (self.owner, self.repo, self.path))) + f"@{self.ref}"

    @property
    def repository(self) -> str:
        """``owner/repo``."""
        return f"{self.owner}/{self.repo}"

    @property
    def is_pinned(self) -> bool:
        """The ref is a full commit id."""
        return re.fullmatch(r"[0-9a-fA-F]{40}", self.ref) is not None


@frozen
class LocalAction:
    """``./path``: in the job's workspace. ``path`` is relative to it, without the ``./``."""

    path: str

    def __str__(self) -> str:
        return f"./{self.path}"


@frozen
class DockerAction:
    """``docker://image``."""

    image: str

    def __str__(self) -> str:
        return f"docker://{self.image}"


@frozen
class SelfAction:
    """``$/path``: in the repository of the file that has the step, at that file's commit."""

    path: str

    def __str__(self) -> str:
        return f"$/{self.path}"


Action = RemoteAction | LocalAction | DockerAction | SelfAction


def parse(text: str) -> Action:
    """Read a ``uses:`` value. Raises UsageError, in GitHub's words, for what is none of the four forms."""
    if text.startswith("docker://"):
        return DockerAction(text.removeprefix("docker://"))
    if text.startswith(("./", ".\\")):
        return LocalAction(text[2:].replace("\\", "/").strip("/"))
    if text.startswith("$/"):
        return SelfAction(text[2:].strip("/"))
    name, *refs = text.split("@")
    parts = [part for part in re.split(r"[/\\]", name) if part]
    if len(refs) != 1 or not refs[0] or len(parts) < 2:
        raise UsageError(
            f"Expected format {{org}}/{{repo}}[/path]@ref. Actual '{text}'",
            do="Name a release of the action, such as actions/checkout@v4, or write ./path for one in the workspace.",
        )
    return RemoteAction(parts[0], parts[1], "/".join(parts[2:]), refs[0])
