"""What was asked for, and whether a file keeps to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from actlite.glibc.audit.facts import RELR, RELR_SINCE, language
from actlite.glibc.audit.getting_there import advice
from actlite.glibc.audit.model import FITS, REFUSED, AuditedFile, NeededVersion, Remark
from actlite.glibc.audit.remarks import INTERPRETERS
from actlite.glibc.elf import newest_of, version_key
from actlite.glibc.target import Target, read_target
from actlite.records import replace


class Asked:
    """A target, a newest glibc, both or neither."""

    def __init__(self, target: Target | None, max_glibc: str) -> None:
        self._target = target
        self._max = max_glibc
        self._targets: dict[str, Target | None] = {}

    @property
    def name(self) -> str:
        """In words: ``manylinux2014 (glibc 2.17)``; empty for neither."""
        names = [str(self._target)] if self._target is not None else []
        return ", ".join(names + ([f"glibc {self._max}"] if self._max else []))

    def judge(self, file: AuditedFile, path: Path) -> AuditedFile:
        """The file with verdict, advice and, for each version, whether it fits."""
        if self._target is None and not self._max:
            return file
        needs = tuple(replace(need, fits=self._fits(need, file.arch)) for need in file.needs)
        over = [need for need in needs if need.fits is False and not need.weak]
        remarks = tuple(self._remarks(file))
        refused = bool(over) or any(remark.kind == "target" for remark in remarks)
        if refused:
            file = replace(file, language=language(path))
        told = tuple(advice(file, over, self._glibc)) if refused else ()
        verdict = REFUSED if refused else FITS
        return replace(file, needs=needs, verdict=verdict, advice=told, remarks=(*file.remarks, *remarks))

    @property
    def _glibc(self) -> str:
        """The glibc to build for."""
        known = [one for one in (self._max, self._target.glibc if self._target else "") if one]
        return min(known, key=version_key, default="")

    def _fits(self, need: NeededVersion, arch: str) -> bool | None:
        """Whether a version is there; None where nothing is known of its library."""
        fits: bool | None = None
        if self._target is not None:
            fits = self._in_target(need, arch)
        number = RELR_SINCE if need.version == RELR else newest_of([need.version]).get("GLIBC", "")
        if self._max and number:
            fits = fits is not False and version_key(number) <= version_key(self._max)
        return fits

    def _in_target(self, need: NeededVersion, arch: str) -> bool | None:
        target = self._for(arch)
        if target is not None:
            own = target.versions.get(need.library)
            return None if own is None else need.version in own
        # No lists of that architecture: numbers have to do.
        assert self._target is not None
        newest = {"GLIBC": self._target.glibc, "GLIBCXX": self._target.glibcxx, "CXXABI": self._target.cxxabi}
        wanted = {"GLIBC": RELR_SINCE} if need.version == RELR else newest_of([need.version])
        known = [(number, newest[kind]) for kind, number in wanted.items() if newest.get(kind)]
        return all(version_key(number) <= version_key(has) for number, has in known) if known else None

    def _for(self, arch: str) -> Target | None:
        """The target on an architecture; None where the catalogue has none of it."""
        if arch not in self._targets:
            target = self._target
            if target is not None and target.arch != arch:
                again = read_target(target.name, arch) if arch in ("x64", "arm64") else None
                target = again if again is not None and again.arch == arch else None
            # Policies are known for x86 too, what its libraries define is not.
            self._targets[arch] = target if target is not None and target.versions else None
        return self._targets[arch]

    def _remarks(self, file: AuditedFile) -> Iterator[Remark]:
        if self._target is None:
            return
        if file.libc == "musl" and file.linkage == "dynamic":
            yield Remark("target", f"{self._target.name} has glibc and not musl's loader.")
        elif file.interpreter and file.interpreter not in INTERPRETERS.get(file.arch, (file.interpreter,)):
            yield Remark("target", f"{self._target.name} has no {file.interpreter}.")
        if self._for(file.arch) is None and file.needs:
            yield Remark(
                "arch",
                f"{self._target.name} is not known for {file.arch}: only numbers of versions were compared.",
            )
