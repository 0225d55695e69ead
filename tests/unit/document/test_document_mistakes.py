"""The mistakes that people make in YAML, and what they are told: these messages are meant as models."""

from __future__ import annotations

import pytest

from actlite.document import compose, yaml_events
from actlite.source import SourceFile

PARSERS = ["fast", "pure"]

MISTAKES: dict[str, tuple[str, str]] = {
    "a tab in the indentation": (
        "on: push\njobs:\n  a:\n\truns-on: ubuntu-latest\n",
        """\
w.yml:4:1: error[yaml-syntax] invalid YAML: a tab in the indentation
    4 │  runs-on: ubuntu-latest
      │ ^
  help: YAML allows spaces only: replace the tab by spaces""",
    ),
    "no colon": (
        "on: push\njobs:\n  a:\n    runs-on ubuntu-latest\n    steps: []\n",
        """\
w.yml:4:5: error[yaml-syntax] invalid YAML: this line lacks a ':' after its key
    4 │     runs-on ubuntu-latest
      │     ^^^^^^^^^^^^^^^^^^^^^
  help: write runs-on: ubuntu-latest""",
    ),
    "no space after the colon": (
        "on: push\njobs:\n  a:\n    runs-on:ubuntu-latest\n    steps: []\n",
        """\
w.yml:4:5: error[yaml-syntax] invalid YAML: this line lacks the space after its ':'
    4 │     runs-on:ubuntu-latest
      │     ^^^^^^^^^^^^^^^^^^^^^
  help: write runs-on: ubuntu-latest""",
    ),
    "wrong indentation": (
        "on: push\njobs:\n  a:\n    runs-on: x\n   steps: []\n",
        """\
w.yml:5:4: error[yaml-syntax] invalid YAML: this line is indented by 3 spaces, which fits no line above
    5 │    steps: []
      │    ^^^^^^^^^
  help: indent it by 4 as line 4 or 2 as line 3 is""",
    ),
    "too deep": (
        "on: push\nname: x\n  jobs:\n    a: b\n",
        """\
w.yml:3:3: error[yaml-syntax] invalid YAML: this line is indented deeper than the one above, which has a value of its own already
    3 │   jobs:
      │   ^^^^^
    2 │ name: x
      │ ^^^^^^^ this is a key with its value
  help: indent it by 0 spaces, as line 2""",
    ),
    "a quote that is not closed": (
        'on: push\nname: "Build\njobs:\n  a:\n    runs-on: x\n',
        """\
w.yml:2:7: error[yaml-syntax] invalid YAML: the quote " that opens here is never closed
    2 │ name: "Build
      │       ^
  help: put " where the text ends; a " within it is written \\\"""",
    ),
    "a colon in a value": (
        "on: push\njobs:\n  a:\n    name: Build: all\n",
        """\
w.yml:4:16: error[yaml-syntax] invalid YAML: the value of 'name' holds ': ', so it must be quoted
    4 │     name: Build: all
      │                ^
  help: quote the value: name: 'Build: all'""",
    ),
    "a colon in a command": (
        'steps:\n  - run: echo "a: b"\n',
        """\
w.yml:2:17: error[yaml-syntax] invalid YAML: the value of 'run' holds ': ', so it must be quoted
    2 │   - run: echo "a: b"
      │                 ^
  help: quote the value, or put it on a line of its own below 'run: |', indented deeper""",
    ),
    "an at sign": (
        "uses: @actions/checkout\n",
        """\
w.yml:1:7: error[yaml-syntax] invalid YAML: a value can't begin with '@'
    1 │ uses: @actions/checkout
      │       ^^^^^^^^^^^^^^^^^
  help: quote it: '@actions/checkout'""",
    ),
    "a backtick": (
        "run: `date` # now\n",
        """\
w.yml:1:6: error[yaml-syntax] invalid YAML: a value can't begin with '`'
    1 │ run: `date` # now
      │      ^^^^^^
  help: quote it: '`date`'""",
    ),
    "a percent sign": (
        "name: %x\n",
        """\
w.yml:1:7: error[yaml-syntax] invalid YAML: a value can't begin with '%'
    1 │ name: %x
      │       ^^
  help: quote it: '%x'""",
    ),
    "a pattern that begins with an asterisk": (
        "branches: [*.x, main]\n",
        """\
w.yml:1:12: error[yaml-syntax] invalid YAML: '*' begins an alias in YAML, and this is none
    1 │ branches: [*.x, main]
      │            ^^^
  help: quote it: '*.x'""",
    ),
    "a pattern that begins with an exclamation mark": (
        "branches:\n  - !main\n",
        """\
w.yml:2:5: error[yaml-tag] Unexpected tag '!main'
    2 │   - !main
      │     ^^^^^
  help: '!' begins a tag in YAML: write '!main'""",
    ),
    "an expression in brackets": (
        "needs: [${{ x }}]\n",
        """\
w.yml:1:9: error[yaml-syntax] invalid YAML: an expression within brackets or braces must be quoted, for it holds braces itself
    1 │ needs: [${{ x }}]
      │         ^^^^^^^^
  help: write '${{ x }}'""",
    ),
    "an expression without its dollar": (
        "name: {{ x }}\n",
        """\
w.yml:1:8: error[yaml-key] a mapping key must be a scalar, not a list or a mapping
    1 │ name: {{ x }}
      │        ^
  help: an expression begins with '${{', with the '$'""",
    ),
    "an apostrophe in single quotes": (
        "run: 'it's fine'\n",
        """\
w.yml:1:10: error[yaml-syntax] invalid YAML: text after the closing quote '
    1 │ run: 'it's fine'
      │          ^^^^^^^
  help: put quotes around the whole value; double the apostrophe ('') within single quotes""",
    ),
    "a dash without a space": (
        "steps:\n  - run: a\n  -run: b\n",
        """\
w.yml:3:3: error[yaml-syntax] invalid YAML: a list item lacks the space after its '-'
    3 │   -run: b
      │   ^
  help: write - run: b""",
    ),
    "a key among items": (
        "on:\n  - push\n  pull_request:\n",
        """\
w.yml:3:3: error[yaml-syntax] invalid YAML: a key stands among the items of a list
    3 │   pull_request:
      │   ^^^^^^^^^^^^^
    2 │   - push
      │   ^ the list's items begin here
  help: indent it by 4 spaces if it belongs to the item above; else begin it with '- '""",
    ),
    "text that leaves its block": (
        "steps:\n  - run: |\n      cat <<EOF\n      hello\nEOF\n    name: x\n",
        """\
w.yml:5:1: error[yaml-syntax] invalid YAML: this line is no key, and not indented deep enough to belong to the text above
    5 │ EOF
      │ ^^^
    2 │   - run: |
      │     ^^^^^^ the text's key
  help: indent it by 6 spaces or more, as line 3, the text's first one""",
    ),
    "a conflict": (
        "on: push\n<<<<<<< HEAD\njobs:\n  a: b\n=======\njobs:\n",
        """\
w.yml:2:1: error[yaml-syntax] invalid YAML: '<<<<<<<' is git's mark of a merge conflict
    2 │ <<<<<<< HEAD
      │ ^^^^^^^
  help: choose what is to stand, and remove the lines with '<<<<<<<', '=======' and '>>>>>>>'""",
    ),
    "a list that is not closed": (
        "on: [push\njobs:\n  a: b\n",
        """\
w.yml:1:5: error[yaml-syntax] invalid YAML: the '[' that opens here is not closed before the next line's key
    1 │ on: [push
      │     ^
    2 │ jobs:
      │     ^ no ']' or ',' before this
  help: put ']' where the list ends""",
    ),
    "text beside the bar": (
        "run: | echo a\n",
        """\
w.yml:1:8: error[yaml-syntax] invalid YAML: text on the line of the '|'
    1 │ run: | echo a
      │        ^^^^^^
  help: begin it on the next line, indented deeper than its key; or quote the value if '|' belongs to it""",
    ),
    "a path with backslashes": (
        'run: "C:\\dir"\n',
        """\
w.yml:1:10: error[yaml-syntax] invalid YAML: an unknown escape in a double-quoted text
    1 │ run: "C:\\dir"
      │          ^
  help: write '\\\\' for a backslash, or use single quotes""",
    ),
}


@pytest.mark.parametrize("parser", PARSERS)
@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes(mistake: str, parser: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if parser == "pure":
        monkeypatch.setattr(yaml_events, "_c_loader", lambda: None)
    text, expected = MISTAKES[mistake]
    node, found = compose(SourceFile("w.yml", text))
    assert "\n".join(finding.render() for finding in found) == expected
    assert node is None or mistake == "a pattern that begins with an exclamation mark"


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_the_middle_of_a_file_is_told_alike(mistake: str) -> None:
    """Sound lines before it change nothing but the lines' numbers; windows' line ends change nothing."""
    text = MISTAKES[mistake][0]
    (first,) = compose(SourceFile("w.yml", text))[1]
    for other, more in (("x: y\n# note\n" + text, 2), (text.replace("\n", "\r\n"), 0)):
        (found,) = compose(SourceFile("w.yml", other))[1]
        assert first.span is not None
        assert found.span is not None
        assert (found.message, found.span.line - more, found.span.column, found.span.text) == (
            first.message,
            first.span.line,
            first.span.column,
            first.span.text,
        )
