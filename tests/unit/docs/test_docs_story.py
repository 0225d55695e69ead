"""The story in README.md: what it shows of ``check`` is what ``check`` prints."""

from __future__ import annotations

from pathlib import Path

from tests.story_of_readme import call, sample, story


def test_the_checks_of_the_story_print_what_the_readme_shows(tmp_path: Path) -> None:
    root = sample(tmp_path)
    blocks = [block for block in story() if not any(told.words[0] == "run" for told in block)]
    assert len(blocks) == 3
    codes = []
    for told in (told for block in blocks for told in block):
        done = call(root, *told.words, env={"ACTLITE_CACHE": str(tmp_path / "cache")})
        assert done.stdout == told.output
        codes.append(done.returncode)
    assert codes == [0, 1, 0, 0]
