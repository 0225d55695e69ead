"""What a log tells of the job around a failure: the runner, the day, the image, the actions, the system.

GitHub's runner writes these lines (R: JobExtension.cs, ContainerOperationProvider.cs, ActionManager.cs,
HandlerFactory.cs); a report of somebody's often has a piece of the workflow or of ``/etc/os-release`` instead.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping

from actlite.glibc.reading_logs.cleaning import Line
from actlite.records import changeable, field, frozen

NEEDLES = (
    b"unner version", b"ownload action", b"ocker pull", b"ocker create", b"image=", b"Run ", b"uses", b"ontainer:", b"image:", b"FROM ",
    b"load metadata", b"PRETTY_NAME", b"ID=", b"ldd (", b"C Library", b"glibc 2.", b" release ", b"are deprecated", b"USE_UNSECURE_NODE",
    b"JAVASCRIPT_ACTIONS", b"external tool",
)  # fmt: skip
"""One of these is in every line that is looked at here."""
VARIABLES = (
    "ACTIONS_ALLOW_USE_UNSECURE_NODE_VERSION",
    "FORCE_JAVASCRIPT_ACTIONS_TO_NODE20",
    "FORCE_JAVASCRIPT_ACTIONS_TO_NODE24",
)
MOST = 200
"""Actions, images and the like that are kept of one job."""

_RUNNER = re.compile(r"Current runner version: '?(\d+\.\d+\.\d+)'?")
_DOWNLOAD = re.compile(r"Download action repository '([^'\s]+@[^'\s]+)'(?: \(SHA:([0-9a-f]{40})\))?")
_RUN = re.compile(r"Run (\S.*)$")
_ACTION = re.compile(r"(?<![\w./-])[\w.-]+/[\w.-]+(?:/[\w./-]+)?@[\w./+-]+")
_USES = re.compile(r"\buses:\s*['\"]?([\w.-]+/[\w.-]+(?:/[\w./-]+)?@[^\s'\"#,}]+)")
_PULL = re.compile(r"docker pull (?:--\S+ )*(?:image=)?([\w.:/@-]+)")
_CREATE = re.compile(r"docker create .*--entrypoint \"?tail\"? ([\w.:/@-]+) ")
_ACT = re.compile(r"Start image=([\w.:/@-]+)")
_CONTAINER = re.compile(
    r"^(?:- )?(?:container|image):\s*['\"]?([\w.-]+(?:[/:][\w.:/@-]+)?)['\"]?\s*(?:#.*)?$"
)
_FROM = re.compile(r"(?:^(?:\[[^\]]*\] )?FROM|load metadata for) (?:--\S+ )?([\w.:/@-]+)")
_RELEASE = re.compile(r"^(?:export )?(PRETTY_NAME|ID|VERSION_ID)=[\"']?([^\"']+?)[\"']?$")
_GLIBC = (
    re.compile(r"\bldd \([^)]*\) (\d+\.\d+)"),
    re.compile(r"GNU C Library .*version (\d+\.\d+)"),
    re.compile(r"^glibc (\d+\.\d+)$"),
)
_REDHAT = re.compile(r"^((?:CentOS|Red Hat|Rocky|AlmaLinux|Oracle|Amazon)\b.* release (\d+)[\d.]*.*)$")
_DEPRECATED = re.compile(r"Node\.js (\d+) actions are deprecated|actions uses (node\d+) which is deprecated")
_VARIABLE = re.compile(rf"({'|'.join(VARIABLES)})['\"]?\s*[:=]\s*['\"]?(true|false|1|0)\b", re.IGNORECASE)
_TOOL = re.compile(r"JavaScript Action with default external tool: (node\d+)")
_IDS = {"rhel": "centos", "ol": "oraclelinux", "rocky": "rockylinux", "amzn": "amazonlinux"}


@frozen
class Circumstances:
    """What a log tells of one job; what it does not tell is empty."""

    job: str = ""
    runner: str = ""
    """The runner's release, such as ``2.317.0``."""
    day: datetime.date | None = None
    """The day of the log's times."""
    image: str = ""
    """The image of the job's container."""
    image_from: str = ""
    """Where that stands: ``log``, ``workflow`` (a piece of YAML), ``build`` (a Dockerfile) or ``system`` (os-release)."""
    distribution: str = ""
    """The system's own name."""
    glibc: str = ""
    """The release that ``ldd --version`` or the like has told."""
    actions: Mapping[str, str] = field(default_factory=dict)
    """Actions that the log or the piece of a workflow names, with the commit where it is told."""
    declared: Mapping[str, str] = field(default_factory=dict)
    """What actions declare, by the runner's own warnings."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """The runner's switches that are set."""


@changeable
class JobNotes:
    """What is noted of one job while its lines come in."""

    job: str = ""
    runner: str = ""
    day: datetime.date | None = None
    action: str = ""
    """The action of the step at hand; empty for a script."""
    step: str = ""
    """The step at hand, as the log names it."""
    container: str = ""
    pulled: list[str] = field(default_factory=list)
    written: str = ""
    built: str = ""
    release: dict[str, str] = field(default_factory=dict)
    glibc: str = ""
    starting: bool = False
    """The next image is that of the job's container."""
    actions: dict[str, str] = field(default_factory=dict)
    declared: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)

    def note(self, line: Line) -> None:
        """Take what a line tells."""
        text = line.text
        self.day = self.day or line.day
        if m := _RUNNER.search(text):
            self.runner = m[1]
        elif m := _DOWNLOAD.search(text):
            self._action(m[1], m[2] or "")
        elif m := _RUN.match(text):
            self.step = m[1][:120]
            self.action = m[1].strip() if _ACTION.fullmatch(m[1].strip()) else ""
            if self.action:
                self._action(self.action)
        elif m := _DEPRECATED.search(text):
            for name in (found.rstrip(".") for found in _ACTION.findall(text)[:MOST]):
                self.declared[name] = m[2] or f"node{m[1]}"
        elif m := _TOOL.search(text):
            if self.action:
                self.declared.setdefault(self.action, m[1])
        elif m := _VARIABLE.search(text):
            self.variables[m[1].upper()] = m[2]
        elif m := _USES.search(text):
            self._action(m[1])
        else:
            self._system(text)

    def _system(self, text: str) -> None:
        if "Starting job container" in text:
            self.starting = True
        elif m := _CREATE.search(text) or _ACT.search(text):
            self.container = m[1]
        elif m := _PULL.search(text):
            if self.starting and not self.container:
                self.container = m[1]
            elif len(self.pulled) < MOST:
                self.pulled.append(m[1])
        elif m := _CONTAINER.match(text):
            self.written = self.written or m[1]
        elif m := _FROM.search(text):
            self.built = m[1] if m[1] != "scratch" else self.built
        elif m := _RELEASE.match(text):
            self.release.setdefault(m[1], m[2])
        elif m := _REDHAT.match(text):
            self.release.setdefault("PRETTY_NAME", m[1])
            self.release.setdefault("VERSION_ID", m[2])
            self.release.setdefault("ID", m[1].split()[0].lower())
        else:
            found = next((m for form in _GLIBC if (m := form.search(text))), None)
            if found is not None:
                self.glibc = self.glibc or found[1]

    def _action(self, name: str, sha: str = "") -> None:
        if len(self.actions) < MOST or name in self.actions:
            self.actions[name] = sha or self.actions.get(name, "")

    def told(self) -> Circumstances:
        """All that is known at the end."""
        image, source = self._image()
        return Circumstances(
            self.job,
            self.runner,
            self.day,
            image,
            source,
            self.release.get("PRETTY_NAME", ""),
            self.glibc,
            dict(self.actions),
            dict(self.declared),
            dict(self.variables),
        )

    def _image(self) -> tuple[str, str]:
        if self.container:
            return self.container, "log"
        if len(set(self.pulled)) == 1:
            return self.pulled[0], "log"
        if self.written:
            return self.written, "workflow"
        if self.built:
            return self.built, "build"
        name, version = self.release.get("ID", ""), self.release.get("VERSION_ID", "")
        if name and (version or name == "alpine"):
            return (
                f"{_IDS.get(name, name)}:{version.partition('.')[0] if name != 'ubuntu' else version}",
                "system",
            )
        return "", ""
