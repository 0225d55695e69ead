"""What GitHub's own parser in TypeScript (npm ``@actions/workflow-parser``) says of workflows, compared with ours.

The two may differ only by the rules below. Each was judged against the C# of actions/runner
(Sdk/WorkflowParser), which decides: the TypeScript serves editors.

* The C# checks what TypeScript leaves alone (``ONLY_OURS``): the form of a step's ``uses``, tags of YAML that a
  value does not fit, lengths and names of groups, expressions for keys of ``runs-on`` and ``concurrency``, images
  that are only ``docker://``, matrices. TypeScript then has no error there.
* TypeScript refuses what the C# takes (``ONLY_THEIRS``): an expression where its editor model wants a mapping.
* After an error TypeScript goes on with what is left, and tells what follows from it (``AFTERWARDS``): no job to
  begin with, no step. It reads jobs whose id is an expression, which the C# skips.
* We tell a fault once (``FOLLOWS``): not a key that is missing because another was misspelt, nor each key where
  keys of two kinds of mappings are in one, nor what follows from ``<<`` for keys that were to be merged.
* TypeScript places what can't stand inside ``parallel`` at the step, and a fault in an expression at the beginning
  of its text; we at the key, and at the line of the faulty part (``IN_EXPRESSIONS``).
* Whatever stands in a value that GitHub passes over, it does not look at; of duplicate keys there we tell too.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from actlite.diagnostics import Diagnostic
from actlite.workflow.validate import NO_MERGE_KEYS

BRIDGE = Path(__file__).with_name("workflows.mjs")
Error = tuple[int, str]
"""A line, 0 where none is told, and a message."""

ONLY_OURS = frozenset(
    {"uses-format", "yaml-value", "yaml-tag", "missing-image", "invalid-matrix", "concurrency-group"}
    | {"concurrency-conflict", "runner-group", "image-version"}
)
"""Rules for what the C# refuses and TypeScript takes."""

ONLY_THEIRS = re.compile(
    "Unexpected type '(BasicExpressionToken|InsertExpressionToken|StringToken)' encountered while reading '"
    "(step env|job env|job outputs|uses-with value|uses-secrets value|services?( key)?)|raw.indexOf is not a function"
)
"""What TypeScript refuses and the C# takes; the last is a fault of TypeScript's own, on keys that are numbers."""

_AFTERWARDS = (
    "The workflow must contain at least one job with no dependencies|Expected one of uses, run|"
    "Unexpected type '|Invalid format for |Job '.*' depends on |Step references unknown step ID|The value of "
    "'wait-all' must be|"
    ".* not allowed inside a parallel block|Nested 'parallel' blocks are not allowed"
)
AFTERWARDS = re.compile(_AFTERWARDS)
"""What TypeScript tells when it has given up a job or a step, or of a job that the C# passes over."""
FOLLOWS = re.compile(
    "Required property is missing: |There's not enough info to determine what you meant|Unexpected value |"
    "Container image cannot be empty|" + _AFTERWARDS
)
"""What may follow from another fault."""

EXTRA = frozenset(
    {"yaml-duplicate-key", "unknown-need", "no-first-job", "needs-cycle", "step-target", "step-id", "job-id"}
)
"""What we tell besides another fault, and TypeScript does not: it has given up the job or the list by then."""

IN_EXPRESSIONS = ("expression-", "unknown-context", "unknown-function")
"""How the rules begin whose findings may stand on a later line of a text."""


def ask(texts: Sequence[str]) -> list[list[Error]]:
    """Their errors for each text. Raises CalledProcessError where the bridge fails."""
    asked = "".join(json.dumps(text) + "\n" for text in texts)
    done = subprocess.run(["node", str(BRIDGE)], input=asked, capture_output=True, text=True, check=True)
    return [[(line, message) for line, message in json.loads(answer)] for answer in done.stdout.splitlines()]


def difference(theirs: Sequence[Error], ours: Sequence[Diagnostic]) -> str | None:
    """What differs in the verdict or in the lines, in words; None where nothing does, but by the rules above."""
    told = [error for error in theirs if not ONLY_THEIRS.match(error[1])]
    if len(told) < len(theirs) and all(AFTERWARDS.match(message) for _, message in told):
        told = []
    if ours and ours[0].code == "yaml-syntax" and told:
        return None  # not YAML: TypeScript's parser tells of every such fault, ours and GitHub's of the first
    strict = [
        found
        for found in ours
        if found.code not in ONLY_OURS and not found.message.startswith("Unexpected type '")
    ]
    if not told:
        extra = [found for found in strict if not theirs or found.code not in EXTRA]
        return f"only ours: {extra[0].render()}" if extra else None
    if not ours:
        return f"only theirs: {told[0]}"
    if any(found.help == NO_MERGE_KEYS for found in strict):
        return None  # one finding for keys that were to be merged; TypeScript tells what is wrong with each
    if any(message.startswith("The identifier '${{") for _, message in told):
        return (
            None  # a job whose id is an expression: the C# skips it (TemplateReader.cs), TypeScript reads on
        )
    our_lines = {_line(found) for found in ours}
    inner = {_line(found) for found in strict if found.code.startswith(IN_EXPRESSIONS)}
    their_lines = {line for line, _ in told}
    for line, message in told:
        if line and line not in our_lines and not FOLLOWS.match(message) and not _just_before(line, inner):
            return f"only theirs: line {line}, {message}"
    if len(strict) < len(ours):
        return None  # after such a fault we tell what TypeScript, which took it, has no reason to tell
    given_up = any(message.startswith("Unexpected type '") for _, message in theirs)
    for found in strict:
        line = _line(found)
        if line in their_lines or found.code in EXTRA:
            continue
        if given_up and found.code.startswith(IN_EXPRESSIONS):
            continue  # a condition, which TypeScript reads last
        if not (line in inner and any(_just_before(other, {line}) for other in their_lines)):
            return f"only ours: {found.render()}"
    return None


def _line(found: Diagnostic) -> int:
    return found.span.line if found.span else 0


def _just_before(line: int, lines: set[int]) -> bool:
    """Whether one of the lines is within the short texts that our workflows hold, if one begins at ``line``."""
    return any(0 < other - line <= 2 for other in lines)
