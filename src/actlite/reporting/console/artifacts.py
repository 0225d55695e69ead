"""What a run has made: each artifact with its size, and what the programs in it ask of the systems they are for."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from actlite.events import ArtifactFound, Cause, FileAudit
from actlite.journal.record import RunRecord
from actlite.reporting.console.screen import Screen, foreign, path_text, row, size, wrap

FILES = 6
"""Files of an artifact that are shown; those that are refused come first."""
CAUSES = 6
"""Versions of a refused file whose symbols are shown, newest first."""
SYMBOLS = 4
"""Symbols that are named for a version."""


def refused(record: RunRecord) -> list[ArtifactFound]:
    """The artifacts that the target's systems refuse."""
    return [artifact for artifact in record.artifacts if artifact.verdict == "refused"]


def verdict_lines(record: RunRecord) -> Iterator[Text]:
    """One line at the head of the report, where an artifact is not for the target."""
    found = refused(record)
    if not found:
        return
    held = [artifact for artifact in record.artifacts if artifact.verdict in ("fits", "refused")]
    what = found[0].name if len(found) == 1 else f"{len(found)} of {len(held)} artifacts"
    text = f"{what} {'is' if len(found) == 1 else 'are'} not for the target {found[0].target}"
    yield Text.assemble(("✗", "red"), " ", foreign(text, "bold"))


def artifact_lines(record: RunRecord, screen: Screen) -> Iterator[Text]:
    """The artifacts of a run."""
    if not record.artifacts:
        return
    yield Text()
    yield Text("artifacts")
    told: set[object] = set()
    for artifact in record.artifacts:
        name = foreign(f"  {artifact.name}")
        if artifact.needs and not artifact.audited:
            name.append_text(foreign(f" · needs {artifact.needs}", "dim"))
        if artifact.uploaded:
            count = "1 file" if artifact.files == 1 else f"{artifact.files} files"
            name.append_text(foreign(f" · uploaded, {count}", "dim"))
        yield row(name, Text(size(artifact.size)), screen.width)
        yield from _files(artifact, screen, told)
        for unseen in artifact.unseen:
            yield from _indented(unseen, 4, screen, "dim")
        yield Text("    ").append_text(path_text(artifact.path, screen))


def _files(artifact: ArtifactFound, screen: Screen, told: set[object]) -> Iterator[Text]:
    """A line for each file. What a program lacks is said once, where it is also in an archive; ``told`` remembers it."""
    ordered = sorted(artifact.audited, key=lambda file: file.verdict != "refused")
    for file in ordered[:FILES]:
        yield _file(file, artifact)
        if file.verdict != "refused":
            continue
        if file.over not in told:
            told.add(file.over)
            yield from _causes(file.over, screen)
        for line in file.advice:
            if line not in told:
                told.add(line)
                yield from _indented(line, 6, screen)
    rest = ordered[FILES:]
    if rest:
        bad = sum(file.verdict == "refused" for file in rest)
        word = f", {bad} of them not for the target" if bad else ""
        yield Text(f"    … {len(rest)} more programs and libraries{word}", "dim")


def _file(file: FileAudit, artifact: ArtifactFound) -> Text:
    """``hq: glibc 2.17 ✓``."""
    name = (file.name or artifact.name).rsplit("/", 1)[-1]
    text = foreign(f"    {name}: {file.summary}")
    match file.verdict:
        case "fits":
            text.append(" ✓", "green")
        case "refused":
            text.append(" ✗", "red")
            text.append_text(foreign(f" not for {artifact.target}"))
        case _:
            more = [f"{kind} {file.newest[kind]}" for kind in ("GLIBCXX", "CXXABI") if kind in file.newest]
            more += [file.policy] if file.policy else []
            text.append_text(foreign("".join(f" · {word}" for word in more), "dim"))
    return text


def _causes(causes: tuple[Cause, ...], screen: Screen) -> Iterator[Text]:
    shown = [cause.version or cause.library for cause in causes[:CAUSES]]
    longest = max(map(len, shown), default=0)
    for version, cause in zip(shown, causes, strict=False):
        yield from _indented(f"{version:<{longest}}  {symbols(cause)}", 6, screen, hang=longest + 2)
    if len(causes) > CAUSES:
        yield Text(f"      … {len(causes) - CAUSES} more versions", "dim")


def symbols(cause: Cause) -> str:
    """The symbols that ask for a version, in one phrase."""
    if not cause.symbols:
        return "" if cause.version else "the library is not there"
    named = ", ".join(cause.symbols[:SYMBOLS])
    more = f" and {len(cause.symbols) - SYMBOLS} more" if len(cause.symbols) > SYMBOLS else ""
    weak = " (weak, but the loader refuses it all the same)" if cause.weak else ""
    return f"{named}{more}{weak}"


def _indented(text: str, depth: int, screen: Screen, style: str = "", hang: int = 0) -> Iterator[Text]:
    for part in wrap(text, screen.width - depth, hang):
        yield Text(" " * depth).append_text(foreign(part, style))
