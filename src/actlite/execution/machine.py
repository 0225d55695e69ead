"""The machine of a job without ``container:``: an image that stands in for GitHub's, or this machine itself."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence

from actlite.engines.base import ImageInfo, Orphan
from actlite.errors import ActliteError
from actlite.execution.layout import RUNNER_HOME, Layout
from actlite.execution.state import JobState

HOST = "host"
"""The place of a job whose steps run on this machine."""
TRACKING = "RUNNER_TRACKING_ID"
"""By it the processes of a job are found again (R: Constants.ProcessTrackingId)."""
_ARCHITECTURES = {"amd64": "x64", "arm64": "arm64"}


def tracking_id() -> str:
    """A new value of RUNNER_TRACKING_ID (R: JobExtension)."""
    text = os.urandom(16).hex()
    return "github_" + "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def machine_env(layout: Layout, tracking: str, *, on_host: bool) -> dict[str, str]:
    """What the runner's own process has in its environment, and so every step: below the workflow's ``env:``.
    On this machine HOME and TMPDIR are folders of the job's own."""
    folders = {"HOME": RUNNER_HOME}
    if on_host:
        folders = {"HOME": str(layout.own_home), "TMPDIR": str(layout.own_temp)}
        for folder in (layout.own_home, layout.own_temp):
            folder.mkdir(exist_ok=True)
    return {**folders, "CI": "true", "ImageOS": "ubuntu", TRACKING: tracking}


def architecture_of(info: ImageInfo) -> str:
    """An image's architecture as the runner names it, in lower case."""
    return _ARCHITECTURES.get(info.architecture, info.architecture)


def platform_of(arch: str) -> str:
    """An architecture as Docker names a platform."""
    return "linux/" + {"x64": "amd64"}.get(arch, arch)


def end_orphans(state: JobState) -> list[str]:
    """End what the job has left running on its machine; the runner's lines about it (R: JobExtension.FinalizeJob).
    What runs in a job's own container carries no id: it ends with the container."""
    ended: Sequence[Orphan] = ()
    if state.tracking and state.sandbox is not None:
        with contextlib.suppress(ActliteError):  # the container is gone, and they with it
            ended = state.sandbox.end_orphans(state.tracking)
    lines = [f"Terminate orphan process: pid ({one.pid}) ({one.name})" for one in ended]
    return ["Cleaning up orphan processes", *lines]
