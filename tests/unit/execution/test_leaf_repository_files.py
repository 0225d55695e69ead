"""Which files a problem matcher's annotation may name."""

from pathlib import Path

import pytest

from actlite.execution.repository_files import RepositoryFiles


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    root = tmp_path / "r" / "r"
    for name in ("src/a.c", "other/x.c", "sub/b.c", ".git/config"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("")
    for name, url in (("other", "https://github.com/else/where"), ("sub", "https://GitHub.com/o/r")):
        config = root / name / ".git" / "config"
        config.parent.mkdir()
        config.write_text(f'[remote "origin"]\n\turl = {url}\n')
    (tmp_path / "outside.c").write_text("")
    return root


@pytest.mark.parametrize(
    ("file", "from_path", "expected"),
    [
        ("src/a.c", "", "src/a.c"),
        ("./src/../src/a.c", "", "src/a.c"),
        ("/__w/r/r/src/a.c", "", "src/a.c"),
        ("a.c", "src/x.proj", "src/a.c"),
        ("a.c", "/__w/r/r/src/x.proj", "src/a.c"),
        ("src/a.c", "x.proj", "src/a.c"),
        ("src", "", ""),
        ("src/none.c", "", ""),
        ("/usr/include/stdio.h", "", ""),
        ("../../outside.c", "", ""),
        ("other/x.c", "", ""),
        ("sub/b.c", "", "b.c"),
        ("a\0b", "", ""),
    ],
)
def test_names(workspace: Path, file: str, from_path: str, expected: str) -> None:
    def translate(path: str) -> Path | None:
        return workspace / path.removeprefix("/__w/r/r/") if path.startswith("/__w/r/r/") else None

    assert RepositoryFiles(workspace, translate, repository="o/r")(file, from_path) == expected


def test_without_a_repository_there_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "a.c").write_text("")
    assert RepositoryFiles(tmp_path, lambda _: None, repository="o/r")("a.c", "") == ""
