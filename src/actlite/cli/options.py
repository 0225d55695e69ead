"""What a command line asks of a run, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

from actlite.records import frozen

REPORT_KINDS = ("events", "json", "sarif")
"""The kinds of ``--report``."""


@frozen
class Selection:
    """Which workflows, for which event."""

    event: str = ""
    """As given; '' where the command line names none (then push, or what the event file says)."""
    directory: Path = Path()
    """-C: where actlite is to work."""
    workflows: tuple[str, ...] = ()
    """-W: files or folders, relative to ``directory``; empty for all of the repository."""
    tag: str | None = None
    branch: str | None = None
    ref: str | None = None
    event_file: Path | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)
    jobs: tuple[str, ...] = ()
    """-j: ids of jobs; with what they need. Empty for all."""
    matrix: tuple[tuple[str, str], ...] = ()
    """--matrix: only legs that have these values."""
    changed: tuple[str, ...] | None = None
    """--changed: the changed files; None where the repository is to tell."""
    changed_since: str | None = None
    """--changed-since: the commit that the changed files are told from."""


@frozen
class Report:
    """One ``--report KIND=FILE``."""

    kind: str
    path: Path


@frozen
class RunOptions:
    """Everything that ``run`` is told, settings already merged in (flags, then ``ACTLITE_*``, then files)."""

    selection: Selection = field(default_factory=Selection)
    committed: bool = False
    """Sources without the working tree's changes."""
    only_runnable: bool = False
    as_of: str = ""
    """The date whose runner is used, YYYY-MM-DD; '' for today."""
    runner_flags: Mapping[str, str] = field(default_factory=dict)
    platforms: Mapping[str, str] = field(default_factory=dict)
    """-P: runner label to image."""
    images: Mapping[str, str] = field(default_factory=dict)
    """--image: image named by the workflow to the one that stands in for it."""
    engine: str = "auto"
    pull: str = "missing"
    """always, missing or never."""
    actions: Mapping[str, Path] = field(default_factory=dict)
    """--action: ``owner/repo@ref`` to a folder."""
    offline: bool = False
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    variables: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    """--env-file: put into every job's environment."""
    docker_socket: bool = False
    target: str = ""
    """--target: the oldest system of those who use what is built; '' for none."""
    reports: tuple[Report, ...] = ()
    keep: str = "failed"
    """never or failed: which jobs' containers stay for a look."""
    kept_runs: int = 2
    """How many kept runs a repository has at most."""
    verbosity: int = 0
    """-1 quiet, 0, 1 verbose."""
    github_url: str = "https://github.com"
    """Where actions are fetched from."""
    node_folder: Path | None = None
    """A folder with node builds to take before any other source."""
    node_mirror: str = ""
    """Where node builds are fetched from, in place of nodejs.org."""
