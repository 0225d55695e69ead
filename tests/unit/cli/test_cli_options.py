"""Options, settings, secrets and dotenv files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cli_support import Call

from actlite.cli import run as run_verb
from actlite.cli.common import date, pairs
from actlite.cli.dotenv import read_dotenv
from actlite.cli.options import RunOptions
from actlite.cli.secret_values import gather
from actlite.cli.settings import load
from actlite.errors import UsageError


@pytest.fixture
def options(monkeypatch: pytest.MonkeyPatch, call: Call) -> Any:
    """Calls ``run`` and gives the options that it made."""

    def parse(*argv: str) -> RunOptions:
        seen: list[RunOptions] = []

        def execute(options: RunOptions) -> int:
            seen.append(options)
            return 0

        monkeypatch.setattr(run_verb, "execute", execute)
        answer = call("run", *argv)
        assert answer.code == 0, answer.err
        return seen[0]

    return parse


def test_the_defaults(repo: Path, options: Any) -> None:
    found = options()
    assert found.selection.event == ""
    assert (found.engine, found.pull, found.keep, found.kept_runs) == ("auto", "missing", "failed", 2)
    assert (found.as_of, found.offline, found.docker_socket, found.verbosity) == ("", False, False, 0)


def test_every_option(repo: Path, options: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (repo / "event.json").write_text("{}")
    (repo / "secrets").write_text("B=2\n")
    (repo / "env").write_text("E=1\n")
    monkeypatch.setenv("A", "1")
    line = """
        workflow_dispatch -C . -W release.yml -W ci.yaml --tag v1.0.0 --committed --event-file event.json
        --input a=b=c --input d= -j build -j publish --matrix os=linux --only-runnable --as-of 2021-05-07
        --runner-flag X=true -P ubuntu-latest=img:1 --image a/b:1=c/d:2 --engine host --pull never
        --action actions/checkout@v2=.github --offline -s A --secret-file secrets --var V=1 --env-file env
        --docker-socket --target manylinux2014 --report events=e.jsonl --report json=r.json --keep never -v
    """
    found = options(*line.split())
    selection = found.selection
    assert (selection.event, selection.workflows, selection.tag) == (
        "workflow_dispatch",
        ("release.yml", "ci.yaml"),
        "v1.0.0",
    )
    assert selection.inputs == {"a": "b=c", "d": ""}
    assert (selection.jobs, selection.matrix) == (("build", "publish"), (("os", "linux"),))
    assert selection.event_file == Path("event.json")
    assert (found.committed, found.only_runnable, found.offline, found.docker_socket) == (
        True,
        True,
        True,
        True,
    )
    assert (found.as_of, found.runner_flags) == ("2021-05-07", {"X": "true"})
    assert (found.platforms, found.images) == ({"ubuntu-latest": "img:1"}, {"a/b:1": "c/d:2"})
    assert (found.engine, found.pull, found.keep, found.verbosity) == ("host", "never", "never", 1)
    assert found.actions == {"actions/checkout@v2": repo / ".github"}
    assert found.secrets == {"A": "1", "B": "2"}
    assert (found.variables, found.env) == ({"V": "1"}, {"E": "1"})
    assert [(r.kind, r.path.name) for r in found.reports] == [("events", "e.jsonl"), ("json", "r.json")]
    assert found.target == "manylinux2014"
    assert "secrets" not in repr(found)


def test_the_target_of_settings_and_flag(repo: Path, options: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert options().target == ""
    (repo / "actlite.toml").write_text('target = "centos:7"\n')
    assert options().target == "centos:7"
    monkeypatch.setenv("ACTLITE_TARGET", "debian:11")
    assert options().target == "debian:11"
    assert options("--target", "glibc2.17").target == "glibc2.17"


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--tag", "a", "--branch", "b"], "--tag and --branch"),
        (["--input", "x"], "'x' is not of the form KEY=VALUE"),
        (["--input", "=x"], "'=x' is not of the form"),
        (["--as-of", "yesterday"], "is not a date"),
        (["--as-of", "2021-02-30"], "is not a date"),
        (["--as-of", "20210507"], "is not a date"),
        (["-P", "ubuntu"], "LABEL=IMAGE"),
        (["--image", "x"], "NAME=OTHER"),
        (["--action", "checkout=."], "names no action"),
        (["--action", "a/b@c=/absent"], "no folder /absent"),
        (["--report", "junit=x"], "the kinds are events, json, sarif"),
        (["--report", "json"], "KIND=FILE"),
        (["--report", "json=/absent/x"], "There is no folder /absent"),
        (["--report", "json=."], "It is a folder"),
        (["-v", "-q"], "--verbose and --quiet"),
        (["-s", "1X=2"], "can't be the name of a secret"),
        (["-s", "ABSENT_SECRET"], "Set ABSENT_SECRET in the environment"),
        (["--secret-file", "absent"], "does not exist"),
        (["--engine", "rkt"], "'rkt' is not one of"),
        (["--nonsense"], "--nonsense"),
        (["-C", "/absent"], "/absent"),
        (["push", "extra"], "extra"),
    ],
)
def test_bad_options_are_usage_errors(
    repo: Path, call: Call, monkeypatch: pytest.MonkeyPatch, argv: list[str], said: str
) -> None:
    monkeypatch.setattr(run_verb, "execute", pytest.fail)
    monkeypatch.setattr("actlite.cli.secret_values.terminal_prompt", lambda: None)
    answer = call("run", *argv)
    assert answer.code == 2
    assert said in answer.err
    assert "Traceback" not in answer.err


def test_help_of_run_offers_no_option_of_a_later_version(call: Call) -> None:
    text = call("run", "--help").out
    for option in (
        "--web",
        "--break",
        "--pause-on-failure",
        "--single-step",
        "--snapshot",
        "junit",
    ):
        assert option not in text


def test_act_s_short_flags(repo: Path, call: Call) -> None:
    assert "Release" in call("run", "-l").out
    assert "push of tag v1.0.0" in call("run", "-n", "--tag", "v1.0.0").out


def test_dates_and_pairs() -> None:
    assert date("", "x") == ""
    assert date("2024-02-29", "x") == "2024-02-29"
    assert pairs(["a=1", "b=", "a=2"], "x") == {"a": "2", "b": ""}


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)


def test_settings_come_from_actlite_toml(tmp_path: Path) -> None:
    write(
        tmp_path,
        "actlite.toml",
        'engine = "podman"\nkept-runs = 5\nnode_folder = "nodes"\n[images]\n"a:1" = "b:2"\n[actions]\n"a/b@c" = "x"\n',
    )
    found = load(tmp_path, {})
    assert (found.engine, found.kept_runs, found.images) == ("podman", 5, {"a:1": "b:2"})
    assert found.node_folder == tmp_path / "nodes"
    assert found.actions == {"a/b@c": str(tmp_path / "x")}


def test_a_folder_of_settings_may_be_below_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    write(tmp_path, "actlite.toml", 'node_folder = "~/nodes"\n[actions]\n"a/b@c" = "~/x"\n')
    found = load(tmp_path, {})
    assert found.node_folder == tmp_path / "home" / "nodes"
    assert found.actions == {"a/b@c": str(tmp_path / "home" / "x")}
    assert load(tmp_path, {"ACTLITE_NODE_FOLDER": "~nobody-here/x"}).node_folder == Path("~nobody-here/x")


def test_settings_come_from_pyproject_toml(tmp_path: Path) -> None:
    write(tmp_path, "pyproject.toml", '[tool.actlite]\npull = "never"\n')
    assert load(tmp_path, {}).pull == "never"


def test_a_pyproject_of_somebody_else_is_not_even_parsed(tmp_path: Path) -> None:
    write(tmp_path, "pyproject.toml", "this is = = no toml")
    assert load(tmp_path, {}).pull == "missing"


def test_variables_win_over_files_and_flags_over_variables(
    repo: Path, options: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(
        repo,
        "actlite.toml",
        'keep = "never"\npull = "never"\nengine = "docker"\n[images]\na = "1"\nb = "1"\nc = "1"\n',
    )
    monkeypatch.setenv("ACTLITE_PULL", "always")
    monkeypatch.setenv("ACTLITE_ENGINE", "podman")
    monkeypatch.setenv("ACTLITE_IMAGES", "b=2 c=2")
    found = options("--engine", "host", "--image", "c=3")
    assert (found.keep, found.pull, found.engine) == ("never", "always", "host")
    assert found.images == {"a": "1", "b": "2", "c": "3"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("engin = 'docker'", "Did you mean 'engine'?"),
        ("wholly_unknown_thing = 1", "The settings are engine,"),
        ("engine = 'rkt'", "auto, docker, podman, host"),
        ("keep = true", "failed, never"),
        ("kept_runs = -1", "0 or more"),
        ("kept_runs = true", "0 or more"),
        ("kept_runs = '2'", "0 or more"),
        ("images = 'a'", "not a table"),
        ("[images]\na = 1", "not a table"),
        ("node_folder = 1", "a text"),
        ("engine = ", "can't be read"),
    ],
)
def test_bad_settings_are_usage_errors(tmp_path: Path, text: str, said: str) -> None:
    write(tmp_path, "actlite.toml", text)
    with pytest.raises(UsageError) as caught:
        load(tmp_path, {})
    assert said in str(caught.value)
    assert "actlite.toml" in str(caught.value)


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"ACTLITE_PULL": "sometimes"}, "ACTLITE_PULL"),
        ({"ACTLITE_KEPT_RUNS": "many"}, "ACTLITE_KEPT_RUNS"),
        ({"ACTLITE_IMAGES": "a"}, "ACTLITE_IMAGES"),
    ],
)
def test_bad_variables_are_usage_errors(tmp_path: Path, env: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        load(tmp_path, env)


def test_two_places_with_settings_are_one_too_many(tmp_path: Path) -> None:
    write(tmp_path, "actlite.toml", "")
    write(tmp_path, "pyproject.toml", "[tool.actlite]\n")
    with pytest.raises(UsageError, match="two places"):
        load(tmp_path, {})


def test_a_secret_in_the_command_line_is_taken_with_a_warning() -> None:
    said: list[str] = []
    assert gather(["A=b=c"], [], {}, warn=said.append, ask=None) == {"A": "b=c"}
    assert len(said) == 1
    assert "ps" in said[0]
    assert "b=c" not in said[0]


def test_where_secrets_come_from(tmp_path: Path) -> None:
    write(tmp_path, "f", "A=file\nB=file\nC=file\n")
    found = gather(
        ["A", "C", "D"],
        [tmp_path / "f"],
        {"A": "env", "C": ""},
        warn=pytest.fail,
        ask=lambda name: f"asked {name}",
    )
    assert found == {"A": "env", "B": "file", "C": "", "D": "asked D"}


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", {}),
        ("A=1\n\n# comment\n  B = 2 \nexport C=3", {"A": "1", "B": "2", "C": "3"}),
        ("A=\nB=a=b", {"A": "", "B": "a=b"}),
        ("A='a b # $X \\n'", {"A": "a b # $X \\n"}),
        ('A="a\\nb\\t\\"q\\" \\$x \\z"', {"A": 'a\nb\t"q" $x \\z'}),
        ("A='one\ntwo'\nB=3", {"A": "one\ntwo", "B": "3"}),
        ('A="-----BEGIN\nabc\n-----END"', {"A": "-----BEGIN\nabc\n-----END"}),
        ("A=value # comment\nB=a#b", {"A": "value", "B": "a#b"}),
        ("A=1\r\nB=2\r\n", {"A": "1", "B": "2"}),
        ("\ufeffA=1", {"A": "1"}),
        ("A=1\nA=2", {"A": "2"}),
    ],
)
def test_dotenv(tmp_path: Path, text: str, values: dict[str, str]) -> None:
    (tmp_path / "f").write_bytes(text.encode())
    assert read_dotenv(tmp_path / "f") == values


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"A=1\nhunter2\n", "f:2: "),
        (b"1A=hunter2", "f:1: "),
        (b"A='hunter2", "f:1: the quote"),
        (b"A=\xff", "UTF-8"),
    ],
)
def test_bad_dotenv_lines_are_named_but_not_shown(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "f").write_bytes(content)
    with pytest.raises(UsageError) as caught:
        read_dotenv(tmp_path / "f")
    assert said in str(caught.value)
    assert "hunter2" not in str(caught.value)
