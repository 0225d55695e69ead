"""What a repository's settings make of findings: the level of a rule, and files in which rules are off."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from actlite.diagnostics import Diagnostic, Severity
from actlite.planning.filters import matcher
from actlite.records import field, frozen, replace


@frozen
class Levels:
    """The settings of rules, checked before: ids, levels and patterns are good."""

    rules: Mapping[str, str] = field(default_factory=dict)
    """Rule id to one of ``rules.LEVELS``."""
    ignored: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = ()
    """Patterns of paths, as in ``paths:`` of a workflow, with the rules that are off there; () for all. A
    pattern that fits a folder fits all that is in it."""

    def apply(self, findings: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
        """The findings as they are set: some are left out, some are of another severity."""
        if not self.rules and not self.ignored:
            return tuple(findings)
        result = []
        for finding in findings:
            level = self.rules.get(finding.code, finding.severity.value)
            if level == "off" or self._is_ignored(finding):
                continue
            changed = level != finding.severity.value
            result.append(replace(finding, severity=Severity(level)) if changed else finding)
        return tuple(result)

    def _is_ignored(self, finding: Diagnostic) -> bool:
        if finding.span is None:
            return False
        path = finding.span.source.name
        return any(
            (not rules or finding.code in rules) and _matches(patterns, path)
            for patterns, rules in self.ignored
        )


def _matches(patterns: Iterable[str], path: str) -> bool:
    """Whether a pattern fits the path, or a folder that it is in."""
    parts = path.split("/")
    above = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
    return any(matcher(pattern.rstrip("/"))(name) for pattern in patterns for name in above)
