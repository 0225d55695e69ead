"""Matches lines against problem matchers; run as a process of its own, so that a pattern that would take for
ever can be stopped. Uses nothing but the standard library.

Requests and answers are lines of JSON. ``{"matchers": […]}`` sets the matchers, newest first, and has no
answer; a number in the list stands for the matcher that had that place until then, with what it has begun.
``{"lines": […]}`` is answered by a list of ``[line number, matcher number, fields]``.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any

FIELDS = ("file", "line", "column", "severity", "code", "message", "fromPath")
SEVERITIES = ("error", "warning", "notice")

Match = dict[str, "str | None"]


class LineMatcher:
    """One problem matcher at work (R: ``Runner.Worker/IssueMatcher.cs``).

    ``config`` has ``severity``, ``fromPath`` and ``patterns``: dicts with ``regexp`` (Python's syntax), the
    field names with group numbers, and ``loop``.
    """

    def __init__(self, config: dict[str, Any]) -> None:
        self._defaults: Match = {"severity": config["severity"], "fromPath": config["fromPath"]}
        self._patterns = [(re.compile(p["regexp"], re.ASCII), p) for p in config["patterns"]]
        self.reset()

    def reset(self) -> None:
        """Forget what earlier lines began."""
        self._running: list[Match | None] = [None] * (len(self._patterns) - 1)

    def match(self, line: str) -> Match | None:
        """What the line completes. Later patterns are tried first, each only after the one before it."""
        last = len(self._patterns) - 1
        for index in range(last, -1, -1):
            before = self._running[index - 1] if index else None
            if index and before is None:
                continue
            regexp, pattern = self._patterns[index]
            found = regexp.search(line)
            if index < last:
                self._running[index] = self._fields(before, pattern, found) if found else None
            elif found:
                self.reset()
                if pattern["loop"] and index:
                    self._running[index - 1] = before
                match = self._fields(before, pattern, found)
                for name, value in self._defaults.items():
                    match[name] = match[name] or value
                return match
            elif index:
                self._running[index - 1] = None
        return None

    @staticmethod
    def _fields(before: Match | None, pattern: dict[str, Any], found: re.Match[str]) -> Match:
        """What is known already stays; a group that took no part counts as empty, not as unknown."""
        fields: Match = {}
        for name in FIELDS:
            known = before[name] if before else None
            group = pattern.get(name)
            if known is None and group is not None:
                known = found.group(group) or ""
            fields[name] = known
        return fields


class LineMatchers:
    """All matchers at work, newest first."""

    def __init__(self, configs: list[dict[str, Any]]) -> None:
        self._matchers = [LineMatcher(config) for config in configs]

    def set(self, matchers: list[int | dict[str, Any]]) -> None:
        """Set the matchers: new ones, or the numbers of those that stay."""
        self._matchers = [self._matchers[m] if isinstance(m, int) else LineMatcher(m) for m in matchers]

    def match(self, line: str) -> tuple[int, Match] | None:
        """The first matcher that finds something worth showing, and what. Whatever one finds, the others
        begin anew (R: ``OutputManager.OnDataReceived``)."""
        for number, matcher in enumerate(self._matchers):
            found = matcher.match(line)
            if found is None:
                continue
            for other in self._matchers:
                if other is not matcher:
                    other.reset()
            severity = (found["severity"] or "error").lower()
            if (found["message"] or "").strip() and severity in SEVERITIES:
                found["severity"] = severity
                return number, found
        return None


def main() -> None:
    """Answer requests until the input ends."""
    matchers = LineMatchers([])
    for request in sys.stdin:
        data = json.loads(request)
        if "matchers" in data:
            matchers.set(data["matchers"])
            continue
        answer = []
        for number, line in enumerate(data["lines"]):
            found = matchers.match(line)
            if found is not None:
                answer.append((number, *found))
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
