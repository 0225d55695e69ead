"""An audit's report as lines for a terminal."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from actlite.cli.text import columns, paint
from actlite.diagnostics import printable, width
from actlite.glibc.audit.facts import RELR
from actlite.glibc.audit.model import (
    ARCHITECTURES,
    FITS,
    REFUSED,
    AuditedFile,
    AuditReport,
    ImageVerdict,
    NeededVersion,
    Refusal,
)
from actlite.glibc.elf import newest_of, version_key

WIDTH = 80
NO_BREAK = "\xa0"
CLOSEST = 2
"""Columns between what a file is and its verdict, which else goes to a line of its own."""
MAX_SYMBOLS = 4
"""Symbols of one version that are named; there may be hundreds."""
LONGEST_SYMBOL = 48
"""Names of C++ are cut off here: they go on to thousands of letters."""
MAX_FILES = 10
"""Files of an archive that are told one by one, unless all are asked for."""
MAX_OTHERS = 5
_KINDS = {"program": "", "library": " library"}
_NAMED = ("GLIBC", "GLIBCXX", "CXXABI")


def lines(report: AuditReport, *, everything: bool = False) -> Iterator[str]:
    """The report, verdict first. ``everything`` names all files and symbols."""
    if len(report.files) == 1 and not report.files[0].member and report.kind != "folder":
        yield from _single(report, report.files[0], everything)
    else:
        yield from _several(report, everything)
    for remark in report.remarks:
        yield from _wrapped(f"note  {printable(remark.text)}", 2, 8)
    for sentence in report.unseen:
        yield from _wrapped(paint("not looked at", "yellow") + "  " + printable(sentence), 2, 17)


def _single(report: AuditReport, file: AuditedFile, everything: bool) -> Iterator[str]:
    """A file by itself."""
    yield _head(printable(file.name), _what(file), file.verdict, _for(report, [file]))
    yield from _table([*_needs(file, everything), *_where(file, file.policy), *_notes(file)], 2)
    for verdict in file.images:
        yield from _image(verdict, file, 2)
    yield from _advice([file])


def _several(report: AuditReport, everything: bool) -> Iterator[str]:
    """An archive or a folder: what all need together, then the files that matter."""
    yield _head(printable(report.path), _whole(report), report.verdict, _for(report, report.files))
    yield from _table(_where(report, report.policy), 2)
    told = _worth_telling(report, everything)
    notes = Counter(text for file in told for _, text in _notes(file))
    for file in told:
        yield f"  {_mark(file.verdict)}{paint(printable(file.member or file.name), 'bold')}   {_what(file)}"
        own = [note for note in _notes(file) if notes[note[1]] == 1]
        yield from _table([*_needs(file, everything), *own], 4)
        for verdict in file.images:
            yield from _image(verdict, file, 4)
    yield from _left(report, told)
    shared = [(f"note ({count} files)", text) for text, count in notes.items() if count > 1]
    yield from _table(shared, 2)
    yield from _others(report, everything)
    yield from _advice(told)


def _left(report: AuditReport, told: Sequence[AuditedFile]) -> Iterator[str]:
    """How many files are not told one by one."""
    left = len(report.files) - len(told)
    worse = sum(map(_is_bad, report.files)) - sum(map(_is_bad, told))
    if worse:
        of = (
            f", {worse} of them refused or damaged too"
            if worse < left
            else " that are refused or damaged too"
        )
        yield f"  and {left} more{of} (--all names every file)"
    elif left:
        yield f"  and {left} more, which ask{'s' if left == 1 else ''} for nothing newer (--all names every file)"


def _is_bad(file: AuditedFile) -> bool:
    return file.verdict == REFUSED or file.kind == "damaged"


def _whole(report: AuditReport) -> str:
    parts = [report.kind]
    if not report.files:
        parts.append("no ELF programs or libraries")
    else:
        count = len(report.files)
        parts.append(f"{count} ELF file{'s' if count > 1 else ''}")
    if report.summary:
        parts.append(f"needs {report.summary}" if report.newest else report.summary)
    return ", ".join(parts)


def _head(name: str, what: str, verdict: str, asked: str) -> str:
    mark = ""
    if verdict == REFUSED:
        mark = f"{paint('✗', 'red')} not for {asked}"
    elif verdict == FITS:
        mark = f"{paint('✓', 'green')} {asked}"
    line = f"{paint(name, 'bold')}   {printable(what)}"
    if not mark:
        return line
    plain = f"{name}   {printable(what)}"
    gap = WIDTH - width(plain) - width(f"x not for {asked}")
    return f"{line}{' ' * gap}{mark}" if gap >= CLOSEST else f"{line}\n  {mark}"


def _for(report: AuditReport, files: Sequence[AuditedFile]) -> str:
    """What files were held against, in words; what refuses them where something does."""
    images = [one for file in files for one in file.images if not one.why]
    targets = [report.target] if report.target else []
    if any(file.verdict == REFUSED for file in files):
        images = [one for one in images if not one.starts]
        lacks = any(need.fits is False and not need.weak for file in files for need in file.needs)
        misses = any(remark.kind == "target" for file in files for remark in file.remarks)
        targets = targets if lacks or misses else []
    return ", ".join(dict.fromkeys([*targets, *(one.image for one in images)]))


def _worth_telling(report: AuditReport, everything: bool) -> Sequence[AuditedFile]:
    """The files that are told one by one: those refused or damaged, else the ones that need the newest versions."""
    if everything or len(report.files) <= 1:
        return report.files
    chosen = [file for file in report.files if _is_bad(file)]
    if not chosen:
        newest = report.newest.items()
        chosen = [file for file in report.files if any(file.newest.get(kind) == n for kind, n in newest)]
    return (chosen or list(report.files))[:MAX_FILES]


def _needs(file: AuditedFile, everything: bool) -> list[tuple[str, str]]:
    return [(need.version, _symbols(need, everything)) for need in _causes(file, everything)]


def _where(judged: AuditedFile | AuditReport, policy: str) -> Iterator[tuple[str, str]]:
    if judged.runs_on or policy:
        yield "runs on", _together([*judged.runs_on, *filter(None, [policy])])
    if judged.not_on:
        yield "not on", _not_on(judged.not_on)


def _notes(file: AuditedFile) -> Iterator[tuple[str, str]]:
    if file.why and not file.why.startswith("a "):
        yield "note", f"{file.why[:1].upper()}{file.why[1:]}."
    # What a weak reference means stands beside the symbol.
    yield from (("note", remark.text) for remark in file.remarks if remark.kind not in ("static", "weak"))


def _table(rows: Iterable[tuple[str, str]], indent: int) -> Iterator[str]:
    table = [(printable(key), text) for key, text in rows]
    wide = max((len(name) for name, _ in table), default=0)
    for key, text in table:
        shown = NO_BREAK.join(printable(part) for part in text.split(NO_BREAK))
        yield from _wrapped(f"{key.ljust(wide)}  {shown}", indent, indent + 2 + wide)


def _advice(files: Sequence[AuditedFile]) -> Iterator[str]:
    """What to do, once for all files that need the same."""
    advice = dict.fromkeys(line for file in files for line in file.advice)
    for line in list(advice):
        cxx = line.replace("zig cc", "zig c++")
        if cxx != line and cxx in advice:  # it compiles C too
            del advice[line]
    if len(advice) == 1:
        yield f"  to get there: {next(iter(advice))}"
    elif advice:
        yield "  to get there:"
        yield from (f"    {line}" for line in advice)


def _mark(verdict: str) -> str:
    marks = {REFUSED: paint("✗", "red") + " ", FITS: paint("✓", "green") + " "}
    return marks.get(verdict, "")


def _what(file: AuditedFile) -> str:
    if file.kind == "damaged":
        return file.why if file.why.startswith("a ") else "a damaged ELF file"
    arch = ARCHITECTURES.get(file.arch, file.arch)
    parts = [f"ELF {arch}{_KINDS.get(file.kind, '')}", *filter(None, [file.linkage])]
    newest = [f"{_kind(kind)} {file.newest[kind]}" for kind in _NAMED if kind in file.newest]
    if newest:
        parts.append(f"needs {' · '.join(newest)}")
    elif file.libc and not file.linkage.startswith("static"):
        parts.append(file.libc)
    return ", ".join(parts)


def _kind(kind: str) -> str:
    return "glibc" if kind == "GLIBC" else kind


def _causes(file: AuditedFile, everything: bool) -> list[NeededVersion]:
    """The versions that are told, newest first: what does not fit; without that the newest of each kind."""
    over = [need for need in file.needs if need.fits is False]
    if everything:
        over = list(file.needs)
    if not over:
        newest = {f"{kind}_{number}" for kind, number in file.newest.items() if kind in _NAMED}
        over = [need for need in file.needs if need.version in newest or not newest_of([need.version])]
    return sorted(over, key=_order)


def _order(need: NeededVersion) -> tuple[int, list[int]]:
    kind, _, number = need.version.partition("_")
    place = _NAMED.index(kind) if kind in _NAMED else len(_NAMED)
    return place, [-part for part in version_key(number)]


def _symbols(need: NeededVersion, everything: bool) -> str:
    names = [symbol.name for symbol in need.symbols]
    shown = names if everything else [_short(name) for name in names[:MAX_SYMBOLS]]
    text = ", ".join(shown)
    if len(names) > len(shown):
        text += f" and {len(names) - len(shown)} more"
    if need.weak:
        text += " (the version itself is marked weak: the loader only warns)"
    elif need.is_weak_only:
        text += " (weak, but the loader refuses it all the same)"
    if need.version == RELR:
        return "packed relocations (DT_RELR), not a symbol"
    return text or f"of {need.library}, though no symbol asks for it"


def _short(symbol: str) -> str:
    return symbol if len(symbol) <= LONGEST_SYMBOL else f"{symbol[: LONGEST_SYMBOL - 1]}…"


def _not_on(refusals: Iterable[Refusal]) -> str:
    """The systems, with what they lack where it isn't glibc."""
    return _together(refusal.system + _lacks(refusal.missing) for refusal in refusals)


def _together(names: Iterable[str]) -> str:
    """A list that is broken between names only."""
    return ", ".join(name.replace(" ", NO_BREAK) for name in names)


def _lacks(missing: Sequence[str]) -> str:
    """What a system lacks, where that is only of the C++ library."""
    cxx = [name for name in missing if name.startswith(("GLIBCXX_", "CXXABI_"))]
    return f" ({', '.join(cxx)})" if len(cxx) == len(missing) else ""


def _image(verdict: ImageVerdict, file: AuditedFile, indent: int) -> Iterator[str]:
    space = " " * indent
    where = f" ({printable(verdict.source)})"
    name = printable(verdict.image)
    if verdict.why:
        yield from _wrapped(f"? {name}{where}: {printable(verdict.why)}", indent, indent + 2)
        return
    mark = paint("✓", "green") if verdict.starts else paint("✗", "red")
    does = "loads" if verdict.starts else "does not load"
    if file.kind == "program":
        does = "starts" if verdict.starts else f"does not start, exit code {verdict.exit_code}"
    yield f"{space}{mark} {name}{where}: {does}"
    yield from (f"{space}    {printable(line)}" for line in verdict.lines)


def _others(report: AuditReport, everything: bool) -> Iterator[str]:
    shown = report.others if everything else report.others[:MAX_OTHERS]
    names = [(printable(o.name.partition("!/")[2] or o.name), printable(o.what)) for o in shown]
    yield from (paint(line, "dim") for line in columns(names, indent=2))
    if len(report.others) > len(shown):
        yield paint(f"  and {len(report.others) - len(shown)} more that are no ELF files", "dim")


def _wrapped(text: str, indent: int, hang: int) -> list[str]:
    lines = textwrap.wrap(
        text,
        WIDTH,
        initial_indent=" " * indent,
        subsequent_indent=" " * hang,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace(NO_BREAK, " ") for line in lines]
