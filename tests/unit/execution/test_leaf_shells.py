"""Shells and their command lines."""

import pytest

from actlite.execution.shells import ShellError, resolve_shell, split_arguments


def which(name: str) -> str | None:
    return f"/usr/bin/{name}" if name in ("bash", "sh", "python", "perl", "pwsh", "cmd") else None


@pytest.mark.parametrize(
    ("shell", "argv", "extension"),
    [
        (None, ["sh", "-e", "/s"], ".sh"),
        ("", ["sh", "-e", "/s"], ".sh"),
        ("bash", ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "/s"], ".sh"),
        ("sh", ["sh", "-e", "/s"], ".sh"),
        ("bash {0}", ["bash", "/s"], ".sh"),
        ("bash -lx {0}", ["bash", "-lx", "/s"], ".sh"),
        ("perl {0}", ["perl", "/s"], ""),
        ("python", ["python", "/s"], ".py"),
        ("pwsh", ["pwsh", "-command", ". '/s'"], ".ps1"),
        ("powershell", ["powershell", "-command", ". '/s'"], ".ps1"),
        ("cmd", ["cmd", "/D", "/E:ON", "/V:OFF", "/S", "/C", "CALL /s"], ".cmd"),
        ("Bash", ["Bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "/s"], ".sh"),
        ('fish -c "source {0}" {{x}}', ["fish", "-c", "source /s", "{x}"], ""),
    ],
)
def test_in_a_container(shell: str | None, argv: list[str], extension: str) -> None:
    found = resolve_shell(shell, in_container=True, which=lambda _: None)
    assert found.argv("/s") == argv
    assert found.extension == extension


def test_on_the_host_programs_are_looked_up() -> None:
    assert resolve_shell(None, in_container=False, which=which).display == "/usr/bin/bash -e {0}"
    only_sh = resolve_shell(None, in_container=False, which=lambda n: "/bin/sh" if n == "sh" else None)
    assert only_sh.argv("/s") == ["/bin/sh", "-e", "/s"]
    assert resolve_shell("python", in_container=False, which=which).command == "/usr/bin/python"
    with pytest.raises(ShellError, match="fish: command not found"):
        resolve_shell("fish {0}", in_container=False, which=which)
    with pytest.raises(ShellError, match="sh: command not found"):
        resolve_shell(None, in_container=False, which=lambda _: None)
    with pytest.raises(ShellError, match="Value cannot be null"):
        resolve_shell(" bash {0}", in_container=False, which=which)


@pytest.mark.parametrize("shell", ["foo", "foo -x", "bash -x", "python {1}"])
def test_a_shell_without_a_place_for_the_script(shell: str) -> None:
    with pytest.raises(ShellError) as caught:
        resolve_shell(shell, in_container=True, which=which).check()
    assert str(caught.value) == (
        "Invalid shell option. Shell must be a valid built-in (bash, sh, cmd, powershell, pwsh) or a format "
        "string containing '{0}'"
    )


@pytest.mark.parametrize("shell", ["bash {0} {1}", "bash {0} {", "bash {0} }"])
def test_braces_without_a_meaning(shell: str) -> None:
    with pytest.raises(ShellError, match="not in a correct format"):
        resolve_shell(shell, in_container=True, which=which).argv("/s")


def test_scripts_are_fixed_up() -> None:
    def script(shell: str) -> str:
        return resolve_shell(shell, in_container=True, which=which).script("x\n")

    assert script("bash") == "x\n"
    assert script("cmd") == "@echo off\nx\n"
    assert script("pwsh -File {0}") == (
        "$ErrorActionPreference = 'stop'\nx\n\n"
        "if ((Test-Path -LiteralPath variable:\\LASTEXITCODE)) { exit $LASTEXITCODE }"
    )
    assert script("PWSH") == "x\n"


def test_a_path_with_quotes() -> None:
    assert resolve_shell("sh", in_container=True, which=which).argv('/a"b') == ["sh", "-e", '/a"b']


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("", []),
        ("  a\t b ", ["a", "b"]),
        ('"a b" c', ["a b", "c"]),
        ('a"b c"d', ["ab cd"]),
        ('""', [""]),
        ('"a""b"', ['a"b']),
        (r"a\b \\c", [r"a\b", r"\\c"]),
        (r"\"a", ['"a']),
        (r'"a\\" b', ["a\\", "b"]),
        (r"\\\"x", ['\\"x']),
        ("'a b'", ["'a", "b'"]),
        ('"open end', ["open end"]),
    ],
)
def test_splitting(text: str, arguments: list[str]) -> None:
    assert split_arguments(text) == arguments
