"""What counts as a command, and how its parts are read."""

import pytest

from actlite.execution.commands import REGISTERED, Command, parse_command


@pytest.mark.parametrize(
    ("line", "name", "properties", "data"),
    [
        ("::warning::x", "warning", {}, "x"),
        ("  \t::warning::x", "warning", {}, "x"),
        ("foo ##[warning]x", "warning", {}, "x"),
        ("::WARNING::x", "warning", {}, "x"),
        ("::warning File=a::x", "warning", {"file": "a"}, "x"),
        ("::set-output name=a::b::c", "set-output", {"name": "a"}, "b::c"),
        (
            "::error file=a.js,line=1,col=2::m%0An%25",
            "error",
            {"file": "a.js", "line": "1", "col": "2"},
            "m\nn%",
        ),
        ("::warning title=a%2Cb%3Ac::x", "warning", {"title": "a,b:c"}, "x"),
        ("::warning::%3A%2C", "warning", {}, "%3A%2C"),
        ("::warning::%250A", "warning", {}, "%0A"),
        ("::warning file=a, line=1::x", "warning", {"file": "a", " line": "1"}, "x"),
        ("::warning  file=a ::x", "warning", {"file": "a"}, "x"),
        ("::warning file==a=b,=c,d=,e::x", "warning", {"file": "a=b"}, "x"),
        ("::endgroup::", "endgroup", {}, ""),
        ("##[error file=a;line=3]x%5D%3By]z", "error", {"file": "a", "line": "3"}, "x];y]z"),
        ("##[set-output name=a%3Bb]v", "set-output", {"name": "a;b"}, "v"),
        ("::nothing:: ##[group]T", "group", {}, "T"),
    ],
)
def test_commands(line: str, name: str, properties: dict[str, str], data: str) -> None:
    assert parse_command(line) == Command(name, properties, data)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "foo ::warning::x",
        "::notsuch::x",
        "::warning:x",
        "::::",
        "::",
        "##[command]ls",
        "##[warning",
        "##[ warning]x",
        "a ##[nope]b ##[warning]x",
        "std::vector::push",
    ],
)
def test_plain_lines(line: str) -> None:
    assert parse_command(line) is None


def test_names_can_be_registered() -> None:
    assert parse_command("::my-token::") is None
    assert parse_command("::My-Token::", {*REGISTERED, "my-token"}) == Command("my-token", {}, "")
