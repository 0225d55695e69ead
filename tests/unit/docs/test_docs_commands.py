"""The commands and settings in the docs: those that start nothing are run, of the others the options are read."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click
import pytest

from actlite.cli.app import VERBS
from actlite.cli.ends import run_guarded
from actlite.cli.settings import KEYS, load

ROOT = Path(__file__).parents[3]
PAGES = sorted(
    {ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "sample_workflows").rglob("*.md")}
)
QUICK = ("list", "plan", "check", "eval", "explain")
"""Verbs that start and fetch nothing."""

_BLOCK = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`(actlite [^`\n]*)`")
_PLACEHOLDER = re.compile(r"\[?\b[A-Z]+(?:=[A-Z]+)?\b\]?…?|…|\[[^\]]*\]")

WORKFLOW = """\
on:
  push: {branches: [main], tags: ['v*']}
  pull_request:
  workflow_dispatch: {inputs: {level: {type: string}}}
jobs:
  build:
    strategy: {matrix: {os: [linux, musl]}}
    runs-on: ubuntu-latest
    steps:
      - run: echo
"""


def blocks(*languages: str) -> Iterator[tuple[str, str]]:
    for page in PAGES:
        for match in _BLOCK.finditer(page.read_text("utf-8")):
            if match[1] in languages:
                yield f"{page.relative_to(ROOT)}", match[2]


def command_lines() -> list[str]:
    """The lines of shell blocks that call actlite, without comments."""
    found = []
    for _, text in blocks("sh", "bash", "console"):
        lines = text.replace("\\\n", " ").splitlines()
        with_output = any(line.startswith("$ ") for line in lines)
        for line in (line for line in lines if line.startswith("$ ") or not with_output):
            words = shlex.split(line.removeprefix("$ "), comments=True)
            if words[:1] == ["actlite"]:
                found.append(shlex.join(words[1:]))
    return sorted(set(found))


def mentions() -> list[str]:
    """Commands within a sentence or a table, which may have placeholders."""
    return sorted({mention for page in PAGES for mention in _INLINE.findall(page.read_text("utf-8"))})


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ACTLITE_CACHE", str(tmp_path / "cache"))
    root = tmp_path / "repo"
    for name in ("release", "ci"):
        path = root / ".github" / "workflows" / f"{name}.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(WORKFLOW)
    (root / "job.log").write_text("./p: /lib64/libc.so.6: version `GLIBC_2.34' not found (required by ./p)\n")
    git = ["git", "-c", "user.name=n", "-c", "user.email=n@example.org", "-C", str(root)]
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "first"]):
        subprocess.run([*git, *words], check=True)
    monkeypatch.chdir(root)
    return root


def test_there_are_examples() -> None:
    assert len(command_lines()) >= 5
    assert len(mentions()) >= 7


@pytest.mark.parametrize("line", command_lines())
def test_an_example_is_understood(repo: Path, line: str, capfd: pytest.CaptureFixture[str]) -> None:
    words = shlex.split(line)
    if words[0] in QUICK:
        assert run_guarded(words) == 0, capfd.readouterr().err
    else:
        command(words[0]).make_context(words[0], words[1:])


@pytest.mark.parametrize("mention", mentions())
def test_a_command_in_a_sentence_exists(mention: str) -> None:
    words = [word for word in shlex.split(_PLACEHOLDER.sub("", mention)) if word][1:]
    if words and not words[0].startswith("-"):
        known = {option for parameter in command(words[0]).params for option in parameter.opts}
        given = {word.split("=")[0] for word in words[1:] if word.startswith("-")}
        assert given <= known | {"--help"}


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_in_the_docs_and_every_option_has_a_help_text(verb: str) -> None:
    text = (ROOT / "docs" / "commands.md").read_text("utf-8")
    assert f"| `actlite {verb}" in text
    options = [parameter for parameter in command(verb).params if isinstance(parameter, click.Option)]
    assert [option.name for option in options if not option.help] == []
    assert command(verb).help


@pytest.mark.parametrize(("page", "text"), list(blocks("toml")))
def test_settings_in_the_docs_are_good(page: str, text: str, tmp_path: Path) -> None:
    (tmp_path / "actlite.toml").write_text(text)
    load(tmp_path, {})


def test_every_setting_is_in_the_docs() -> None:
    text = "".join(text for _, text in blocks("toml")) + (ROOT / "docs" / "commands.md").read_text("utf-8")
    assert [key for key in KEYS if not re.search(rf"\b{key}\b", text)] == []


def command(verb: str) -> click.Command:
    found = import_module(f"actlite.cli.{'list_' if verb == 'list' else verb}").command
    assert isinstance(found, click.Command)
    return found
