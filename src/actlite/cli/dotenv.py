"""Files of ``NAME=value`` lines: ``--secret-file`` and ``--env-file``."""

from __future__ import annotations

import re
from pathlib import Path

from actlite.errors import UsageError

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "$": "$"}


def read_dotenv(path: Path) -> dict[str, str]:
    """The names and values of a file.

    Blank lines and lines that begin with ``#`` don't count; ``export`` may stand before a name. A value
    is taken as it is, without the blanks around it; in single quotes literally, in double quotes with
    ``\\n \\r \\t \\" \\\\ \\$``; quoted values may go over several lines. After blanks, ``#`` begins a comment.
    Nothing is expanded. Raises UsageError with the line that isn't right; its text is not shown, as it
    may hold a secret.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it isn't UTF-8"
        raise UsageError(
            f"{path} can't be read.", why=reason or "", do="Name a file of NAME=value lines."
        ) from error
    values: dict[str, str] = {}
    lines = text.replace("\r\n", "\n").split("\n")
    index = 0
    while index < len(lines):
        start = index
        line = lines[index].strip()
        index += 1
        if not line or line.startswith("#"):
            continue
        name, equals, value = line.removeprefix("export ").partition("=")
        name, value = name.strip(), value.strip()
        if not equals or not _NAME.fullmatch(name):
            raise UsageError(
                f"{path}:{start + 1}: this line is not of the form NAME=value.",
                do="Write NAME=value, or # before a comment.",
            )
        quote = value[:1]
        if quote in ("'", '"') and value:
            while _closing(value) is None and index < len(lines):
                value += "\n" + lines[index]
                index += 1
            end = _closing(value)
            if end is None:
                raise UsageError(
                    f"{path}:{start + 1}: the quote that begins here has no end.",
                    do=f"End the value with {quote}",
                )
            inner = value[1:end]
            values[name] = _unescaped(inner) if quote == '"' else inner
        else:
            values[name] = re.split(r"\s+#", value, maxsplit=1)[0]
    return values


def _closing(value: str) -> int | None:
    """Where the quote that a value begins with ends."""
    quote, index = value[0], 1
    while index < len(value):
        if value[index] == "\\" and quote == '"':
            index += 2
            continue
        if value[index] == quote:
            return index
        index += 1
    return None


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[0]), text, flags=re.DOTALL)
