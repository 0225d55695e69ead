"""The audit of a path: its ELF files found, each looked at, held against what was asked for."""

from __future__ import annotations

import posixpath
import tempfile
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from actlite.glibc.audit import against, wheel
from actlite.glibc.audit.asked import Asked
from actlite.glibc.audit.facts import language, look, newest, weight
from actlite.glibc.audit.getting_there import advice, library_advice, static_advice
from actlite.glibc.audit.limits import Budget, LimitHit, Limits
from actlite.glibc.audit.model import (
    ARCHITECTURES,
    FITS,
    REFUSED,
    UNKNOWN,
    AuditedFile,
    AuditReport,
    ImageVerdict,
    NeededVersion,
    OtherFile,
    Refusal,
    Remark,
)
from actlite.glibc.audit.remarks import remarks
from actlite.glibc.audit.systems import judge
from actlite.glibc.audit.walk import FoundElf, FoundLink, Walk
from actlite.glibc.elf import ElfFile, version_key
from actlite.glibc.system import MemorySystem
from actlite.glibc.target import Target
from actlite.records import replace

MAX_LINKS = 10_000
"""Links to libraries that are remembered."""
_Looked = tuple[AuditedFile, ElfFile | None]


def audit(
    path: Path,
    *,
    name: str = "",
    target: Target | None = None,
    max_glibc: str = "",
    images: Sequence[against.ImageSource] = (),
    limits: Limits | None = None,
) -> AuditReport:
    """Audit an ELF file, an archive or a folder; ``name`` is what it is called.

    A file that is damaged, or of another kind, is in the report as such. Raises OSError where ``path`` can't be read,
    or the temporary folder not be written.
    """
    shown = name or str(path)
    asked = Asked(target, max_glibc)
    limits = limits or Limits()
    budget = Budget(limits)
    files: list[_Looked] = []
    links: list[tuple[str, str]] = []
    others: list[OtherFile] = []
    unseen = _Few(limits.told)
    with tempfile.TemporaryDirectory(prefix="actlite-audit-") as folder:
        walk = Walk(budget, Path(folder))
        try:
            for found in walk.path(path, shown):
                if isinstance(found, FoundElf):
                    files.append(_look(found, asked, is_against=bool(images)))
                    budget.tables(weight(files[-1][0]))
                elif isinstance(found, FoundLink):
                    if ".so" in found.name and len(links) < MAX_LINKS:
                        links.append((_name(found.name), _name(found.target)))
                elif isinstance(found, OtherFile):
                    others += [found] if len(others) < limits.told else []
                else:
                    unseen.add(found.text)
        except LimitHit as hit:
            unseen.add(f"The rest of {shown} is not looked at: {hit}.")
    beside = _libraries(files, links)
    system = _beside(files) if images else None
    done = [_finished(file, elf, beside, images, system) for file, elf in files]
    linked = [(file, elf) for file, elf in files if elf is not None and file.kind in ("program", "library")]
    claims = wheel.claims(path.name) if walk.kind == "wheel" else ()
    policy = wheel.policy_of(linked, claims)
    needs = tuple(need for file in done for need in file.needs)
    runs_on, not_on = _systems_of_all(done, needs)
    return AuditReport(
        path=shown,
        kind=walk.kind,
        size=walk.size,
        files=tuple(done),
        others=tuple(others),
        unseen=unseen.sentences(),
        newest=newest(needs),
        policy=policy,
        claims=claims,
        runs_on=runs_on,
        not_on=not_on,
        remarks=tuple(_claims(claims, policy, linked)),
        target=asked.name,
        verdict=_worst(file.verdict for file in done),
    )


def _look(found: FoundElf, asked: Asked, *, is_against: bool) -> _Looked:
    """The part of the work that needs the file itself, which is gone afterwards; ``is_against`` images."""
    file, elf = look(found.name, found.path, found.size)
    if elf is None or file.kind not in ("program", "library"):
        return file, elf
    file = asked.judge(file, found.path)
    if is_against and file.needs and not file.language:
        file = replace(file, language=language(found.path))
    return file, elf


def _finished(
    file: AuditedFile,
    elf: ElfFile | None,
    beside: Collection[str],
    images: Sequence[against.ImageSource],
    system: MemorySystem | None,
) -> AuditedFile:
    if elf is None or file.kind not in ("program", "library"):
        return file
    runs_on, not_on = _systems(file)
    verdicts = tuple(against.judge(file, elf, image, system) for image in images)
    known = [one for one in verdicts if not one.why]
    verdict, told = file.verdict, file.advice
    if any(not one.starts for one in known):
        verdict = REFUSED
        told = told or tuple(_for_images(file, known))
    elif known and verdict == UNKNOWN:
        verdict = FITS
    return replace(
        file,
        policy=wheel.policy_of([(file, elf)]) if file.linkage == "dynamic" else "",
        runs_on=runs_on,
        not_on=not_on,
        remarks=(*file.remarks, *remarks(file, elf, beside)),
        advice=told,
        images=verdicts,
        verdict=verdict,
    )


def _for_images(file: AuditedFile, verdicts: Sequence[ImageVerdict]) -> Iterator[str]:
    """What to do for the images that refuse a file: for the one with the oldest glibc that lacks versions."""
    missing = [one for verdict in verdicts for one in verdict.missing]
    lacked = {(one.library, one.version) for one in missing}
    over = [need for need in file.needs if (need.library, need.version) in lacked]
    refusing = [one.glibc for one in verdicts if not one.starts and one.glibc]
    told = list(advice(file, over, min(refusing, key=version_key, default="")))
    if not told and not missing and (static := static_advice(file)):
        told = [static]  # there is no loader for it
    yield from told
    yield from dict.fromkeys(library_advice(one.library) for one in missing if not one.version)


def _systems(file: AuditedFile) -> tuple[tuple[str, ...], tuple[Refusal, ...]]:
    if file.linkage.startswith("static"):
        return (f"every Linux for {ARCHITECTURES.get(file.arch, file.arch)}",), ()
    if file.libc == "musl":
        return ("Alpine, and other systems with musl",), ()
    return judge(file.needs, file.arch)


def _systems_of_all(
    files: Sequence[AuditedFile], needs: Sequence[NeededVersion]
) -> tuple[tuple[str, ...], tuple[Refusal, ...]]:
    """The systems that all files run on together; none where they are for several architectures or C libraries.
    Static programs are no hindrance."""
    linked = [file for file in files if file.linkage]
    dynamic = [file for file in linked if file.linkage == "dynamic"] or linked
    if len({(file.arch, file.libc if file.libc == "musl" else "") for file in dynamic}) != 1:
        return (), ()
    if dynamic[0].linkage != "dynamic" or dynamic[0].libc == "musl":
        return _systems(dynamic[0])
    return judge(needs, dynamic[0].arch)


def _claims(claims: Sequence[str], policy: str, files: wheel.Looked) -> Iterator[Remark]:
    for arch in {file.arch for file, _ in files}:
        if broken := wheel.broken_claims(claims, policy, arch):
            met = f"it meets {policy} and nothing older" if policy else "it meets none of these policies"
            yield Remark("policy", f"Its name claims {', '.join(broken)}, but {met}.")


def _libraries(files: Sequence[_Looked], links: Sequence[tuple[str, str]]) -> frozenset[str]:
    """The libraries that come with the files: their own names, and those of links that lead to one of them."""
    names = {_name(file.name) for file, elf in files if elf is not None}
    names |= {elf.soname for _, elf in files if elf is not None and elf.soname}
    leading: dict[str, list[str]] = {}
    for link, target in links:
        leading.setdefault(target, []).append(link)
    left = list(names)
    while left:
        for link in leading.pop(left.pop(), ()):
            names.add(link)
            left.append(link)
    return frozenset(names)


def _name(path: str) -> str:
    return posixpath.basename(path)[:255]


def _beside(files: Sequence[_Looked]) -> MemorySystem:
    found = {against.path_of(file): elf for file, elf in files if elf is not None}
    return MemorySystem("", found)


class _Few:
    """The first sentences, and how many more there are."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: list[str] = []
        self._more = 0

    def add(self, sentence: str) -> None:
        if len(self._kept) < self._most:
            self._kept.append(sentence)
        else:
            self._more += 1

    def sentences(self) -> tuple[str, ...]:
        more = [f"{self._more} more things were not looked at."] if self._more else []
        return (*self._kept, *more)


def _worst(verdicts: Iterator[str]) -> str:
    found = set(verdicts)
    return next((verdict for verdict in (REFUSED, FITS) if verdict in found), UNKNOWN)
