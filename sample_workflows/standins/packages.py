"""Debian packages through apt's own client, in a private folder: the machine's lists and packages are
neither changed nor needed."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")

CONFIGURATION = """
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
#clear DPkg::Pre-Install-Pkgs;
Dir::State::lists "{folder}/lists";
Dir::State::status "{folder}/status";
Dir::Cache "{folder}/cache";
APT::Sandbox::User "";
APT::Architecture "{architecture}";
APT::Architectures {{ "{architecture}"; }};
Acquire::Languages "none";
Acquire::Retries "3";
Debug::NoLocking "true";
"""


class PackagesUnavailable(Exception):
    """apt could not give the packages; the message holds its own words."""


@dataclass(frozen=True, slots=True)
class Package:
    """A package file on this machine."""

    name: str
    version: str
    path: Path


class Suite:
    """One set of packages: a Debian suite of the machine's mirror, or what the machine itself uses; for x86-64, or
    a suite's for another architecture.

    ``folder`` keeps lists and package files between calls."""

    def __init__(self, folder: Path, suite: str | None, architecture: str = "amd64") -> None:
        foreign = "" if architecture == "amd64" else f"-{architecture}"
        self.name = f"{suite}{foreign}" if suite else "this machine's own packages"
        self._folder = folder / (f"{suite}{foreign}" if suite else "own")
        self._suite = suite
        self._architecture = architecture
        self._ready = False

    def _apt(self, *arguments: str, cwd: Path | None = None) -> str:
        command = ["apt-get", "-q", "-c", str(self._folder / "apt.conf"), *arguments]
        try:
            done = subprocess.run(
                command,
                cwd=cwd,
                capture_output=True,
                text=True,
                check=False,
                stdin=subprocess.DEVNULL,
                env={**os.environ, "LC_ALL": "C"},
            )
        except FileNotFoundError:
            raise PackagesUnavailable(
                "apt-get is not there: stand-in images can be made on Debian and Ubuntu only"
            ) from None
        if done.returncode != 0:
            raise PackagesUnavailable(f"apt-get {arguments[0]} ({self.name}): {done.stderr.strip()[-800:]}")
        return done.stdout

    def prepare(self) -> None:
        """Read the suite's list of packages. Raises PackagesUnavailable where there is none."""
        if self._ready:
            return
        for part in ("lists/partial", "cache/archives/partial", "packages"):
            (self._folder / part).mkdir(parents=True, exist_ok=True)
        (self._folder / "status").touch()
        configuration = CONFIGURATION.format(folder=self._folder, architecture=self._architecture)
        if self._suite is not None:
            (self._folder / "sources.list").write_text(
                f"deb [arch={self._architecture} signed-by={KEYRING}] {_debian_mirror()} {self._suite} main\n"
            )
            configuration += (
                f'Dir::Etc::sourcelist "{self._folder}/sources.list";\nDir::Etc::sourceparts "/dev/null";\n'
            )
        (self._folder / "apt.conf").write_text(configuration)
        if self._suite is not None:
            self._apt("update")
        else:
            self._update_own()
        self._ready = True

    def _update_own(self) -> None:
        # One of a machine's many sources may fail without harm: what counts is what can be resolved.
        try:
            self._apt("update")
        except PackagesUnavailable:
            self.resolve(["bash"])

    def resolve(self, wanted: Iterable[str]) -> list[tuple[str, str]]:
        """The packages and all that they depend on, as (name, version)."""
        text = self._apt("install", "--yes", "--no-install-recommends", "--print-uris", *wanted)
        return [
            (name, version) for name, version in re.findall(r"^'[^']*' ([^_\s]+)_([^_\s]+)_\S+ ", text, re.M)
        ]

    def has(self, name: str) -> bool:
        """Whether there is such a package."""
        try:
            return bool(self.resolve([name]))
        except PackagesUnavailable:
            return False

    def download(self, wanted: Sequence[tuple[str, str]]) -> list[Package]:
        """Fetch the package files, those from an earlier call excepted."""
        folder = self._folder / "packages"

        def find(name: str, version: str) -> Path | None:
            return next(iter(folder.glob(f"{name}_{version}_*.deb")), None)

        missing = [
            f"{name}={version.replace('%3a', ':')}" for name, version in wanted if find(name, version) is None
        ]
        if missing:
            self._apt("download", *missing, cwd=folder)
        packages = []
        for name, version in wanted:
            path = find(name, version)
            if path is None:
                raise PackagesUnavailable(f"apt-get downloaded no file for {name} {version}")
            packages.append(Package(name, version, path))
        return packages


def _debian_mirror() -> str:
    """The mirror that this machine takes Debian from. Raises PackagesUnavailable where it takes none."""
    if not KEYRING.exists():
        raise PackagesUnavailable(f"this machine does not know Debian's keys ({KEYRING})")
    release = Path("/etc/os-release").read_text()
    if not re.search(r"^ID=\"?debian\"?$", release, re.M):
        raise PackagesUnavailable("this machine is not a Debian: it has no Debian mirror")
    targets = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI) $(COMPONENT)", "Created-By: Packages"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    for line in targets.splitlines():
        uri, _, component = line.partition(" ")
        if component == "main" and uri.rstrip("/").endswith("/debian"):
            return uri
    raise PackagesUnavailable("no Debian mirror among this machine's package sources")
