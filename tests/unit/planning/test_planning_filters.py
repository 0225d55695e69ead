"""GitHub's filter patterns: its documentation's table, the rules one by one, and an independent matcher."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable

import pytest

from actlite.planning import filters
from actlite.planning.filters import BadPattern, included, matcher, matching_pattern
from actlite.workflow.patterns import read_pattern

Effort = Callable[[int, int], int]
Figure = Callable[[str, str], None]

CHEAT_SHEET = [
    # Branches and tags
    (["feature/*"], ["feature/my-branch", "feature/your-branch"], ["feature/a/b", "feature", "x/feature/a"]),
    (["feature/**"], ["feature/beta-a/my-branch", "feature/your-branch", "feature/mona/the/octocat"], ["feature"]),
    (["main", "releases/mona-the-octocat"], ["main", "releases/mona-the-octocat"], ["Main", "main2", "releases/mona"]),
    (["*"], ["main", "releases"], ["all/the/branches"]),
    (["**"], ["all/the/branches", "every/tag", "main"], []),
    (["*feature"], ["mona-feature", "feature", "ver-10-feature"], ["a/feature", "features"]),
    (["v2*"], ["v2", "v2.0", "v2.9"], ["v1", "v2/1", "xv2"]),
    (["v[12].[0-9]+.[0-9]+"], ["v1.10.1", "v2.0.0"], ["v3.0.0", "v1.0", "v1.0.x", "v1a0a0"]),
    # Paths
    (["*"], ["README.md", "server.rb", ".hidden"], ["src/server.rb"]),
    (["*.jsx?"], ["page.js", "page.jsx"], ["page.jsxx", "src/page.js"]),
    (["**"], ["all/the/files.md", ".github/workflows/ci.yml"], []),
    (["*.js"], ["app.js", "index.js"], ["js/index.js"]),
    (["**.js"], ["index.js", "js/index.js", "src/js/app.js"], ["index.jsx"]),
    (["docs/*"], ["docs/README.md", "docs/file.txt"], ["docs/a/b.md", "README.md"]),
    (["docs/**"], ["docs/README.md", "docs/mona/octocat.txt"], ["a/docs/README.md"]),
    (["docs/**/*.md"], ["docs/README.md", "docs/mona/hello-world.md", "docs/a/markdown/file.md"],
     ["README.md", "docs.md", "docs/a.txt"]),
    (["**/docs/**"], ["docs/hello.md", "dir/docs/my-file.txt", "space/docs/plan/space.doc"], ["mydocs/a", "docs"]),
    (["**/README.md"], ["README.md", "js/README.md"], ["aREADME.md", "README.md/x"]),
    (["**/*src/**"], ["a/src/app.js", "my-src/code/js/app.js", "src/x"], ["src", "a/srcs/x"]),
    (["**/*-post.md"], ["my-post.md", "path/their-post.md"], ["post.md"]),
    (["**/migrate-*.sql"], ["migrate-10909.sql", "db/migrate-v1.0.sql", "db/sept/migrate-v1.sql"],
     ["db/migrate-a/b.sql"]),
    (["*.md", "!README.md"], ["hello.md"], ["README.md", "docs/hello.md"]),
    (["*.md", "!README.md", "README*"], ["hello.md", "README.md", "README.doc"], ["docs/hello.md"]),
    # The characters by themselves
    (["Octo*"], ["Octocat", "Octo"], ["octocat"]),
    (["[0-9a-z]"], ["7", "q"], ["Q", "77"]),
    (["[CB]at"], ["Cat", "Bat"], ["cat", "at"]),
    (["[1-2]00"], ["100", "200"], ["300"]),
]  # fmt: skip


@pytest.mark.parametrize(("patterns", "yes", "no"), CHEAT_SHEET, ids=[str(row[0]) for row in CHEAT_SHEET])
def test_the_table_of_the_documentation(patterns: list[str], yes: list[str], no: list[str]) -> None:
    assert [name for name in yes if not included(name, patterns)] == []
    assert [name for name in no if included(name, patterns)] == []


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("v*", ["v1", "v"], ["v/1"]),
        ("v**", ["v/1", "v1"], ["x"]),
        ("a\\*b", ["a*b"], ["axb"]),
        ("a+", ["a", "aaa"], ["", "b"]),
        ("v[0-9]", ["v1"], ["v10"]),
        ("a.b", ["a.b"], ["axb"]),
        ("[^x]", ["^", "x"], ["y"]),
        ("[a-]", ["a", "-"], ["b"]),
        ("a?b?c", ["c", "ac", "bc", "abc"], ["abbc", "ab"]),
        ("a!b", ["a!b"], ["ab"]),
        ("a/**/b", ["a/b", "a/x/b", "a/x/y/b"], ["a/xb", "ab"]),
        ("a/**b", ["a/b", "a/x/b", "a/xb"], ["ab"]),
        ("a***b", ["ab", "a/b"], ["a"]),
        ("é+", ["é", "éé"], ["e"]),
    ],
)
def test_pattern(pattern: str, yes: list[str], no: list[str]) -> None:
    assert [name for name in yes if not included(name, [pattern])] == []
    assert [name for name in no if included(name, [pattern])] == []


@pytest.mark.parametrize(
    ("patterns", "name", "expected"),
    [
        (["v*", "!v*-rc"], "v1-rc", False),
        (["v*", "!v*-rc"], "v1", True),
        (["!v*-rc", "v*"], "v1-rc", True),
        (["v*", "!v1*", "v1.2"], "v1.2", True),
        (["!v1"], "v2", False),
        ([], "v1", False),
        (["\\!important"], "!important", True),
        (["**", "!!x"], "!x", False),
    ],
)
def test_the_last_pattern_that_matches_decides(patterns: list[str], name: str, expected: bool) -> None:
    assert included(name, patterns) is expected


def test_the_deciding_pattern_is_named() -> None:
    assert matching_pattern("v1-rc", ["v*", "!*-rc"]) == "!*-rc"
    assert matching_pattern("x", ["v*"]) is None


@pytest.mark.parametrize(
    ("pattern", "place"),
    [("?a", (0, 1)), ("+", (0, 1)), ("*+", (1, 2)), ("a++", (2, 3)), ("[a", (0, 2)), ("x[]", (1, 3)),
     ("a\\", (1, 2)), ("[z-a]", (1, 4)), ("!?", (1, 2))],
)  # fmt: skip
def test_patterns_that_mean_nothing(pattern: str, place: tuple[int, int]) -> None:
    with pytest.raises(BadPattern) as caught:
        matcher(pattern)
    assert (caught.value.start, caught.value.end) == place


def test_no_pattern_takes_for_ever() -> None:
    started = time.perf_counter()
    for pattern in ("**a" * 40 + "b", "a+" * 60 + "b", "**/" * 60 + "b", "*a" * 60 + "b"):
        assert not included("a" * 3000, [pattern])
    assert time.perf_counter() - started < 5


def slow(pattern: str, name: str, at_start: bool = True) -> bool:
    """The rules as they are told, by trying everything; with a reading of the pattern of its own."""
    if not pattern:
        return not name
    folders = re.match(r"\*\*+/", pattern)
    if folders and at_start:
        cuts = [0, *(cut + 1 for cut, char in enumerate(name) if char == "/")]
        return any(slow(pattern[folders.end() :], name[cut:]) for cut in cuts)
    stars = re.match(r"\*+", pattern)
    if stars:
        ends = [end for end in range(len(name) + 1) if stars.end() > 1 or "/" not in name[:end]]
        return any(slow(pattern[stars.end() :], name[end:], False) for end in ends)
    unit = re.match(r"\\.|\[[^\]]+\]|.", pattern, re.DOTALL)
    assert unit is not None
    text, rest = unit[0], pattern[unit.end() :]
    members = set(text[-1:])
    if text.startswith("["):
        parts = re.findall(r".-.|.", text[1:-1], re.DOTALL)
        members = {chr(c) for part in parts for c in range(ord(part[0]), ord(part[-1]) + 1)}
    count = len(name) - len(name.lstrip("".join(members)))
    if rest[:1] == "?":
        return any(slow(rest[1:], name[end:], False) for end in range(min(count, 1) + 1))
    if rest[:1] == "+":
        return any(slow(rest[1:], name[end:], False) for end in range(1, count + 1))
    return count > 0 and slow(rest, name[1:], text[-1] == "/")


@pytest.mark.long
def test_an_independent_matcher_agrees(
    monkeypatch: pytest.MonkeyPatch, seed: int, effort: Effort, figure: Figure
) -> None:
    """Both ways of matching against trying everything."""
    chance = random.Random(seed)
    units = [*"aab/.", "*", "**", "/**/", "**/", "?", "+", "[ab]", "[a-c]", "[.]", "\\*", "\\a"]
    tried = matched = 0
    for _ in range(effort(3_000, 60_000)):
        pattern = "".join(chance.choices(units, k=chance.randint(1, 6)))
        try:
            read_pattern(pattern)
        except BadPattern:
            continue
        for _ in range(4):
            name = "".join(chance.choices("aaab//c.*", k=chance.randint(0, 6)))
            expected = slow(pattern, name)
            for limit in (10**9, 0):
                monkeypatch.setattr(filters, "MAX_WORK", limit)
                assert matcher(pattern)(name) is expected, (pattern, name)
            tried += 1
            matched += expected
    assert matched > tried / 20
    figure("Planning", f"{tried:,} patterns and names against a matcher that tries everything: all agree")


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("**a**a**a**b", "a" * 4000),
        ("*a*a*b", "a" * 4000),
        ("a+a+a+b", "a" * 4000),
        ("a?" * 30 + "a" * 30 + "b", "a" * 60),
    ],
)
def test_few_parts_that_repeat_take_no_longer(pattern: str, name: str) -> None:
    start = time.process_time()
    assert not matcher(pattern)(name)
    assert matcher(pattern)(name + "b")
    assert time.process_time() - start < 2
