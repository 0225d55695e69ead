"""GITHUB_ARTIFACTS and GITHUB_ARTIFACTS_LIST: what the steps of a job say they have made.

Rules: R: ``Runner.Worker/CreateArtifactsFileCommand.cs``, ``ArtifactsListFileCommand.cs``. The files are there for
every step; they are read and written where the runner allows it, on one's own runner by an environment variable
of the runner itself.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from actlite.execution.command_effects import CommandEffects
from actlite.execution.file_commands import FileCommandError, decode
from actlite.execution.plain_files import open_plain

MAX_SUBJECTS = 500
"""How many artifacts a job may name."""

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*://")
_DIGEST = re.compile(r"(?P<ref>.+)@(?P<algorithm>sha(?:256|384|512)):(?P<hex>[0-9a-fA-F]+)")
_LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128}
_LINE_END = re.compile(r"\r\n|\r|\n")
_PIECE = 1 << 20


class _Invalid(Exception):
    """An entry can't be understood; the text says why."""


class ArtifactSubjects:
    """The artifacts that the steps of a job have named: name and digest of each.

    ``workspace`` is the real one, ``shown`` the runner's name of it, ``work`` the real folder that files must lie
    in. One job's, for one step after the other.
    """

    def __init__(self, workspace: Path, shown: str, work: Path) -> None:
        self._workspace = workspace
        self._shown = shown
        self._work = work
        self._subjects: dict[str, tuple[str, str]] = {}

    def listing(self) -> str:
        """What GITHUB_ARTIFACTS_LIST holds when a step starts."""
        subjects = [
            {"name": name, "digest": digest, "kind": kind}
            for name, (digest, kind) in sorted(self._subjects.items())
        ]
        return json.dumps({"version": 1, "subjects": subjects}, separators=(",", ":"), ensure_ascii=False)

    def take(self, data: bytes, effects: CommandEffects) -> Iterator[str]:
        """Take a step's GITHUB_ARTIFACTS, giving lines for the log. Raises FileCommandError for an entry that is
        wrong; none of the file's entries counts where one can't be understood."""
        found: list[tuple[int, str, str, str]] = []
        for number, line in enumerate(_LINE_END.split(decode(data)), 1):
            entry = line.strip()
            if entry and not entry.startswith("#"):
                try:
                    found.append((number, *self._subject(entry, effects.translate_path)))
                except _Invalid as error:
                    raise _wrong(number, str(error)) from error
        added = 0
        for number, name, digest, kind in found:
            known = self._subjects.get(name, (digest, kind))[0]
            if known != digest:
                clash = f"previously declared as '{known}', now declared as '{digest}'."
                raise _wrong(number, f"Conflicting digest for artifact '{name}': {clash}")
            if name in self._subjects:
                continue
            if len(self._subjects) >= MAX_SUBJECTS:
                raise _wrong(
                    number, f"The job has exceeded the maximum of {MAX_SUBJECTS} declared artifacts."
                )
            self._subjects[name] = (digest, kind)
            added += 1
            kind_name = {"oci": "OciSubject", "file": "File"}[kind]
            yield from effects.remark(
                f"Declared artifact subject '{name}' (kind={kind_name}, digest={digest})"
            )
        if added:
            total = len(self._subjects)
            yield f"Captured {added} artifact subject(s) from this step (job total: {total})."

    def _subject(self, entry: str, translate: Callable[[str], Path | None]) -> tuple[str, str, str]:
        """Name, digest and kind. Raises _Invalid."""
        if "=" in entry:
            raise _Invalid("entries containing '=' are reserved and not permitted")
        scheme = entry.lower()
        if scheme.startswith("file://"):
            if not entry[7:].strip():
                raise _Invalid("file:// entries must include a path")
            return self._file(entry[7:], translate)
        match = _DIGEST.fullmatch(entry[6:] if scheme.startswith("oci://") else entry)
        if scheme.startswith("oci://"):
            if match is None:
                raise _Invalid("oci:// entries must include an @sha{256,384,512}:<hex> digest")
            expected, given = _LENGTHS[match["algorithm"]], len(match["hex"])
            if given != expected:
                raise _Invalid(
                    f"digest '{match['algorithm']}' must be {expected} hex characters, got {given}"
                )
            return _image(match)
        if _SCHEME.match(entry):
            raise _Invalid("unsupported URI scheme")
        if match is not None and len(match["hex"]) == _LENGTHS[match["algorithm"]]:
            return _image(match)
        return self._file(entry, translate)

    def _file(self, declared: str, translate: Callable[[str], Path | None]) -> tuple[str, str, str]:
        real = translate(declared) if declared.startswith("/") else self._workspace / declared
        if real is None:
            raise _Invalid(
                f"absolute path '{declared}' is not inside a volume mounted into the container and cannot be resolved"
            )
        name = os.path.basename(os.path.normpath(real))
        real = Path(os.path.realpath(real))
        inside = real.is_relative_to(os.path.realpath(self._work))
        if inside and real.is_dir():
            raise _Invalid(f"'{declared}' is a directory, not a regular file")
        try:
            if not inside:
                raise FileNotFoundError(declared)
            stream, _ = open_plain(real, follow=False)
        except OSError as error:
            looked = f" (relative paths are resolved against the workspace root '{self._shown}')"
            where = "" if declared.startswith("/") else looked
            raise _Invalid(f"file '{declared}' does not exist{where}") from error
        digest = hashlib.sha256()
        with stream:
            while piece := stream.read(_PIECE):
                digest.update(piece)
        return name, f"sha256:{digest.hexdigest()}", "file"


def _image(match: re.Match[str]) -> tuple[str, str, str]:
    return match["ref"], f"{match['algorithm']}:{match['hex'].lower()}", "oci"


def _wrong(number: int, text: str) -> FileCommandError:
    return FileCommandError(f"Invalid $GITHUB_ARTIFACTS entry on line {number}: {text}")
