"""The files through which a step speaks to its job: GITHUB_ENV, GITHUB_OUTPUT and their like.

Rules: R: ``Runner.Worker/FileCommandManager.cs``. The files lie where the step can do with them what it
likes, so nothing is taken for granted when they are read: links are not followed, nothing but plain files
is opened, and no more than ``MAX_FILE`` bytes are read.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import re
import uuid
import weakref
from collections.abc import Callable, Iterator, MutableMapping, MutableSequence
from pathlib import Path, PurePosixPath

from actlite.execution.command_effects import BLOCKED_ENV, CommandEffects, assign, prepend_path
from actlite.execution.output import StepLog
from actlite.execution.ownership import give_file
from actlite.execution.plain_files import open_plain
from actlite.execution.summaries import MAX_SUMMARY, masked_summary, too_large
from actlite.records import frozen

MAX_FILE = 64 * 1024 * 1024
"""The largest file that is read, in bytes; the runner has no bound of its own."""

_LINE = re.compile(r"[^\r\n]+")
_PREFIXES = {
    "path": "add_path_",
    "env": "set_env_",
    "step_summary": "step_summary_",
    "state": "save_state_",
    "output": "set_output_",
}
"""The files in the order in which the runner reads them, by the end of their variable's name."""

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


def apply_env(text: str, env: MutableMapping[str, str]) -> list[str]:
    """Take GITHUB_ENV. Gives errors that do not fail the step; raises FileCommandError for those that do."""
    errors: list[str] = []
    for name, value in parse_key_values(text):
        if name.upper() in BLOCKED_ENV:
            errors.append(f"Can't store {name.upper()} output parameter using '$GITHUB_ENV' command.")
            continue
        _required(name)
        env[name] = value
    return errors


def apply_output(text: str, outputs: MutableMapping[str, str]) -> list[str]:
    """Take GITHUB_OUTPUT; as ``apply_env``."""
    for name, value in parse_key_values(text):
        _required(name)
        assign(outputs, name, value)
    return []


def apply_state(text: str, state: MutableMapping[str, str]) -> list[str]:
    """Take GITHUB_STATE; as ``apply_env``."""
    for name, value in parse_key_values(text):
        assign(state, name, value)
    return []


def apply_path(text: str, path: MutableSequence[str]) -> list[str]:
    """Take GITHUB_PATH: one folder a line, the last one comes first on PATH; as ``apply_env``."""
    for line in _LINE.findall(text):
        prepend_path(path, line)
    return []


@frozen
class Collected:
    """What the files of a step held, beyond what went into env, outputs, state and path."""

    summary: str = ""
    """Markdown, masked; empty when there is none."""
    errors: tuple[str, ...] = ()
    """Error annotations, in order."""
    failed: bool = False
    """Whether the step fails by them."""


class StepFiles:
    """The files of one step, empty at first, in the folder ``_runner_file_commands``.

    The folder is opened once and files are read through it, so that a step that puts a link in its place
    can't lead us elsewhere. Raises OSError when the files can't be made.
    """

    def __init__(self, folder: Path) -> None:
        self._suffix = str(uuid.uuid4())
        self._folder = _open_folder(folder)
        self._close = weakref.finalize(self, os.close, self._folder)
        for prefix in _PREFIXES.values():
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            handle = os.open(prefix + self._suffix, flags, 0o644, dir_fd=self._folder)
            try:
                give_file(handle, self._folder)
            finally:
                os.close(handle)

    def env_vars(self, folder: PurePosixPath | str) -> dict[str, str]:
        """The variables that name the files, for a step that sees the folder at ``folder``."""
        return {
            f"GITHUB_{name.upper()}": str(PurePosixPath(folder) / (prefix + self._suffix))
            for name, prefix in _PREFIXES.items()
        }

    def read(self, name: str) -> bytes | None:
        """The bytes of a file by the end of its variable's name in lower case; None when it is gone.
        Raises FileCommandError when it is no plain file any more, or is too large."""
        limit = MAX_SUMMARY if name == "step_summary" else MAX_FILE
        data, size = self._read(name, limit)
        if size > limit and data is not None:
            raise FileCommandError(
                too_large(size)
                if name == "step_summary"
                else f"The file GITHUB_{name.upper()} has {size} bytes; at most {limit} are read."
            )
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
            raise FileCommandError(
                f"The file {variable} can't be read: {error.strerror}. A step may write to it or remove it, "
                "but not put a link or something else in its place."
            ) from error
        with stream:
            if size > limit:
                return b"", size
            data = stream.read(limit + 1)
            return data, max(size, len(data))

    def collect(self, effects: CommandEffects, log: StepLog) -> str:
        """Read what the step wrote, also when it failed, into ``effects``; errors go to the log and the
        annotations. Gives the summary, masked; empty when there is none."""
        found = self.gather(effects)
        for error in found.errors:
            for line in effects.issue("error", error):
                log.write(line + "\n")
        effects.failed = effects.failed or found.failed
        self.discard()
        return found.summary

    def gather(self, effects: CommandEffects) -> Collected:
        """As ``collect``, but errors are only given back."""
        errors: list[str] = []
        failed = False
        takers: dict[str, Callable[[str], list[str]]] = {
            "path": lambda text: apply_path(text, effects.path),
            "env": lambda text: apply_env(text, effects.env),
            "state": lambda text: apply_state(text, effects.state),
            "output": lambda text: apply_output(text, effects.outputs),
        }
        summary = ""
        for name in _PREFIXES:
            try:
                data = self.read(name)
            except FileCommandError as error:
                if name == "step_summary":
                    errors.append(_summary_error(error))
                else:
                    errors += (_unable(name), str(error))
                    failed = True
                continue
            if not data:
                continue
            text = decode(data)
            if name == "step_summary":
                summary = masked_summary(text, effects.masker)
                continue
            try:
                errors += takers[name](text)
            except FileCommandError as error:
                errors += (_unable(name), str(error))
                failed = True
        return Collected(summary, tuple(errors), failed)

    def discard(self) -> None:
        """Remove the files. Safe to call twice."""
        if self._folder < 0:
            return
        for prefix in _PREFIXES.values():
            # What a step left in a file's place, such as a folder, goes with the temporary folder.
            with contextlib.suppress(OSError):
                os.unlink(prefix + self._suffix, dir_fd=self._folder)
        self._close()
        self._folder = -1


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
