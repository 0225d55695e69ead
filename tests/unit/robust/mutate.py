"""Mutants of workflows: by bytes, by lines, by tokens, by values that do harm, and two files spliced."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

SIGNS = [
    "'", '"', ":", ": ", "#", " #", "- ", "[", "]", "{", "}", ",", "\n", "\t", "  ", "&a ", "*a", "!!str ", "!!int ",
    "|", ">", "?", "? ", "\\", "\r\n", "\r", "---\n", "...\n", "%YAML 1.1\n", "é", "\U0001f600", "\u2028", "\x85",
    "\ufeff", "\x00", "\x07", "\x1b[31m", "\x7f", "\u202e", "\u0301", "@", "`", "~", "<<: *a", "${{", "}}", "!",
]  # fmt: skip
VALUES = [
    "", "~", "null", "true", "false", "[]", "{}", "[[]]", "[{}]", "0", "-1", "1e999", "0x1F", "0o17", ".nan", "-.inf",
    "99999999999999999999", "1.5", "''", "' '", "x" * 300, "[a, b, [c]]", "{a: b}", "{a: {b: {c: [d]}}}", "*a", "&a x",
    "${{ x }}", "${{ github.ref }}", "${{ fromJSON('[1,2]') }}", "${{ fromJSON('{') }}", "${{ matrix }}", "${{ needs }}",
    "${{ needs.a.outputs.b }}", "${{ steps.x.outputs.y }}", "${{ inputs.a && secrets.b || vars.c }}", "${{ insert }}",
    "${{ format('{0}{1}', 1) }}", "${{ ((((((1)))))) }}", "${{ !!!!true }}", "${{ a.*.b[0]['c'] }}", "${{ '", "${{ 'a''b' }}",
    "${{ hashFiles('**') }}", "${{ case(true, 1, 2) }}", "${{ 1 < 'a' }}", "x ${{ 1 }} y ${{ 2 }}", "always()", "a && b",
    "./.github/workflows/a.yml", "./a", "../a", "docker://x", "owner/repo@v1", "owner/repo", "$/x", "a@", "@b",
    "ubuntu-latest", "self-hosted", "write-all", "read-all", "inherit", "v[0-9", "**/*", "!x", "[a-z]+", "a**?+b", "\\",
    "0 0 * * *", "* * * * * *", "61 25 32 13 8", "../../../../etc/passwd", "con", "__x", "a b", "\U0001f600",
]  # fmt: skip
KEYS = [
    "on", "jobs", "name", "env", "defaults", "permissions", "concurrency", "run-name", "needs", "if", "runs-on",
    "strategy", "matrix", "include", "exclude", "fail-fast", "max-parallel", "steps", "uses", "run", "with", "id",
    "shell", "working-directory", "continue-on-error", "timeout-minutes", "container", "services", "image", "options",
    "ports", "volumes", "credentials", "outputs", "secrets", "environment", "inputs", "workflow_call",
    "workflow_dispatch", "push", "pull_request", "schedule", "branches", "tags", "paths", "types", "group",
    "cancel-in-progress", "background", "wait", "parallel", "snapshot", "<<", "${{ insert }}", "x", "1", "~", "''",
]  # fmt: skip
_PAIR = re.compile(r"(?m)^([ -]*)([\w-]+)(: *)(.*)$")
_WORD = re.compile(r"[\w.-]+")

Step = Callable[[str, random.Random], str]


def mutant(seeds: Sequence[str], seed: str) -> str:
    """One mutant; the same for the same seeds and seed."""
    rng = random.Random(seed)
    text = rng.choice(seeds)
    if rng.random() < 0.1:
        text = _splice(text, rng.choice(seeds), rng)
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 5, 10))):
        text = rng.choice(STEPS)(text, rng)
    return text


def _splice(text: str, other: str, rng: random.Random) -> str:
    lines, others = text.splitlines(True), other.splitlines(True)
    at, start = rng.randrange(len(lines) + 1), rng.randrange(len(others) + 1)
    return "".join(lines[:at] + others[start : start + rng.choice((1, 5, 40, 1000))] + lines[at:])


def _sign(text: str, rng: random.Random) -> str:
    at = rng.randrange(len(text) + 1)
    return text[:at] + rng.choice(SIGNS) + text[at + rng.choice((0, 0, 1, 3)) :]


def _characters(text: str, rng: random.Random) -> str:
    at = rng.randrange(len(text) + 1)
    return text[:at] + text[at + rng.choice((1, 1, 2, 10, 100)) :]


def _byte(text: str, rng: random.Random) -> str:
    data = bytearray(text.encode("utf-8", "surrogatepass"))
    if data:
        data[rng.randrange(len(data))] = rng.randrange(256)
    return data.decode("utf-8", "replace")


def _lines(text: str, rng: random.Random) -> str:
    lines = text.splitlines(True)
    if not lines:
        return text
    at, count = rng.randrange(len(lines)), rng.choice((1, 1, 1, 2, 5))
    part = lines[at : at + count]
    to = rng.randrange(len(lines))
    action = rng.randrange(5)
    if action == 0:
        del lines[at : at + count]
    elif action == 1:
        lines[at:at] = part
    elif action == 2:
        lines[to:to] = part
    elif action == 3:
        lines[at], lines[to] = lines[to], lines[at]
    else:
        shift = rng.choice((-4, -2, -1, 1, 2, 4))
        lines[at : at + count] = [" " * shift + line if shift > 0 else line[-shift:] for line in part]
    return "".join(lines)


def _value(text: str, rng: random.Random) -> str:
    pairs = list(_PAIR.finditer(text))
    if not pairs:
        return text + rng.choice(VALUES)
    found = rng.choice(pairs)
    value = rng.choice(VALUES) if rng.random() < 0.8 else rng.choice(pairs)[4]
    return f"{text[: found.start(3)]}: {value}{text[found.end() :]}"


def _key(text: str, rng: random.Random) -> str:
    pairs = list(_PAIR.finditer(text))
    if not pairs:
        return text
    found = rng.choice(pairs)
    key = rng.choice(KEYS) if rng.random() < 0.7 else rng.choice(pairs)[2]
    if rng.random() < 0.4:
        indent = re.sub("-", " ", found[1])
        line = f"{indent}{key}: {rng.choice(VALUES)}\n"
        at = min(found.end() + 1, len(text))
        return text[:at] + line + text[at:]
    return text[: found.start(2)] + key + text[found.end(2) :]


def _expression(text: str, rng: random.Random) -> str:
    words = list(_WORD.finditer(text))
    if not words:
        return text
    found = rng.choice(words)
    return f"{text[: found.start()]}{rng.choice(VALUES)}{text[found.end() :]}"


def _nest(text: str, rng: random.Random) -> str:
    at = rng.randrange(len(text) + 1)
    depth = rng.choice((3, 10, 49, 51, 200, 2000))
    opening, closing = rng.choice((("[", "]"), ("{a: ", "}"), ("${{ (", ") }}"), ("- ", ""), ("((", "))")))
    return text[:at] + opening * depth + "x" + closing * depth + text[at:]


STEPS: tuple[Step, ...] = (
    _sign, _sign, _characters, _byte, _lines, _lines, _lines, _value, _value, _value, _key, _key, _expression, _nest,
)  # fmt: skip
