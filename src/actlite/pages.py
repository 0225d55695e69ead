"""The pages of docs/reference/rules, read: what ``actlite explain`` and reports tell about a rule.

A page has a heading ``## rule-id`` for each of its rules. The pages are shipped within the package, and found
beside ``src`` in a checkout.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from actlite.records import frozen

_SECTION = re.compile(r"^## +`?([a-z0-9-]+)`?[ \t]*$", re.MULTILINE)
_BLOCK = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"\bfile=(\S+)")


@frozen
class Example:
    """A fenced block of YAML. ``word`` is bad, good, or '' for a file that goes with the example before it."""

    word: str
    file: str
    """The name of the file; '' for a workflow of any name."""
    text: str
    words: tuple[str, ...] = ()
    """All words behind the language: what the block is an example of, and how its file is made."""


@frozen
class Section:
    """What a page says about one rule."""

    rule: str
    text: str
    """As it is written, without the heading."""

    @property
    def examples(self) -> tuple[Example, ...]:
        """The blocks of YAML, in their order."""
        found = []
        for match in _BLOCK.finditer(self.text):
            if match[1] not in ("yaml", "yml"):
                continue
            words = match[2].split()
            file = _FILE.search(match[2])
            word = next((word for word in words if word in ("bad", "good")), "")
            if word or file:
                found.append(Example(word, file[1] if file else "", match[3], tuple(words)))
        return tuple(found)

    @property
    def plain(self) -> str:
        """For a terminal: code is set in by four columns."""
        return _BLOCK.sub(_indented, self.text).strip()


def _indented(match: re.Match[str]) -> str:
    name = _FILE.search(match[2])
    lines = [f"    # {name[1]}"] if name else []
    lines += [f"    {line}" if line else "" for line in match[3].splitlines()]
    return "\n".join(lines)


def folder() -> Path | None:
    """The folder with the pages; None where they were not shipped."""
    package = Path(__file__).parent
    for candidate in (package / "reference" / "rules", package.parents[1] / "docs" / "reference" / "rules"):
        if candidate.is_dir():
            return candidate
    return None


def sections(page: Path) -> tuple[Section, ...]:
    """The sections of a page. Raises OSError."""
    text = page.read_text("utf-8")
    marks = list(_SECTION.finditer(text))
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    return tuple(
        Section(mark[1], text[mark.end() : end].strip()) for mark, end in zip(marks, ends, strict=True)
    )


@cache
def all_sections() -> dict[str, Section]:
    """The section of every rule that has one."""
    place = folder()
    if place is None:
        return {}
    return {section.rule: section for page in sorted(place.glob("*.md")) for section in sections(page)}
