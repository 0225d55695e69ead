"""Control sequences in foreign text: what may pass to a terminal and what may not.

A job's log is written by programs that know nothing of us, and must not be able to move our cursor,
clear the screen, change the window's title, write to the clipboard or leave colours behind. The rule:

* newline and tab pass; a carriage return ends a line, as in the runner (its reader of a process's
  output takes ``\\r``, ``\\n`` and ``\\r\\n`` for line ends);
* SGR sequences (colours) pass where we colour ourselves, and are removed where we don't, so that a
  file or a pipe holds text;
* every other escape sequence is removed, whole;
* every other control character, C0 or C1, and every byte that was no UTF-8 is made visible.
"""

from __future__ import annotations

import re

_HARMFUL = bytes(b for b in range(0x20) if b not in (0x09, 0x0A)) + b"\x7f"
_C1 = re.compile(rb"\xc2[\x80-\x9f]")
_CONTROL = re.compile(
    "(?P<sgr>\x1b\\[[0-9;:]*m)"
    "|(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]"
    "|(?:\x1b[]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\\\|\x9c)"
    "|\x1b[ -/]*[0-~]"
    "|(?P<lone>[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff])"
)
_SGR = re.compile("\x1b\\[[0-9;:]*m")
_RESET = "\x1b[0m"


def harmless(text: str) -> bool:
    """Whether a text can go to a terminal as it is: two passes over its bytes, about 1 GB/s."""
    try:
        data = text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    if len(data.translate(None, _HARMFUL)) != len(data):
        return False
    return text.isascii() or _C1.search(data) is None


def clean(text: str, *, colour: bool) -> str:
    """The text with the rule above applied. Colours are ended at the end of the text."""
    if harmless(text):
        return text
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    # Most logs that aren't plain have colours and nothing else: look for those alone first.
    bare = _SGR.sub("", text)
    if harmless(bare):
        return bare if not colour or len(bare) == len(text) else _ended(text)
    if not colour:
        text = bare

    def replacement(match: re.Match[str]) -> str:
        if match["sgr"] is not None:
            return match[0] if colour else ""
        return _visible(match[0]) if match["lone"] is not None else ""

    result = _CONTROL.sub(replacement, text)
    return _ended(result) if "\x1b" in result else result


def _ended(text: str) -> str:
    return f"{text[:-1]}{_RESET}\n" if text.endswith("\n") else text + _RESET


def _visible(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that was no UTF-8
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
