"""GitHub's filter patterns; the examples follow its documentation."""

from __future__ import annotations

import pytest

from actlite.planning.filters import BadPattern, compile_pattern, included, matching_pattern


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("feature/*", ["feature/my-branch", "feature/x"], ["feature/a/b", "feature", "x/feature/a"]),
        ("feature/**", ["feature/a", "feature/a/b/c"], ["feature"]),
        ("main", ["main"], ["Main", "main2", "amain"]),
        ("*", ["main", "releases"], ["a/b"]),
        ("**", ["main", "a/b", "every/branch/and/tag"], []),
        ("*feature", ["mona-feature", "feature"], ["a/feature", "features"]),
        ("v2*", ["v2", "v2.0", "v2.9"], ["v1", "v2/1"]),
        ("v*", ["v1", "v"], ["v/1"]),
        ("v**", ["v/1", "v1"], ["x"]),
        ("v[12].[0-9]+.[0-9]+", ["v1.10.1", "v2.0.0"], ["v3.0.0", "v1.0", "v1.0.x"]),
        ("*.jsx?", ["page.js", "page.jsx"], ["page.jsxx", "a/page.js"]),
        ("**.js", ["index.js", "js/index.js", "src/js/app.js"], ["index.jsx"]),
        ("docs/*", ["docs/README.md"], ["docs/a/b.md"]),
        ("docs/**/*.md", ["docs/README.md", "docs/mona/hello-world.md", "docs/a/b/c.md"], ["README.md"]),
        ("**/docs/**", ["docs/hello.md", "dir/docs/my-file.txt", "a/docs/b/c"], ["mydocs/a"]),
        ("**/README.md", ["README.md", "js/README.md"], ["aREADME.md"]),
        ("**/*-post.md", ["my-post.md", "path/their-post.md"], ["post.md"]),
        ("a\\*b", ["a*b"], ["axb"]),
        ("a+", ["a", "aaa"], ["", "b"]),
        ("v[0-9]", ["v1"], ["v10"]),
        ("a.b", ["a.b"], ["axb"]),
        ("[^x]", ["^", "x"], ["y"]),
    ],
)
def test_pattern(pattern: str, yes: list[str], no: list[str]) -> None:
    for name in yes:
        assert included(name, [pattern]), name
    for name in no:
        assert not included(name, [pattern]), name


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
    ],
)
def test_the_last_pattern_that_matches_decides(patterns: list[str], name: str, expected: bool) -> None:
    assert included(name, patterns) is expected


def test_the_deciding_pattern_is_named() -> None:
    assert matching_pattern("v1-rc", ["v*", "!*-rc"]) == "!*-rc"
    assert matching_pattern("x", ["v*"]) is None


@pytest.mark.parametrize("pattern", ["?a", "+", "*+", "[a", "[]", "a\\", "[z-a]"])
def test_patterns_that_mean_nothing(pattern: str) -> None:
    with pytest.raises(BadPattern):
        compile_pattern(pattern)
