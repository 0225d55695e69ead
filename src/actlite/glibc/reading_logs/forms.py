"""Refusals in a log that was cut, quoted or retyped by somebody: what :mod:`actlite.glibc.loader` knows, and more.

A run looks for the loader's own lines, since it has them as they were. In a report of somebody's, the line may lack
its end, have other quotation marks or be broken at the edge of a window. Only what leaves no doubt counts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from actlite.events import Missing
from actlite.glibc.loader import Refusal, last_word, refusal_in

VERSION = (
    r"[A-Z][A-Za-z]{0,40}_[A-Za-z0-9_.]{0,80}\d[A-Za-z0-9_.]{0,80}|GLIBC_[A-Z_]+|[a-z]\w{0,40}_\d[\w.]{0,80}"
)
# As in actlite.glibc.loader: no line may take long.
_LOOSE = re.compile(
    r"(?:(?:^|[:`])[\s'\"]*(?P<program>[^\s:`'\"][^:`]*): )?(?<![^\s:`'\"])(?P<library>[^\s:`'\"]*\.so[.\d]*): "
    rf"version [`'\"]?(?P<version>{VERSION})[`'\"]? not found(?: \(required by (?P<by>[^)\s]+)\)?)?"
)
_RELOCATION = re.compile(
    r"(?:^|:)\s*(?P<program>[^\s:][^:]*): (?:relocation error|symbol lookup error): (?P<by>[^:]+): "
    r"(?:symbol|undefined symbol:) (?P<symbol>[^\s,]+),? version (?P<version>\S+?)"
    r"(?: not defined in file (?P<library>\S+).*)?$"
)
_LINK = re.compile(
    r"(?:^|:)\s*(?P<program>(?=[^:]+\.(?:so[.\d]*|a|o)\b)[^\s:][^:]*): "
    r"undefined reference to [`'](?P<symbol>[^@'`\s]+)@@?(?P<version>[A-Z]+_[\d.]+)'"
)
_RELR = re.compile(
    r"(?:^|:)\s*(?P<program>[^\s:][^:]*): (?P<library>/[^:]+): DT_RELR without GLIBC_ABI_DT_RELR dependency"
)
_PYTHON_FORMAT = re.compile(r"OSError: \[Errno 8\] Exec format error: '(?P<program>[^']+)'")
_ROSETTA = re.compile(r"rosetta error: failed to open elf at (?P<library>/\S+)")
_KERNEL = "FATAL: kernel too old"
_NOT_RUN = "cannot execute binary file: Exec format error"
_BARE_SHELL = re.compile(
    r"(?:^|[\s'\"`(:])(?P<program>\.?/[^\s'\"`(:]+): cannot execute: required file not found"
)


def refusal(line: str) -> Refusal | None:
    """What a line, cleaned, says of a program that could not start."""
    line = line.replace('\\"', '"')
    found = refusal_in(line)
    if found is not None:
        return found
    if m := _LOOSE.search(line):
        named = m["program"] or ""
        program = m["by"] or ("" if named.endswith(("Error", "Exception")) else last_word(named))
        return Refusal("versions", program, Missing(last_word(m["library"]), m["version"]))
    if m := _RELOCATION.search(line):
        return Refusal(
            "symbol", last_word(m["by"]), Missing(m["library"] or "", f"{m['symbol']}@{m['version']}")
        )
    if m := _LINK.search(line):
        return Refusal("link", last_word(m["program"]), Missing("", f"{m['symbol']}@{m['version']}"))
    if m := _RELR.search(line):
        return Refusal("relr", last_word(m["program"]), Missing(last_word(m["library"]), "GLIBC_ABI_DT_RELR"))
    if m := _PYTHON_FORMAT.search(line):
        return Refusal("format", m["program"])
    if m := _ROSETTA.search(line):
        return Refusal("interpreter", "", Missing(m["library"], ""))
    if m := _BARE_SHELL.search(line):
        return Refusal("interpreter", m["program"])
    if _KERNEL in line:
        return Refusal("kernel", "")
    return Refusal("format", "") if _NOT_RUN in line else None


def unwrapped(lines: Sequence[str]) -> tuple[Refusal, str] | None:
    """A refusal that a window or a mail program broke over two or three lines, and the line as it was.

    It counts only if what is put together is a whole line of the loader's, whose two names of the program agree.
    """
    for end in range(2, len(lines) + 1):
        whole = " ".join(line.strip() for line in lines[:end])
        found = refusal_in(whole)
        if found is None or found.kind != "versions" or not whole.endswith(")"):
            continue
        by = whole.rpartition("(required by ")[2].rstrip(")")
        if whole.startswith((f"{by}: /", "ImportError: /", "OSError: /")):
            return found, whole
    return None
