"""What is known of an image's files: what the loader and actlite want of each, kept on disk by the image's id.

A fact about a file is JSON data, made by :func:`distil`: ``elf`` (``elf.to_data``), of a loader also its default
``folders``, of libc.so.6 its ``release``, of musl's ``musl``, of ld.so.cache ``cache`` (machine → soname → paths), of
the other files of /etc and of os-release ``text``. ``{}`` is a file of which nothing more is wanted, None a path where no file is.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from actlite.atomic import keep
from actlite.glibc import elf, ld_cache
from actlite.glibc.system import default_folders
from actlite.records import changeable, field

Facts = Mapping[str, Any]
SCHEMA = 3
CACHE = "/etc/ld.so.cache"
MACHINES = ("x64", "arm64")
MAX_TEXT = 16_384
"""Characters of a release file that are kept."""
_INTERESTING = re.compile(
    r"/etc/(?:ld\.so\.cache|ld-musl-[^/]*\.path|(?:os|redhat|alpine)-release)|/usr/lib/os-release"
    r"|/.*/(?:ld-[^/]*\.so[.\d]*|(?:lib(?:c|m|dl|pthread|rt|gcc_s|stdc\+\+|atomic)|libc\.musl)[-.][^/]*so[.\d]*)"
)
_LISTS = ("libraries", "definitions", "rpath", "runpath")
_BANNER = re.compile(rb"GNU C Library [^\n]{0,120}?version (\d+\.\d+)")
_MUSL_VERSION = re.compile(rb"\x00(1\.[0-9]\.\d{1,2})\x00")


@changeable
class KnownFiles:
    """The facts of one image, by path as it was asked for."""

    files: dict[str, Facts | None] = field(default_factory=dict)
    changed: bool = False

    def add(self, files: Mapping[str, Facts | None]) -> None:
        """Take more facts."""
        self.files.update(files)
        self.changed = True


def distil(path: str, data: bytes) -> dict[str, Any]:
    """The facts of a file."""
    if path == CACHE:
        return _cache(data)
    if path.startswith("/etc/") or path.endswith("/os-release"):
        return {"text": data.decode("utf-8", "replace")[:MAX_TEXT]}
    try:
        facts: dict[str, Any] = {"elf": elf.to_data(elf.read(data))}
    except elf.ElfError:
        return {}
    name = posixpath.basename(path)
    if name.startswith("ld-musl-"):
        if told := _MUSL_VERSION.search(data):
            facts["musl"] = told[1].decode()
    elif name.startswith("ld-"):
        facts["folders"] = list(default_folders(data))
    elif name.startswith(("libc.", "libc-")) and (banner := _BANNER.search(data)):
        facts["release"] = banner[1].decode()
    return facts


def is_interesting(path: str) -> bool:
    """Whether a file is one that :func:`distil` is asked for in every image, under whatever file name it has there."""
    return bool(_INTERESTING.fullmatch(path))


def elf_of(facts: Facts | None) -> elf.ElfFile | None:
    """The ELF file that facts tell of."""
    return elf.from_data(facts["elf"]) if facts and "elf" in facts else None


def load(path: Path) -> KnownFiles:
    """Facts that were kept; none where there are none or the file is spoilt."""
    try:
        data = json.loads(path.read_text("utf-8"))
        if data["schema"] != SCHEMA:
            return KnownFiles()
        files = {str(name): _checked(facts) for name, facts in data["files"].items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return KnownFiles()
    return KnownFiles(files)


def save(path: Path, known: KnownFiles) -> None:
    """Keep facts, with those that another process has kept meanwhile. A cache that can't be written is no error."""
    files = load(path).files | known.files
    if keep(path, json.dumps({"schema": SCHEMA, "files": files}, separators=(",", ":"))):
        known.changed = False


def _checked(facts: Any) -> Facts | None:
    """One file's facts as they were written. Raises ValueError or TypeError for anything else."""
    if facts is None:
        return None
    if not isinstance(facts, dict):
        raise TypeError("no facts")
    if "elf" in facts:
        _check_elf(facts["elf"])
    if not all(isinstance(facts.get(name, ""), str) for name in ("text", "release", "musl")):
        raise TypeError("no text")
    if not _are_texts(facts.get("folders", [])):
        raise TypeError("no folders")
    for machine in facts.get("cache", {}).values():
        if not all(_are_texts(paths) for paths in machine.values()):
            raise TypeError("no cache")
    return facts


def _check_elf(data: Any) -> None:
    """Raises ValueError or TypeError where data are not what ``elf.to_data`` writes."""
    found = elf.from_data(data)
    texts = (found.machine, found.kind, found.interpreter, found.soname, found.base)
    lists = (found.libraries, found.definitions, found.rpath, found.runpath)
    needs = tuple(text for need in found.versions for text in (need.library, need.version))
    flags = (found.has_relr, found.no_default_lib, found.is_static, *(need.weak for need in found.versions))
    if not (
        all(isinstance(text, str) for text in (*texts, *needs, *(one for many in lists for one in many)))
        and all(isinstance(flag, bool) for flag in flags)
        and all(isinstance(data.get(name, []), list) for name in (*_LISTS, "versions"))
        and all(isinstance(need, list) for need in data.get("versions", []))
    ):
        raise TypeError("not the facts of an ELF file")


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _cache(data: bytes) -> dict[str, Any]:
    try:
        entries = ld_cache.read_cache(data)
    except ld_cache.CacheError:
        return {}
    found = {machine: ld_cache.libraries_of(entries, machine) for machine in MACHINES}
    return {"cache": {machine: {n: list(p) for n, p in by.items()} for machine, by in found.items() if by}}
