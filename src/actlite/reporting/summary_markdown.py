"""Step summaries as Markdown alone: the HTML in them, which ``core.summary`` of GitHub's toolkit writes, made Markdown.

GitHub shows both. What a page can show and text can't is told in words (images) or unfolded (details).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser

_CODE = re.compile(r"^(?P<fence>```+|~~~+).*?^(?P=fence)[ \t]*$|`[^`\n]+`", re.DOTALL | re.MULTILINE)
_TAG = re.compile(r"<(?:[A-Za-z/!]|$)")
_BLANK_LINES = re.compile(r"\n{3,}")
_MARKS = {
    "b": "**",
    "strong": "**",
    "i": "*",
    "em": "*",
    "del": "~~",
    "s": "~~",
    "strike": "~~",
    "q": '"',
    "code": "`",
}
_BLOCKS = frozenset({"p", "div", "section", "center", "dl", "dt", "dd", "figure"})
_HEADINGS = {f"h{level}": f"{'#' * level} " for level in range(1, 7)}
_ENDED_BY = {
    "td": (("td", "th"), ("table",)),
    "th": (("td", "th"), ("table",)),
    "tr": (("td", "th"), ("table",)),
    "li": (("li",), ("ul", "ol")),
    "p": (("p",), ("td", "th", "li", "div", "blockquote", "details")),
}
"""Elements that end where another begins, unless one of the others lies between."""
_SILENT = frozenset({"script", "style"})
MAX_DEPTH = 40
"""How deep elements may lie in each other; what is deeper is shown where it comes."""


def as_markdown(text: str) -> str:
    """The text with its HTML made Markdown; the same text when it has none."""
    if not _TAG.search(text):
        return text
    writer = _Writer()
    at = 0
    for code in _CODE.finditer(text):
        writer.feed(text[at : code.start()])
        writer.flush_text()
        writer.put(code[0])
        at = code.end()
    writer.feed(text[at:])
    writer.close()
    return _BLANK_LINES.sub("\n\n", writer.result()).strip("\n") + "\n"


class _Writer(HTMLParser):
    """Writes Markdown; what lies in a table, a list, a quotation or a code block is gathered first."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[list[str]] = [[]]
        self._ends: list[tuple[str, Callable[[str], str]]] = []
        self._rows: list[list[str]] = []
        self._lists: list[str] = []
        self._silent = 0

    def put(self, text: str) -> None:
        """Add Markdown as it is."""
        if not self._silent:
            self._parts[-1].append(text)

    def flush_text(self) -> None:
        """Take what the parser holds back for want of more text."""
        rest, self.rawdata = self.rawdata, ""
        self.put(rest)

    def result(self) -> str:
        """The whole; elements that were never closed end here."""
        while self._ends:
            self._end(self._ends[-1][0])
        return "".join(self._parts[0])

    def handle_data(self, data: str) -> None:
        self.put(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag in _SILENT:
            self._silent += 1
        elif tag in ("br", "hr", "img"):
            self.put(
                {"br": "  \n", "hr": "\n\n---\n\n"}.get(tag)
                or f"[image: {values.get('alt') or values.get('src', '')}]"
            )
        elif len(self._ends) < MAX_DEPTH:
            self._start(tag, values)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("br", "hr", "img"):
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif any(name == tag for name, _ in self._ends):
            while self._end(self._ends[-1][0]) != tag:
                pass

    def _start(self, tag: str, values: dict[str, str]) -> None:
        self._end_before(tag)
        if tag == "table":
            self._rows = []
        elif tag == "tr":
            self._rows.append([])
        elif tag in ("ul", "ol"):
            self._lists.append("1. " if tag == "ol" else "- ")
        end = self._shape(tag, values)
        if end is not None:
            self._ends.append((tag, end))
            self._parts.append([])

    def _end_before(self, tag: str) -> None:
        """End what ends by itself when the next of its kind begins."""
        ended, within = _ENDED_BY.get(tag, ((), ()))
        open_tags = [name for name, _ in self._ends]
        for place in range(len(open_tags) - 1, -1, -1):
            if open_tags[place] in within:
                return
            if open_tags[place] in ended:
                while len(self._ends) > place:
                    self._end(self._ends[-1][0])
                return

    def _end(self, tag: str) -> str:
        """End the innermost element, which has this tag."""
        _, shape = self._ends.pop()
        self._parts[-2:] = [[*self._parts[-2], shape("".join(self._parts[-1]))]]
        if tag in ("ul", "ol"):
            self._lists.pop()
        return tag

    def _shape(self, tag: str, values: dict[str, str]) -> Callable[[str], str] | None:
        """What makes Markdown of an element's content; None for elements that say nothing."""
        if tag in _HEADINGS:
            return lambda text: f"\n\n{_HEADINGS[tag]}{_flat(text)}\n\n"
        if tag in _BLOCKS:
            return lambda text: f"\n\n{text.strip()}\n\n"
        if tag == "pre":
            return lambda text: f"\n\n```\n{text.strip('`').strip(chr(10))}\n```\n\n"
        if tag in _MARKS:
            mark = "" if any(name == "pre" for name, _ in self._ends) else _MARKS[tag]
            return lambda text: f"{mark}{text}{mark}" if text.strip() else text
        if tag == "a":
            address = values.get("href", "")
            return lambda text: f"[{_flat(text)}]({address})" if address else text
        if tag in ("ul", "ol"):
            return lambda text: f"\n\n{text.strip(chr(10))}\n\n" if len(self._lists) == 1 else f"\n{text}"
        if tag == "li":
            sign = self._lists[-1] if self._lists else "- "
            return lambda text: _hanging(sign, text.strip()) + "\n"
        if tag == "blockquote":
            return lambda text: "\n\n" + "\n".join(f"> {line}" for line in text.strip().split("\n")) + "\n\n"
        if tag == "summary":
            return lambda text: f"\n\n▸ **{_flat(text)}**\n\n"
        if tag == "details":
            return lambda text: f"\n\n{text.strip()}\n\n"
        if tag in ("th", "td"):
            return self._cell
        if tag == "table":
            return lambda _: self._table()
        return None

    def _cell(self, text: str) -> str:
        if not self._rows:
            self._rows.append([])
        self._rows[-1].append(_flat(text).replace("|", "\\|"))
        return ""

    def _table(self) -> str:
        rows = [row for row in self._rows if row]
        self._rows = []
        if not rows:
            return ""
        width = max(map(len, rows))
        lines = [" | ".join([*row, *[""] * (width - len(row))]) for row in rows]
        ruled = [lines[0], " | ".join(["---"] * width), *lines[1:]]
        return "\n\n" + "\n".join(f"| {line} |" for line in ruled) + "\n\n"


def _flat(text: str) -> str:
    return " ".join(text.split())


def _hanging(sign: str, text: str) -> str:
    return sign + re.sub(r"\n(?=[^\n])", "\n" + " " * len(sign), _BLANK_LINES.sub("\n\n", text))
