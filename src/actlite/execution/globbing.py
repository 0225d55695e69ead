"""Finding files by patterns, as the npm package @actions/glob does for hashFiles().

``*``, ``?`` and ``[…]`` match within a part of a path, dots included; ``**`` as a whole part matches any
number of parts; a backslash takes the meaning from the next character; ``!`` in front of a pattern takes
its matches out again; whatever is below a match is matched too.
"""

from __future__ import annotations

import functools
import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence

from actlite.records import frozen

_SLASHES = re.compile(r"/+")
_SPECIAL = frozenset("().*{}+?[]^$\\!|")
GLOBSTAR = None
"""A part of a pattern that is ``**``."""

Part = str | re.Pattern[str] | None


class GlobError(Exception):
    """A pattern is not allowed."""


@frozen
class Glob:
    """One pattern. ``segments`` begin with ``/``; ``implicit`` marks one that was added for what is below."""

    negate: bool
    segments: tuple[str, ...]
    only_folders: bool
    implicit: bool
    search_path: str
    parts: tuple[Part, ...]

    def matches(self, path: str) -> bool:
        """Whether the pattern matches the path."""
        files = path.split("/")
        if self.segments[-1] == "**" and not self.implicit and not path.endswith("/"):
            files.append("")
        return _match(tuple(files), self.parts, partial=False)

    def may_match_below(self, path: str) -> bool:
        """Whether the pattern can match something below the path."""
        return path == "/" or _match(tuple(path.split("/")), self.parts, partial=True)


def find(
    root: str,
    patterns: Sequence[str],
    *,
    named: str = "",
    follow_symlinks: bool = False,
    check_time: Callable[[], None] = lambda: None,
) -> Iterator[str]:
    """The paths that the patterns match, in the package's order: search paths in the order of the patterns,
    depth first, names in the order of their bytes. Relative patterns start at ``root``.

    A pattern may be several lines; empty lines and those that begin with ``#`` are left out.
    ``named`` is another absolute path by which patterns may name the root. ``check_time`` is called often
    and may raise. Raises GlobError and OSError.
    """
    globs = _globs(root, patterns, named)
    stack = [(path, 1) for path in reversed(_search_paths(globs)) if _exists(path)]
    chain: list[str] = []
    while stack:
        check_time()
        path, level = stack.pop()
        folder_match, file_match = _kinds(globs, path)
        below = folder_match or file_match or any(not g.negate and g.may_match_below(path) for g in globs)
        if not below:
            continue
        try:
            status = os.stat(path) if follow_symlinks else os.lstat(path)
        except FileNotFoundError:
            if follow_symlinks:
                continue
            raise
        if not stat.S_ISDIR(status.st_mode):
            if file_match:
                yield path
            continue
        if follow_symlinks:
            real = os.path.realpath(path)
            del chain[level - 1 :]
            if real in chain:
                continue
            chain.append(real)
        if folder_match:
            yield path
        base = "" if path == "/" else path
        names = sorted(os.listdir(path), key=os.fsencode, reverse=True)
        stack += [(f"{base}/{name}", level + 1) for name in names]


def _kinds(globs: Sequence[Glob], path: str) -> tuple[bool, bool]:
    """Whether the path is matched if it is a folder, and if it is a file; later patterns overrule earlier."""
    folder = file = False
    for glob in globs:
        if (folder if glob.negate else not folder) or (file if glob.negate else not file):
            if not glob.matches(path):
                continue
            folder = not glob.negate
            if not glob.only_folders:
                file = not glob.negate
    return folder, file


def _globs(root: str, patterns: Sequence[str], named: str) -> list[Glob]:
    globs: list[Glob] = []
    for line in "\n".join(patterns).split("\n"):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        glob = _glob(root, text, named)
        globs.append(glob)
        if glob.only_folders or glob.segments[-1] != "**":
            segments = (*glob.segments, "**")
            globs.append(_from_segments(glob.negate, segments, only_folders=False, implicit=True))
    return globs


def _glob(root: str, text: str, named: str) -> Glob:
    negate = False
    while text.startswith("!"):
        negate = not negate
        text = text[1:].strip()
    if not text:
        raise GlobError("pattern cannot be empty")
    text = _SLASHES.sub("/", text)
    literals = [_literal(part) for part in _split(text)]
    if ".." in literals or "." in literals[1:]:
        raise GlobError(f"Invalid pattern '{text}'. Relative pathing '.' and '..' is not allowed.")
    if named and f"{text}/".startswith(f"{named}/"):
        text = _escaped(root) + text[len(named) :]
    elif text == "." or text.startswith("./"):
        text = _escaped(root) + text[1:]
    elif text == "~" or text.startswith("~/"):
        text = _escaped(os.path.expanduser("~")) + text[1:]
    elif not text.startswith("/"):
        text = f"{_escaped(root)}/{text}" if root != "/" else f"/{text}"
    text = _SLASHES.sub("/", text)
    return _from_segments(negate, tuple(_split(text)), only_folders=text.endswith("/"), implicit=False)


def _from_segments(negate: bool, segments: tuple[str, ...], *, only_folders: bool, implicit: bool) -> Glob:
    search: list[str] = []
    for segment in segments:
        literal = _literal(segment)
        if not literal:
            break
        search.append(literal)
    parts: tuple[Part, ...] = ("", *(_part(segment) for segment in segments[1:]))
    if len(segments) == 1:
        parts = ("", "")
    return Glob(negate, segments, only_folders, implicit, "/" + "/".join(search[1:]), parts)


def _split(path: str) -> list[str]:
    """The parts of a path without empty ones; the first one of an absolute path is ``/``."""
    parts = [part for part in path.split("/") if part]
    return ["/", *parts] if path.startswith("/") else parts


def _search_paths(globs: Sequence[Glob]) -> list[str]:
    """Where to begin: the literal beginnings of the patterns, without those below others."""
    candidates = dict.fromkeys(glob.search_path for glob in globs if not glob.negate)
    return [path for path in candidates if not any(above in candidates for above in _above(path))]


def _exists(path: str) -> bool:
    """Raises OSError, also where a file stands in the place of a folder, as the package does."""
    try:
        os.lstat(path)
    except FileNotFoundError:
        return False
    return True


def _above(path: str) -> Iterator[str]:
    while (parent := os.path.dirname(path)) != path:
        yield parent
        path = parent


def _escaped(path: str) -> str:
    """A path as a pattern that matches only itself."""
    path = path.replace("\\", "\\\\")
    path = re.sub(r"\[(?=[^/]+\])", "[[]", path)
    return path.replace("?", "[?]").replace("*", "[*]")


def _literal(segment: str) -> str:
    """The text that a part of a pattern stands for; '' when it can stand for several."""
    literal = ""
    at = 0
    while at < len(segment):
        character = segment[at]
        if character == "\\" and at + 1 < len(segment):
            literal += segment[at + 1]
            at += 2
            continue
        if character in "*?":
            return ""
        if character == "[":
            content, end = _set_content(segment, at)
            if end and len(content) > 1:
                return ""
            if end and content:
                literal += content
                at = end
                continue
        literal += character
        at += 1
    return literal


def _set_content(segment: str, at: int) -> tuple[str, int]:
    """What stands in the brackets that open at ``at``, and where they end; 0 when they are not closed."""
    content = ""
    at += 1
    while at < len(segment):
        if segment[at] == "\\" and at + 1 < len(segment):
            content += segment[at + 1]
            at += 2
            continue
        if segment[at] == "]":
            return content, at + 1
        content += segment[at]
        at += 1
    return content, 0


def _part(segment: str) -> Part:
    """A part of a pattern, ready for matching."""
    if segment == "**":
        return GLOBSTAR
    text, magic = _expression(segment)
    if not magic:
        return re.sub(r"\\(.)", r"\1", segment)
    first = "(?!\\.{1,2}\\Z)" if text[0] in "[.(" and segment[0] != "." else ""
    try:
        return re.compile(f"{first}(?=.){text}\\Z", re.DOTALL)
    except re.error:
        return re.compile(r"(?!)")


def _expression(segment: str) -> tuple[str, bool]:
    """A part of a pattern as a regular expression, and whether it has a wildcard (npm: minimatch 3)."""
    out: list[str] = []
    magic = False
    at = 0
    while at < len(segment):
        character = segment[at]
        if character == "\\":
            following = segment[at + 1 : at + 2]
            out.append(re.escape(following) if following else r"\\")
            at += 2
            continue
        at += 1
        if character in "*?":
            out.append("[^/]*?" if character == "*" else "[^/]")
            magic = True
        elif character == "[":
            text, end = _set(segment, at)
            if end:
                out.append(text)
                magic = True
                at = end
            else:
                out.append(r"\[")
        else:
            out.append(re.escape(character))
    return "".join(out), magic


def _set(segment: str, at: int) -> tuple[str, int]:
    """The brackets whose content begins at ``at`` as a regular expression, and where they end; 0 when they
    are not closed, or hold a range that runs backwards."""
    out: list[str] = ["["]
    start = at
    while at < len(segment):
        character = segment[at]
        if character == "\\":
            following = segment[at + 1 : at + 2]
            if not following:
                return "", 0
            out.append("\\" + following if following in _SPECIAL or following == "-" else following)
            at += 2
            continue
        at += 1
        if character in "!^" and at == start + 1:
            out.append("^")
        elif character == "]" and at > start + 1:
            text = "".join(out) + "]"
            if text == "[^]":
                return r"[\s\S]", at
            try:
                re.compile(text)
            except re.error:
                return "", 0
            return text, at
        else:
            out.append("\\" + character if character in "[]&~|" else character)
    return "", 0


@functools.lru_cache(maxsize=4096)
def _match(files: tuple[str, ...], parts: tuple[Part, ...], *, partial: bool) -> bool:
    """Whether the parts of a path match those of a pattern; with ``partial``, whether they match as far as
    they go. The last part of a path is '' when it ends with a slash."""
    for index, part in enumerate(parts):
        if index == len(files):
            return partial
        if part is GLOBSTAR:
            rest = parts[index + 1 :]
            if not rest:
                return not any(name in (".", "..") for name in files[index:])
            if _match(files[index:], rest, partial=partial):
                return True
            if files[index] in (".", ".."):
                return False
            if index + 1 == len(files):
                return partial
            return _match(files[index + 1 :], parts[index:], partial=partial)
        name = files[index]
        if not (name == part if isinstance(part, str) else part is not None and part.match(name)):
            return False
    return len(files) == len(parts) or (len(files) == len(parts) + 1 and files[-1] == "")
