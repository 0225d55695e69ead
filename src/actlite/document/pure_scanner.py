"""ruamel.yaml's scanner, taught what GitHub's parser does otherwise.

GitHub reads YAML with YamlDotNet 5.3.0, a descendant of libyaml, as PyYAML's C parser is libyaml itself.
ruamel.yaml knows YAML 1.2 better than either, so that it accepts what they refuse and, about tabs, the reverse.
Rules: YamlDotNet ``Core/Scanner.cs``. Importing this module loads ruamel.yaml.
"""

from __future__ import annotations

import re
from typing import Any

from ruamel.yaml.parser import Parser, ParserError
from ruamel.yaml.scanner import Scanner, ScannerError

_BREAKS = "\r\n\x85\u2028\u2029"
_ENDS = "\0 \t" + _BREAKS
_NAME = re.compile("[0-9A-Za-z_-]*")
_ESCAPES = {"'": "'"}


class GithubScanner(Scanner):
    """The scanner that ``pure_events`` uses."""

    ESCAPE_REPLACEMENTS = {**Scanner.ESCAPE_REPLACEMENTS, **_ESCAPES}

    def scan_to_next_token(self) -> None:
        """Pass white space and comments. A tab may stand wherever no indentation can."""
        reader = self.reader
        if reader.index == 0 and reader.peek() == "\ufeff":
            reader.forward()
        while True:
            while (sign := reader.peek()) == " " or (
                sign == "\t" and (self.flow_level or not self.allow_simple_key)
            ):
                reader.forward()
            if sign == "#":
                while reader.peek() not in "\0" + _BREAKS:
                    reader.forward()
            if not self.scan_line_break():
                return
            if not self.flow_level:
                self.allow_simple_key = True

    def scan_plain_spaces(self, indent: int, start_mark: Any) -> list[str] | None:
        """The white space within a plain scalar, folded; tabs are white space, but never indentation."""
        reader = self.reader
        blanks = ""
        line_break = ""
        breaks: list[str] = []
        while (sign := reader.peek()) in " \t" + _BREAKS:
            if sign in " \t":
                if line_break and sign == "\t" and reader.column < indent:
                    problem = "found a tab character that violates indentation"
                    raise ScannerError(
                        "while scanning a plain scalar", start_mark, problem, reader.get_mark()
                    )
                if not line_break:
                    blanks += sign
                reader.forward()
                continue
            found = self.scan_line_break()
            if line_break:
                breaks.append(found)
            else:
                line_break = found
                self.allow_simple_key = True
            if reader.prefix(3) in ("---", "...") and reader.peek(3) in _ENDS:
                return None
        if not line_break:
            return [blanks] if blanks else []
        if line_break != "\n":
            return [line_break, *breaks]
        return breaks or [" "]

    def scan_block_scalar_ignored_line(self, start_mark: Any) -> None:
        """What follows the sign of a block scalar on its line: white space and a comment."""
        reader = self.reader
        while reader.peek() in " \t":
            reader.forward()
        if reader.peek() == "#":
            while reader.peek() not in "\0" + _BREAKS:
                reader.forward()
        if reader.peek() not in "\0" + _BREAKS:
            problem = "did not find expected comment or line break"
            raise ScannerError("while scanning a block scalar", start_mark, problem, reader.get_mark())
        self.scan_line_break()

    def scan_block_scalar_indicators(self, start_mark: Any) -> tuple[bool | None, int | None]:
        """Chomping and indentation after ``|`` or ``>``, in either order."""
        chomping: bool | None = None
        increment: int | None = None
        for _ in range(2):
            sign = self.reader.peek()
            if sign in "+-" and chomping is None:
                chomping = sign == "+"
            elif sign in "0123456789" and increment is None:
                increment = int(sign)
            else:
                break
            if increment == 0:
                problem = "expected indentation indicator in the range 1-9, but found 0"
                raise ScannerError(
                    "while scanning a block scalar", start_mark, problem, self.reader.get_mark()
                )
            self.reader.forward()
        return chomping, increment

    def scan_block_scalar_indentation(self) -> tuple[list[str], int, Any]:
        """The empty lines that begin a block scalar, and how deep the deepest of them and the first line go."""
        reader = self.reader
        lines: list[str] = []
        deepest = 0
        end = reader.get_mark()
        while (sign := reader.peek()) in " " + _BREAKS:
            if sign == " ":
                reader.forward()
                deepest = max(deepest, reader.column)
            else:
                lines.append(self.scan_line_break())
                end = reader.get_mark()
        self.refuse_tab()
        return lines, deepest, end

    def scan_block_scalar_breaks(self, indent: int) -> tuple[list[str], Any]:
        """The empty lines within a block scalar, and the indentation of the line after them."""
        found: tuple[list[str], Any] = super().scan_block_scalar_breaks(indent)
        if self.reader.column < indent:
            self.refuse_tab()
        return found

    def refuse_tab(self) -> None:
        """Raise ScannerError where a tab comes next, in the indentation of a block scalar."""
        if self.reader.peek() == "\t":
            problem = "found a tab character where an indentation space is expected"
            raise ScannerError("while scanning a block scalar", None, problem, self.reader.get_mark())

    def scan_plain(self) -> Any:
        """A plain scalar. In a flow collection it may not end in a ':' without a space."""
        token = super().scan_plain()
        if self.flow_level and (
            ":?" in token.value
            or (
                token.value.endswith(":")
                and self.reader.index == token.end_mark.index
                and self.reader.peek() in ",[]{}"
            )
        ):
            problem = "found unexpected ':'"
            raise ScannerError(
                "while scanning a plain scalar", token.start_mark, problem, self.reader.get_mark()
            )
        return token

    def scan_anchor(self, token_class: Any) -> Any:
        """An anchor or alias: ASCII letters, digits, ``-`` and ``_``."""
        reader = self.reader
        start = reader.get_mark()
        reader.forward()
        length = 0
        while _NAME.fullmatch(reader.peek(length)) and reader.peek(length):
            length += 1
        if not length or reader.peek(length) not in _ENDS + "?:,]}%@`":
            reader.forward(length)
            problem = "did not find expected alphabetic or numeric character"
            raise ScannerError("while scanning an anchor or alias", start, problem, reader.get_mark())
        name = reader.prefix(length)
        reader.forward(length)
        return token_class(name, start, reader.get_mark())

    def scan_directive_name(self, start_mark: Any) -> Any:
        """The name of a directive: YAML or TAG, there are no others."""
        name = super().scan_directive_name(start_mark)
        if name not in ("YAML", "TAG"):
            problem = "found unknown directive name"
            raise ScannerError("while scanning a directive", start_mark, problem, start_mark)
        return name

    def scan_yaml_directive_value(self, start_mark: Any) -> Any:
        """The version of YAML: 1.1 or 1.2."""
        version = super().scan_yaml_directive_value(start_mark)
        if version not in ((1, 1), (1, 2)):
            raise ParserError(None, None, "found incompatible YAML document", start_mark)
        return (1, 2)  # 1.1 would change how the rest is read

    def check_value(self) -> bool:
        """Whether the ``:`` here ends a key: in a flow collection always, so that ``['x':y]`` is a pair."""
        return bool(self.flow_level) or super().check_value()


class _Version:
    processing_version = (1, 1)


class GithubParser(Parser):
    """The parser over that scanner. It goes by YAML 1.1, where a value without a key is refused, and so is
    a document after another one's ``...``; the scanner goes by 1.2."""

    @property
    def resolver(self) -> Any:
        """What tells the version."""
        return _Version
