"""What an audit finds, as data. Text and JSON are renderings of it."""

from __future__ import annotations

from collections.abc import Mapping

from actlite.events import Missing
from actlite.records import field, frozen

ARCHITECTURES: Mapping[str, str] = {"x64": "x86-64", "arm64": "ARM64", "arm": "ARM"}
"""Names for people."""
FITS = "fits"
"""Everything that was asked for holds."""
REFUSED = "refused"
"""The loader of the target refuses the file, or it needs a newer glibc than allowed."""
UNKNOWN = "unknown"
"""Nothing was asked for, or it can't be told: another machine's file, a target for another machine."""


@frozen
class SymbolCause:
    """A symbol that is bound to a version of a library, and so brought the need of it."""

    name: str
    weak: bool = False
    """Undefined and STB_WEAK: the program could do without it. The loader doesn't look at that."""


@frozen
class NeededVersion:
    """A version that a file needs of a library."""

    library: str
    """The soname, such as ``libc.so.6``."""
    version: str
    """Such as ``GLIBC_2.18``."""
    weak: bool = False
    """VER_FLG_WEAK: the loader only warns. Linkers set it almost never."""
    symbols: tuple[SymbolCause, ...] = ()
    """The symbols that are bound to it, in file order; empty where they were not looked up, or none is."""
    fits: bool | None = None
    """Whether the target has it; None without a target, or where the target says nothing of that library."""

    @property
    def is_weak_only(self) -> bool:
        """All symbols that brought the need are weak, and the loader refuses it all the same."""
        return bool(self.symbols) and all(symbol.weak for symbol in self.symbols) and not self.weak


@frozen
class Remark:
    """Something to know about a file that is no verdict."""

    kind: str
    """``relr``, ``library`` (one that not every system has), ``path`` (RPATH or RUNPATH), ``static``, ``musl``,
    ``arch``, ``interpreter``, ``target``, ``weak`` or ``policy``."""
    text: str


@frozen
class Refusal:
    """A system that a file does not run on, and what it lacks."""

    system: str
    """Such as ``CentOS 7``."""
    missing: tuple[str, ...]
    """Versions and libraries, newest of each kind: ``GLIBC_2.34``, ``GLIBCXX_3.4.22``, ``libatomic.so.1``."""


@frozen
class ImageVerdict:
    """What the loader of an image would do with a file."""

    image: str
    source: str
    """Where the image's libraries were read: ``local image``, ``registry`` or ``catalogue``."""
    detail: str
    """The image's id or digest, or the source of the catalogue's row."""
    starts: bool
    lines: tuple[str, ...] = ()
    """What the loader prints, in order."""
    exit_code: int = 0
    why: str = ""
    """Why there is no verdict (another machine's file); empty where there is one."""
    missing: tuple[Missing, ...] = ()
    """The versions and libraries that it lacks."""
    glibc: str = ""
    """The newest version of its C library; empty where it has none of glibc."""


@frozen
class AuditedFile:
    """One file that is, or should be, an ELF file."""

    name: str
    """Its path; within archives the members' names, each after ``!/``: ``dist/hq.tar.gz!/bin/hq``. Not yet made
    printable: it may hold anything."""
    kind: str
    """``program``, ``library``, ``object``, ``core`` or ``other``; ``damaged`` where it can't be read."""
    size: int
    arch: str = ""
    """``x64``, ``x86``, ``arm64``, ``arm`` or elftools' name."""
    linkage: str = ""
    """``dynamic``, ``static`` or ``static-pie``; empty for what is not linked."""
    libc: str = ""
    """``glibc``, ``musl``; empty where it needs none or can't be told."""
    interpreter: str = ""
    libraries: tuple[str, ...] = ()
    """DT_NEEDED, in order."""
    needs: tuple[NeededVersion, ...] = ()
    """In file order, which is the order of the loader's messages."""
    language: str = ""
    """``rust`` or ``go``, where the file was searched for what the compiler leaves."""
    newest: Mapping[str, str] = field(default_factory=dict)
    """The newest version of each kind: ``{"GLIBC": "2.34", "GLIBCXX": "3.4.22"}``."""
    policy: str = ""
    """The oldest manylinux or musllinux policy it meets, such as ``manylinux_2_34``; empty where it meets none."""
    runs_on: tuple[str, ...] = ()
    """The oldest systems of each distribution that have all it needs: ``Debian ≥ 12``."""
    not_on: tuple[Refusal, ...] = ()
    """The systems that refuse it, newest of each distribution first."""
    remarks: tuple[Remark, ...] = ()
    advice: tuple[str, ...] = ()
    """What to do for the target, or for older systems; commands among them."""
    verdict: str = UNKNOWN
    """FITS, REFUSED or UNKNOWN, by the target and the images that were given."""
    images: tuple[ImageVerdict, ...] = ()
    why: str = ""
    """What is wrong with a damaged file."""

    @property
    def member(self) -> str:
        """Its path in the archive; empty for a file by itself."""
        return self.name.partition("!/")[2]

    @property
    def glibc(self) -> str:
        """The glibc that it needs, such as ``2.34``; empty where it needs none."""
        return self.newest.get("GLIBC", "")

    @property
    def summary(self) -> str:
        """Its needs in a few words: ``glibc 2.17``, ``static``, ``musl``."""
        if self.glibc:
            return f"glibc {self.glibc}"
        if self.linkage.startswith("static"):
            return "static"
        return self.libc or self.kind


@frozen
class OtherFile:
    """A file that is no ELF file, or no linked one: said, not judged."""

    name: str
    what: str
    """Such as ``a script for /bin/sh``, ``a Windows program``, ``an object file, not linked yet``."""


@frozen
class AuditReport:
    """An audit of one path: a file, an archive or a folder."""

    path: str
    """As it was given."""
    kind: str
    """``ELF file``, ``wheel``, ``zip archive``, ``tar archive``, ``Debian package``, ``folder`` …"""
    size: int
    """Bytes; of a folder all of its files that were looked at."""
    files: tuple[AuditedFile, ...] = ()
    others: tuple[OtherFile, ...] = ()
    """The first that are worth a word: scripts, other systems' programs, objects. Plain data is not among them."""
    unseen: tuple[str, ...] = ()
    """What was not looked at, and why: limits, encryption, damage, formats. A whole sentence each."""
    newest: Mapping[str, str] = field(default_factory=dict)
    """The newest version of each kind, over all files."""
    policy: str = ""
    """The policy that the whole meets; of a wheel as auditwheel has it."""
    claims: tuple[str, ...] = ()
    """The platform tags that a wheel's name claims."""
    runs_on: tuple[str, ...] = ()
    """As in AuditedFile, for all files together; empty where they are for several architectures or C libraries."""
    not_on: tuple[Refusal, ...] = ()
    remarks: tuple[Remark, ...] = ()
    target: str = ""
    """What was asked for: a target's name, ``glibc 2.17``; empty for nothing."""
    verdict: str = UNKNOWN

    @property
    def summary(self) -> str:
        """The newest needs in a few words: ``glibc 2.34 · GLIBCXX 3.4.22``; ``static``; empty without programs."""
        kinds = [f"glibc {self.newest['GLIBC']}"] if "GLIBC" in self.newest else []
        kinds += [f"{kind} {self.newest[kind]}" for kind in ("GLIBCXX", "CXXABI") if kind in self.newest]
        if kinds:
            return " · ".join(kinds)
        known = dict.fromkeys(file.summary for file in self.files if file.kind in ("program", "library"))
        return " · ".join(known)
