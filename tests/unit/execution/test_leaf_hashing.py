"""hashFiles: which files, in which order."""

import hashlib
import itertools
import os
import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from actlite.execution.globbing import GlobError, find
from actlite.execution.hashing import HashFilesError, hash_files


def tree(root: Path, *names: str) -> Path:
    for name in names:
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    return root


def digest(*names: str) -> str:
    return hashlib.sha256(b"".join(hashlib.sha256(n.encode()).digest() for n in names)).hexdigest()


@pytest.mark.parametrize(
    ("patterns", "names"),
    [
        (["**/*.lock"], ["a/x.lock", "b.lock"]),
        (["b.lock", "a/x.lock"], ["b.lock", "a/x.lock"]),
        (["a"], ["a/.hid/y", "a/x.lock", "a/z.txt"]),
        (["a/**"], ["a/.hid/y", "a/x.lock", "a/z.txt"]),
        (["a/*.lock\n**/z.txt"], ["a/x.lock", "a/z.txt"]),
        (["**", "!a", "!**/*.lock"], ["c [d]/e", "é"]),
        (["!a", "**"], ["a/.hid/y", "a/x.lock", "a/z.txt", "b.lock", "c [d]/e", "é"]),
        (["**", "!a/", "a/z.txt"], ["a/z.txt", "b.lock", "c [d]/e", "é"]),
        (["# comment", "", "  b.lock  "], ["b.lock"]),
        (["./b.lock"], ["b.lock"]),
        (["b.lock/"], []),
        (["c \\[d\\]/e"], ["c [d]/e"]),
        (["[!a-b]*"], ["c [d]/e", "é"]),
        (["?"], ["a/.hid/y", "a/x.lock", "a/z.txt", "é"]),
        (["B.lock"], []),
        (["{b,c}.lock"], []),
        (["nope"], []),
        ([], []),
    ],
)
def test_patterns(tmp_path: Path, patterns: list[str], names: list[str]) -> None:
    tree(tmp_path, "a/x.lock", "a/z.txt", "a/.hid/y", "b.lock", "c [d]/e", "é")
    assert hash_files(tmp_path, patterns) == (digest(*names) if names else "")


def test_names_come_in_the_order_of_their_bytes(tmp_path: Path) -> None:
    tree(tmp_path, "b", "B", "a/c", "a.c", "é", "z")
    assert hash_files(tmp_path, ["*"]) == digest("B", "a/c", "a.c", "b", "z", "é")


def test_files_outside_do_not_count(tmp_path: Path) -> None:
    tree(tmp_path, "out/x", "in/y")
    assert hash_files(tmp_path / "in", [f"{tmp_path}/out/x", "y"]) == digest("in/y")


def test_the_workspace_may_go_by_another_name(tmp_path: Path) -> None:
    root = tree(tmp_path / "[x]*", "a", "b/c")
    name = "/home/runner/work/r/r"
    assert hash_files(root, [f"{name}/**", f"!{name}/a"], named=name) == digest("b/c")
    assert hash_files(root, [name], named=name) == digest("a", "b/c")
    assert hash_files(root, [f"{name}x/**"], named=name) == ""


@pytest.mark.parametrize("pattern", ["../x", "a/../x", "a/./b", "!", "a/[.][.]/b"])
def test_patterns_that_are_not_allowed(tmp_path: Path, pattern: str) -> None:
    with pytest.raises(HashFilesError, match="Fail to hash files under directory") as caught:
        hash_files(tmp_path, [pattern])
    assert caught.value.why


def test_links(tmp_path: Path) -> None:
    tree(tmp_path, "d/x", "y")
    (tmp_path / "to-file").symlink_to("y")
    (tmp_path / "to-folder").symlink_to("d")
    (tmp_path / "d" / "loop").symlink_to("..")
    assert hash_files(tmp_path, ["**"]) == digest("d/x", "y", "y")
    assert hash_files(tmp_path, ["**"], True) == digest("d/x", "y", "d/x", "y")
    (tmp_path / "broken").symlink_to("nowhere")
    with pytest.raises(HashFilesError):
        hash_files(tmp_path, ["**"])
    assert hash_files(tmp_path, ["**"], True) == digest("d/x", "y", "d/x", "y")


def test_what_could_be_read_for_ever_is_an_error(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(HashFilesError, match="not a plain file"):
        hash_files(tmp_path, ["**"])
    (tmp_path / "fifo").unlink()
    (tmp_path / "zero").symlink_to("/dev/zero")
    with pytest.raises(HashFilesError, match="not a plain file"):
        hash_files(tmp_path, ["**"])


def test_the_time_is_bounded(tmp_path: Path) -> None:
    tree(tmp_path, "a")
    ticks = itertools.count(0, 100)
    with pytest.raises(HashFilesError, match=r"hashFiles\('a''b, \*\*'\) couldn't finish within 120 seconds"):
        hash_files(tmp_path, ["a'b", "**"], clock=lambda: float(next(ticks)))


def test_many_stars_do_not_take_for_ever(tmp_path: Path) -> None:
    deep = "/".join("a" * 20)
    tree(tmp_path, f"{deep}/x")
    assert hash_files(tmp_path, ["/".join(["**", "a"] * 9 + ["nope"])]) == ""


def test_a_bad_pattern_by_itself(tmp_path: Path) -> None:
    with pytest.raises(GlobError, match="Relative pathing"):
        list(find(str(tmp_path), [".."]))


SEGMENT_TEXT = """* ** a b a* ? [ab] [!a] *.c [x] [[]x] \\[x\\] **b a? [a-c]* .* [z-a] []a] [ a[ (p) a-b
[^a] *b* \\a a\\ +(a) {a,b} x!y [^] [\\]] [a-] [] [a&&b] é [é] @ !"""
NAME_TEXT = "a b ab a.c b.c .hid [x] é A c.d x!y ^z (p) a-b ]"
SEGMENTS = SEGMENT_TEXT.split()
NAMES = NAME_TEXT.split()
DRIVER = """
const glob = require('@actions/glob');
const cases = JSON.parse(require('fs').readFileSync(0, 'utf8'));
(async () => {
  const out = [];
  for (const [patterns, follow] of cases) {
    try {
      const globber = await glob.create(patterns.join('\\n'), {followSymbolicLinks: follow});
      const files = [];
      for await (const file of globber.globGenerator()) files.push(file);
      out.push(files);
    } catch (error) { out.push(null); }
  }
  process.stdout.write('\\n' + JSON.stringify(out));
})();
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the npm package in it."""
    folder = tmp_path_factory.mktemp("npm")
    if not (shutil.which("npm") and shutil.which("node")):
        pytest.skip("npm and node are not here")
    done = subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "@actions/glob@0.4.0"],
        cwd=folder,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        pytest.skip("the npm package @actions/glob can't be had here")
    return folder


@pytest.mark.slow
def test_the_same_files_as_the_npm_package(package: Path, tmp_path: Path) -> None:
    import json

    dice = random.Random(20261123)
    root = tmp_path / "gl[ob]*"
    _grow(root, dice.sample, dice.random, 0)
    cases = []
    for _ in range(400):
        patterns = []
        for _ in range(dice.randint(1, 4)):
            pattern = "/".join(dice.choice(SEGMENTS) for _ in range(dice.randint(1, 4)))
            pattern += "/" if dice.random() < 0.15 else ""
            pattern = dice.choice(["", "", "", "", "./", f"{root}/"]) + pattern
            patterns.append("!" * (dice.random() < 0.25) + pattern)
        cases.append((patterns, dice.random() < 0.4))
    done = subprocess.run(
        ["node", "-e", DRIVER],
        cwd=root,
        env={**os.environ, "NODE_PATH": str(package / "node_modules")},
        input=json.dumps(cases).encode(),
        capture_output=True,
        check=True,
    )
    for (patterns, follow), expected in zip(cases, json.loads(done.stdout.splitlines()[-1]), strict=True):
        try:
            found = list(find(str(root), patterns, follow_symlinks=follow))
        except (GlobError, OSError):
            found = None
        assert found == expected, (patterns, follow)


def _grow(
    folder: Path, sample: Callable[[list[str], int], list[str]], chance: Callable[[], float], depth: int
) -> None:
    folder.mkdir()
    for name in sample(NAMES, 7):
        dice = chance()
        if dice < 0.35 and depth < 3:
            _grow(folder / name, sample, chance, depth + 1)
        elif dice < 0.45:
            (folder / name).symlink_to("a" if dice < 0.4 else "..")
        else:
            (folder / name).write_text(name)
