"""The files through which a step speaks to its job: GITHUB_ENV, GITHUB_OUTPUT and their like.

Rules: R: ``Runner.Worker/FileCommandManager.cs``. As there, a step's files stay in the temporary folder, where
later steps can find them, until the job ends. They lie where the step can do with them what it likes, so nothing
is taken for granted when they are read: links are not followed, nothing but plain files is opened, and no more
than ``MAX_FILE`` bytes are read.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import re
import stat
import uuid
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from actlite.execution.command_effects import BLOCKED_ENV, CommandEffects, prepend_path, yes
from actlite.execution.layout import Layout
from actlite.execution.output import StepLog
from actlite.execution.ownership import give_file
from actlite.execution.plain_files import open_plain
from actlite.execution.summaries import MAX_SUMMARY, masked_summary, too_large

if TYPE_CHECKING:
    from actlite.execution.artifact_subjects import ArtifactSubjects

MAX_FILE = 64 * 1024 * 1024
"""The largest file that is read, in bytes; the runner has no bound of its own."""
MAX_SUBJECTS = 1024 * 1024
"""The largest GITHUB_ARTIFACTS, in bytes."""
ALLOW_ARTIFACTS = "ACTIONS_RUNNER_ALLOW_ARTIFACTS_FILE"
"""The variable of actlite's own environment that turns GITHUB_ARTIFACTS on, as of a runner's."""

_LINE = re.compile(r"[^\r\n]+")
_PREFIXES = {
    "path": "add_path_",
    "env": "set_env_",
    "step_summary": "step_summary_",
    "state": "save_state_",
    "output": "set_output_",
    "artifacts": "artifacts_",
    "artifacts_list": "artifacts_list_",
}
"""The files in the order in which the runner reads them, by the end of their variable's name."""

_NOT_FOLDERS = ("path", "step_summary", "artifacts")
"""Files for which the runner takes a folder in their place as nothing; the others it can't read then."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class FileCommandError(Exception):
    """A file that a step wrote can't be understood or read; the step fails with this text."""


def decode(data: bytes) -> str:
    """Text in UTF-8, or in what a byte order mark at its start says; bad bytes become U+FFFD."""
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
    return data.decode(encoding, "replace")


def parse_key_values(text: str) -> Iterator[tuple[str, str]]:
    """The pairs of ``NAME=VALUE`` lines and of ``NAME<<DELIMITER`` blocks, in order.

    Lines end at line feeds only, nothing is trimmed, empty lines are skipped, whichever of ``=`` and ``<<``
    comes first decides. Raises FileCommandError, after the pairs before the bad one.
    """
    at = 0
    while at < len(text):
        line, at = _line(text, at)
        if not line:
            continue
        equals, heredoc = line.find("="), line.find("<<")
        if equals >= 0 and (heredoc < 0 or equals < heredoc):
            yield line[:equals], line[equals + 1 :]
        elif heredoc >= 0:
            name, delimiter = line[:heredoc], line[heredoc + 2 :]
            if not name or not delimiter:
                raise FileCommandError(
                    f"Invalid format '{line}'. Name must not be empty and delimiter must not be empty"
                )
            value, at = _block(text, at, delimiter)
            yield name, value
        else:
            raise FileCommandError(f"Invalid format '{line}'")


def _line(text: str, at: int) -> tuple[str, int]:
    end = text.find("\n", at)
    return (text[at:], len(text)) if end < 0 else (text[at:end], end + 1)


def _block(text: str, start: int, delimiter: str) -> tuple[str, int]:
    """The text up to a line that is the delimiter, without the last line feed; and what comes after."""
    at = start
    while at < len(text):
        line, following = _line(text, at)
        if line == delimiter:
            return text[start : max(start, at - 1)], following
        if text[following - 1] != "\n":
            raise FileCommandError("Invalid value. EOF marker missing new line.")
        at = following
    raise FileCommandError(f"Invalid value. Matching delimiter not found '{delimiter}'")


def _required(name: str) -> None:
    if not name:
        raise FileCommandError("Value cannot be null. (Parameter 'name')")


def apply_env(text: str, effects: CommandEffects) -> Iterator[str]:
    """Take GITHUB_ENV, giving lines for the log as they come up. Raises FileCommandError for what fails the step."""
    for name, value in parse_key_values(text):
        if name.upper() in BLOCKED_ENV:
            blocked = f"Can't store {name.upper()} output parameter using '$GITHUB_ENV' command."
            yield from effects.issue("error", blocked)
            continue
        _required(name)
        effects.put_env(name, value)
        yield from effects.remark(f"{name}='{value}'")


def apply_output(text: str, effects: CommandEffects) -> Iterator[str]:
    """Take GITHUB_OUTPUT; as ``apply_env``."""
    for name, value in parse_key_values(text):
        _required(name)
        effects.put_output(name, value)
        yield from effects.remark(f"Set output {name} = {value}")


def apply_state(text: str, effects: CommandEffects) -> Iterator[str]:
    """Take GITHUB_STATE; as ``apply_env``."""
    for name, value in parse_key_values(text):
        effects.put_state(name, value)
        yield from effects.remark(f"Save intra-action state {name} = {value}")


def apply_path(text: str, effects: CommandEffects) -> Iterator[str]:
    """Take GITHUB_PATH: one folder a line, the last one comes first on PATH; as ``apply_env``."""
    prepend_path(effects.path, _LINE.findall(text))
    return iter(())


_TAKERS = {"path": apply_path, "env": apply_env, "state": apply_state, "output": apply_output}


def artifact_subjects(layout: Layout) -> ArtifactSubjects | None:
    """What holds the artifacts that a job's steps name; None where GITHUB_ARTIFACTS is not read."""
    if not yes(os.environ.get(ALLOW_ARTIFACTS)):
        return None
    from actlite.execution.artifact_subjects import ArtifactSubjects

    return ArtifactSubjects(layout.workspace, layout.runner_workspace, layout.work)


class StepFiles:
    """The files of one step, empty at first, in the folder ``_runner_file_commands``.

    The folder is opened once and files are read through it, so that a step that puts a link in its place
    can't lead us elsewhere. ``subjects`` are what the job has said of its artifacts. Raises OSError when the files
    can't be made.
    """

    def __init__(self, folder: Path, subjects: ArtifactSubjects | None = None) -> None:
        self._suffix = str(uuid.uuid4())
        self._subjects = subjects
        self._folder = _open_folder(folder)
        self._close = weakref.finalize(self, os.close, self._folder)
        for name, prefix in _PREFIXES.items():
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            handle = os.open(prefix + self._suffix, flags, 0o644, dir_fd=self._folder)
            try:
                give_file(handle, self._folder)
                if subjects is not None and name == "artifacts_list":
                    os.write(handle, subjects.listing().encode())
            finally:
                os.close(handle)

    def env_vars(self, folder: str) -> dict[str, str]:
        """The variables that name the files, for a step that sees the folder at ``folder``."""
        return {f"GITHUB_{name.upper()}": path for name, path in self.context(folder).items()}

    def context(self, folder: str) -> dict[str, str]:
        """The fields of the github context that name the files, which expressions see."""
        return {name: f"{folder}/{prefix}{self._suffix}" for name, prefix in _PREFIXES.items()}

    def read(self, name: str) -> bytes | None:
        """The bytes of a file by the end of its variable's name in lower case; None when it is gone.
        Raises FileCommandError when it is no plain file any more, or is too large."""
        limit = {"step_summary": MAX_SUMMARY, "artifacts": MAX_SUBJECTS}.get(name, MAX_FILE)
        data, size = self._read(name, limit)
        if size > limit and data is not None:
            text = f"The file GITHUB_{name.upper()} has {size} bytes; at most {limit} are read."
            if name == "step_summary":
                text = too_large(size) or text
            elif name == "artifacts":
                text = (
                    f"$GITHUB_ARTIFACTS file exceeds the maximum size of {MAX_SUBJECTS // 1024} KiB "
                    f"(got {size // 1024} KiB)."
                )
            raise FileCommandError(text)
        return data

    def _read(self, name: str, limit: int) -> tuple[bytes | None, int]:
        """A file's bytes and its size; no bytes are read where the size is above the limit."""
        variable = f"GITHUB_{name.upper()}"
        if self._folder < 0:
            return None, 0
        try:
            stream, size = open_plain(_PREFIXES[name] + self._suffix, follow=False, folder=self._folder)
        except FileNotFoundError:
            return None, 0
        except OSError as error:
            if name in _NOT_FOLDERS and stat.S_ISDIR(self._mode(name)):
                return None, 0
            raise FileCommandError(
                f"The file {variable} can't be read: {error.strerror}. A step may write to it or remove it, "
                "but not put a link or something else in its place."
            ) from error
        with stream:
            if size > limit:
                return b"", size
            data = stream.read(limit + 1)
            return data, max(size, len(data))

    def _mode(self, name: str) -> int:
        """What kind of file is there; 0 when there is none."""
        try:
            place = _PREFIXES[name] + self._suffix
            return os.stat(place, dir_fd=self._folder, follow_symlinks=False).st_mode
        except OSError:
            return 0

    def collect(self, effects: CommandEffects, log: StepLog) -> str:
        """Read what the step wrote, also when it failed, into ``effects``; what there is to say of it goes to the
        log and the annotations. Gives the summary, masked; empty when there is none."""
        summary = ""

        def say(lines: Iterator[str] | list[str]) -> None:
            for line in lines:
                log.write(line + "\n")

        for name, prefix in _PREFIXES.items():
            try:
                if name == "step_summary":
                    summary = self._summary(effects, say)
                elif name in _TAKERS:
                    data = self.read(name)
                    if data is None and name != "path":
                        say(effects.remark(f"File does not exist '{prefix}{self._suffix}'"))
                    elif data:
                        say(_TAKERS[name](decode(data), effects))
                elif name == "artifacts" and self._subjects is not None:
                    say(self._subjects.take(self.read(name) or b"", effects))
            except FileCommandError as error:
                say(effects.issue("error", _unable(name)))
                say(effects.issue("error", str(error)))
                effects.failed = True
        self.close()
        return summary

    def _summary(self, effects: CommandEffects, say: Callable[[list[str]], None]) -> str:
        try:
            data = self.read("step_summary")
        except FileCommandError as error:
            say(effects.issue("error", _summary_error(error)))
            return ""
        return masked_summary(decode(data), effects.masker) if data else ""

    def close(self) -> None:
        """The step has ended. The files stay. Safe to call twice."""
        if self._folder >= 0:
            self._close()
            self._folder = -1


def forget_files(folder: Path) -> None:
    """The job has ended: the plain files of a folder are removed, what its steps wrote and their scripts, also where
    the workspace is kept for a look (R: ``TempDirectoryManager.CleanupTempDirectory``): secrets may be in them. What
    can't be removed goes with the workspace."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return
    try:
        for name in os.listdir(handle):
            with contextlib.suppress(OSError):
                os.unlink(name, dir_fd=handle)
    finally:
        os.close(handle)


def _unable(name: str) -> str:
    return f"Unable to process file command '{name}' successfully."


def _summary_error(error: FileCommandError) -> str:
    text = str(error)
    if text.startswith("$"):
        return text
    return f"Failed to create step summary using 'GITHUB_STEP_SUMMARY': {text}"


def _open_folder(folder: Path) -> int:
    """Open the folder, made anew where something else has taken its place."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    for _ in range(2):
        try:
            return os.open(folder, flags)
        except FileNotFoundError:
            folder.mkdir(parents=True)
        except OSError:
            folder.unlink()
            folder.mkdir()
    return os.open(folder, flags)
