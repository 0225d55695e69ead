"""The verbs on a small repository."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from cli_support import Answer, Call

from actlite.cli import clean as clean_verb
from actlite.cli.app import VERBS
from actlite.engines.base import Owner
from actlite.engines.fake import FakeEngine
from actlite.errors import EngineUnavailable
from actlite.events import Event, JobStarted, RunFinished, RunStarted, StepFinished, StepOutput, StepStarted
from actlite.journal.log import EventLog
from actlite.journal.runs import RunFolder, RunStore, State


def past_run(
    repo: Path, *, conclusion: str = "failure", state: State = State.FINISHED, engine: str = "docker"
) -> RunFolder:
    """A run of yesterday."""
    run = RunStore.beside(repo).create()
    events: list[Event] = [
        RunStarted(1e9, run.id, "Release", "release.yml", "push", "refs/tags/v1", "a" * 40, "2026-11-23", "2.336.0", "", ("build", "other"), engine=engine),
        JobStarted(1e9, "build", "build", "build", {}, "image:1"),
        StepStarted(1e9, "build", "1", "", "Build"),
        StepOutput(1e9, "build", "1", "the log\n"),
        StepFinished(1e9, "build", "1", "", "Build", "failure", "failure", 1.0, 2),
        JobStarted(1e9, "other", "other", "other", {}, "image:1"),
        StepOutput(1e9, "other", "1", "another log\n"),
    ]  # fmt: skip
    if conclusion:
        events.append(RunFinished(1e9, run.id, conclusion, 3.4, (), str(run.path)))
    with EventLog(run.path, pytest.fail) as log:
        for event in events:
            log(event)
    run.set_state(state)
    assert run.lock is not None
    run.lock.release()
    run.lock = None
    return run


@pytest.mark.parametrize("verb", list(VERBS))
def test_every_verb_has_help(call: Call, verb: str) -> None:
    answer = call(verb, "--help")
    assert answer.code == 0
    assert answer.out.startswith(f"Usage: actlite {verb}")
    assert len(answer.out.splitlines()) > 4


def test_no_arguments_show_the_help(call: Call) -> None:
    answer = call()
    assert answer.code == 0
    assert all(verb in answer.out for verb in VERBS)


def test_a_misspelt_verb(call: Call) -> None:
    answer = call("lst")
    assert answer.code == 2
    assert "did you mean 'list'?" in answer.err


LIST = """\
.github/workflows/ci.yaml
  on push (branches main), workflow_dispatch
    test    ubuntu-latest
.github/workflows/release.yml  Release
  on push (tags v*)
    build                 quay.io/pypa/manylinux2014_x86_64
    publish  needs build  ubuntu-latest
"""


def test_list_is_the_same_from_files_and_from_the_cache(repo: Path, call: Call) -> None:
    for answer in (call("list"), call("list"), call("list", "-C", "."), call("run", "-l")):
        assert answer == Answer(0, LIST, "")


def test_list_sees_a_change_at_once(repo: Path, call: Call) -> None:
    call("list")
    (repo / ".github/workflows/ci.yaml").write_text("on: [push\n")
    answer = call("list")
    assert ".github/workflows/ci.yaml  1 error, see: actlite check" in answer.out
    assert answer.code == 0


@pytest.mark.parametrize("content", ["", "{}", '{"path": 1, "errors": 0}', "\x00"])
def test_list_survives_a_damaged_cache(repo: Path, call: Call, content: str, tmp_path: Path) -> None:
    call("list")
    files = list((tmp_path / "cache" / "lists").iterdir())
    assert len(files) == 2
    for file in files:
        file.write_text(content)
    assert call("list").out == LIST


def test_list_without_a_cache_folder(repo: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTLITE_CACHE", str(repo / ".github" / "workflows" / "ci.yaml"))
    assert call("list").out == LIST


def test_list_from_a_folder_below(repo: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repo / ".github")
    assert call("list").out == LIST


def test_list_as_json(repo: Path, call: Call) -> None:
    data = json.loads(call("list", "--format", "json").out)
    assert [w["path"] for w in data["workflows"]] == [
        ".github/workflows/ci.yaml",
        ".github/workflows/release.yml",
    ]
    assert data["workflows"][1]["jobs"][1] == {"id": "publish", "needs": ["build"], "where": "ubuntu-latest"}


@pytest.mark.parametrize("verb", ["list", "plan", "check", "run"])
def test_without_workflows(tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch, verb: str) -> None:
    monkeypatch.chdir(tmp_path)
    answer = call(verb)
    assert answer.code == 2
    assert "There are no workflows here" in answer.err
    assert "-W FILE" in answer.err


@pytest.mark.parametrize(
    "name", ["release.yml", "release", ".github/workflows/release.yml", ".github/workflows"]
)
def test_ways_to_name_a_workflow(repo: Path, call: Call, name: str) -> None:
    assert "Release" in call("list", "-W", name).out


def test_a_misspelt_workflow(repo: Path, call: Call) -> None:
    answer = call("list", "-W", "relase.yml")
    assert answer.code == 2
    assert "Did you mean 'release.yml'?" in answer.err


def test_names_are_shown_harmlessly(repo: Path, call: Call) -> None:
    (repo / ".github/workflows/ci.yaml").write_text(
        'name: "\\e[2J"\non: push\njobs: {a: {runs-on: x, steps: [{run: x}]}}\n'
    )
    assert "\\x1b[2J" in call("list").out


def test_plan_of_a_tag(repo: Path, call: Call) -> None:
    answer = call("plan", "--tag", "v1.0.0")
    assert answer.code == 0
    lines = answer.out.splitlines()
    assert re.fullmatch(r"push of tag v1\.0\.0 \([0-9a-f]{7}\): 5 jobs in 1 workflow", lines[0])
    assert lines[1] == "● .github/workflows/release.yml"
    assert "build" in lines[2]
    assert "×4 os=linux,musl × arch=x64,arm64" in lines[2]
    assert "1 step" in lines[2]
    assert lines[3].strip() == "quay.io/pypa/manylinux2014_x86_64"
    assert "needs build · 2 steps · ubuntu-latest · environment: production" in lines[4]
    assert lines[5].strip() == "writes contents"
    assert "    secret not given: CARGO_TOKEN" in lines
    assert "not given" not in call("plan", "--tag", "v1.0.0", "-s", "cargo_token").out
    assert lines[-2] == "– .github/workflows/ci.yaml  no: branches [main] given, tags are not"
    assert lines[-1].startswith("note: the repository has no remote")


def test_plan_of_nothing_names_commands_that_run_something(repo: Path, call: Call) -> None:
    (repo / ".github/workflows/ci.yaml").unlink()
    answer = call("plan")
    assert answer.code == 5
    assert "– .github/workflows/release.yml  no: tags [v*] given, branches are not" in answer.out
    command = re.search(r"^ +actlite (run .*)$", answer.err, re.MULTILINE)
    assert command is not None
    words = command[1].split()
    assert call("plan", *words[1:]).code == 0


def test_legs_that_lack_the_same_are_told_together(repo: Path, call: Call) -> None:
    text = "on: push\njobs: {a: {strategy: {matrix: {n: [%s]}}, runs-on: %s, steps: [{run: x}]}}\n"
    file = repo / ".github/workflows/ci.yaml"
    file.write_text(text % ("1, 2, 3, 4", "windows-latest"))
    out = call("plan").out
    assert "✗ a (all 4 legs) can't run here: no Windows runner (windows-latest)\n" in out
    assert out.count("can't run here") == 1
    answer = call("run")
    assert answer.code == 4
    assert answer.err.count("no Windows runner") == 1
    assert "error: 4 jobs can't run here; nothing was started." in answer.err
    file.write_text(text % ("1, 2, 3", "windows-latest"))
    assert "✗ a (1), a (2), a (3) can't run here" in call("plan").out
    file.write_text(text % ("1, 2, 3, 4, 5", "'${{ matrix.n > 1 && ''macos-15'' || ''ubuntu-latest'' }}'"))
    assert "✗ a (4 of 5 legs) can't run here: no macOS runner (macos-15)" in call("plan").out


def test_plan_says_what_cannot_run_here(repo: Path, call: Call) -> None:
    (repo / ".github/workflows/ci.yaml").write_text(
        "on: push\njobs: {a: {strategy: {matrix: {os: [ubuntu-latest, macos-14, mine]}}, "
        "runs-on: '${{ matrix.os }}', steps: [{run: x}]}}\n"
    )
    out = call("plan").out
    assert "✗ a (macos-14) can't run here: no macOS runner" in out
    assert "✗ a (mine) can't run here: no image for runner label mine" in out
    assert "a (ubuntu-latest)" not in out
    assert "a (mine)" not in call("plan", "-P", "mine=img:1").out
    (repo / "actlite.toml").write_text('[platforms]\nmine = "img:1"\n')
    data = json.loads(call("plan", "--format", "json").out)
    assert len(data["cannot_run_here"]) == 1


def test_plan_as_json(repo: Path, call: Call) -> None:
    data = json.loads(call("plan", "--tag", "v1.0.0", "--format", "json").out)
    assert (data["event"], data["ref"]) == ("push", "refs/tags/v1.0.0")
    build = data["workflows"][0]["jobs"][0]
    assert len(build["legs"]) == 4
    assert build["legs"][0]["matrix"] == {"os": "linux", "arch": "x64"}
    assert build["secrets"] == ["CARGO_TOKEN"]
    assert data["not_selected"][0]["path"] == ".github/workflows/ci.yaml"


def test_plan_shows_the_working_tree_s_changes(repo: Path, call: Call) -> None:
    (repo / "new file").write_text("x")
    assert "1 file not committed" in call("plan").out.splitlines()[0]
    assert "not committed" not in call("plan", "--committed").out.splitlines()[0]


def test_a_job_of_one_workflow_leaves_the_others_out(repo: Path, call: Call) -> None:
    (repo / ".github/workflows/release.yml").write_text(
        (repo / ".github/workflows/ci.yaml").read_text().replace("test:", "other:")
    )
    answer = call("plan", "-j", "test")
    assert answer.code == 0
    assert "● .github/workflows/ci.yaml" in answer.out
    assert "– .github/workflows/release.yml" in answer.out
    nobody = call("plan", "-j", "tset")
    assert nobody.code == 2
    assert "test" in nobody.err


def test_inputs_mean_workflow_dispatch(repo: Path, call: Call) -> None:
    (repo / ".github/workflows/ci.yaml").write_text(
        "on: {workflow_dispatch: {inputs: {x: {required: true}}}}\njobs: {a: {runs-on: u, steps: [{run: x}]}}\n"
    )
    assert call("plan", "-W", "ci.yaml", "--input", "x=1").out.startswith("workflow_dispatch of branch main")


def test_plan_lists_a_broken_file_and_run_refuses_it(repo: Path, call: Call) -> None:
    (repo / ".github/workflows/ci.yaml").write_text("on: push\njobs: {a: {stepz: []}}\n")
    assert "✗ .github/workflows/ci.yaml" in call("plan", "--tag", "v1.0.0").out
    answer = call("run", "--tag", "v1.0.0")
    assert answer.code == 2
    assert ".github/workflows/ci.yaml:2:" in answer.err
    assert not (repo / ".actlite").exists()


def test_a_matrix_that_cannot_be_built_is_a_job_of_the_plan_and_run_refuses_it(
    repo: Path, call: Call
) -> None:
    (repo / ".github/workflows/ci.yaml").write_text(
        "on: push\njobs:\n  a: {runs-on: u, strategy: {matrix: {v: '${{ fromJSON(vars.V) }}'}}, steps: [{run: x}]}\n"
        "  b: {runs-on: u, steps: [{run: x}]}\n"
    )
    plan = call("plan", "-W", "ci.yaml")
    assert (plan.code, plan.err) == (0, "")
    assert plan.out.splitlines()[0].endswith(": 1 job in 1 workflow")
    assert "✗ a  its matrix can't be built" in plan.out
    assert "vars.V is not given: --var V=VALUE" in plan.out
    answer = call("run", "-W", "ci.yaml")
    assert answer.code == 2
    assert "nothing was run" in answer.err
    assert not (repo / ".actlite").exists()
    assert "×2 v=p,q" in call("plan", "-W", "ci.yaml", "--var", 'V=["p", "q"]').out


def test_plan_of_a_workflow_that_github_refuses(repo: Path, call: Call) -> None:
    (repo / ".github/workflows/ci.yaml").write_text(
        "on: push\njobs:\n  a: {uses: ./.github/workflows/none.yml}\n  b: {runs-on: u, steps: [{run: x}]}\n"
    )
    answer = call("plan", "-W", "ci.yaml")
    assert answer.code == 5
    assert (
        ": nothing runs\n✗ .github/workflows/ci.yaml  GitHub refuses it, for the errors below" in answer.out
    )
    assert "workflow was not found" in answer.out
    assert "actlite check shows the errors" in answer.err


def test_check_of_good_files(repo: Path, call: Call) -> None:
    assert call("check") == Answer(0, "✓ nothing wrong in 2 files\n", "")


def test_check_of_bad_files(repo: Path, call: Call) -> None:
    (repo / ".github/workflows/ci.yaml").write_text("on: push\njobs: {a: {stepz: []}}\n")
    (repo / ".github/workflows/binary.yml").write_bytes(b"\xff\xfe")
    answer = call("check")
    assert answer.code == 1
    assert re.search(r"^\.github/workflows/ci\.yaml:2:\d+: error\[[a-z-]+\] ", answer.out, re.MULTILINE)
    assert "isn't UTF-8" in answer.out
    assert re.search(r"^✗ \d+ errors, 0 warnings in 3 files$", answer.out, re.MULTILINE)
    data = json.loads(call("check", "--format", "json").out)
    assert {"code", "severity", "message", "file", "line", "column"} <= data["findings"][-1].keys()


def test_colours_of_the_quick_verbs(repo: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[32m✓\x1b[0m" in call("check").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in call("check").out


def test_show_without_runs(repo: Path, call: Call) -> None:
    assert call("show") == Answer(0, "No runs yet. Start one: actlite run\n", "")
    assert call("show", "1").code == 2


def test_show_lists_runs(repo: Path, call: Call) -> None:
    past_run(repo)
    past_run(repo, conclusion="success")
    past_run(repo, state=State.KEPT)
    past_run(repo, conclusion="", state=State.LIVE)
    (past_run(repo).path / "events.jsonl").unlink()
    lines = call("show").out.splitlines()
    assert len(lines) == 5
    assert lines[0].startswith("✗ 1  2001-09-0")
    assert "release.yml" in lines[0]
    assert "push tags/v1" in lines[0]
    assert "3.4s" in lines[0]
    assert lines[1].startswith("✓ 2")
    assert "failure, kept" in lines[2]
    assert "killed" in lines[3]
    assert "without a readable journal" in lines[4]
    data = json.loads(call("show", "--format", "json").out)
    assert [run["standing"] for run in data["runs"]][2:4] == ["failure, kept", "killed"]


def test_show_replays_a_run(repo: Path, call: Call) -> None:
    past_run(repo)
    for argv in (["show", "1"], ["show", "last"]):
        answer = call(*argv)
        assert answer.code == 0
        assert "● Build\nthe log\n✗ Build 1.0s" in answer.out
        assert "✗ release.yml failed" in answer.out
    assert json.loads(call("show", "1", "--format", "json").out)["conclusion"] == "failure"


def test_show_one_job(repo: Path, call: Call) -> None:
    past_run(repo)
    answer = call("show", "1", "other")
    assert "another log" in answer.out
    assert "the log\n" not in answer.out.replace("another log\n", "")
    answer = call("show", "1", "absent")
    assert answer.code == 2
    assert "Its jobs: build, other" in answer.err


def test_show_a_log_as_github_gives_it(repo: Path, call: Call) -> None:
    run = RunStore.beside(repo).create()
    events: list[Event] = [
        RunStarted(1e9, run.id, "R", "r.yml", "push", "refs/heads/y", "a" * 40, "2026-11-23", "2.336.0", "", ("a",)),
        JobStarted(1e9, "a", "a", "a", {}, "image:1"),
        StepOutput(1e9 + 0.25, "a", "0", "Current runner version: '2.336.0'\n"),
        StepOutput(1e9 + 1, "a", "1", "##[group]Run echo\n\x1b[36;1mecho\x1b[0m\n##[endgroup]\ncut "),
        StepOutput(1e9 + 1, "a", "2", "beside\nno end"),
        StepOutput(1e9 + 2, "a", "1", "short"),
        StepFinished(1e9 + 2, "a", "1", "", "", "success", "success", 1.0),
        JobStarted(1e9, "b", "b", "b", {}, "image:1"),
        StepOutput(1e9 + 2, "b", "0", "of another job\n"),
        StepOutput(1e9 + 3, "a", "complete", "Cleaning up orphan processes\n"),
    ]  # fmt: skip
    with EventLog(run.path, pytest.fail) as log:
        for event in events:
            log(event)
    lines = [
        "Current runner version: '2.336.0'",
        "##[group]Run echo",
        "\x1b[36;1mecho\x1b[0m",
        "##[endgroup]",
        "beside",
        "cut short",
        "Cleaning up orphan processes",
        "no end",
    ]
    assert call("show", run.id, "a", "--log") == Answer(0, "".join(f"{line}\n" for line in lines), "")
    stamped = call("show", "last", "a", "--log", "--timestamps").out.splitlines()
    assert stamped[0] == "2001-09-09T01:46:40.2500000Z Current runner version: '2.336.0'"
    assert [line.split(" ", 1)[1] for line in stamped] == lines


def test_show_a_log_needs_one_job(repo: Path, call: Call) -> None:
    past_run(repo)
    answer = call("show", "1", "--log")
    assert answer.code == 2
    assert "Name one of them: build, other" in answer.err
    assert call("show", "1", "other", "--log").out == "another log\n"
    assert "Give both" in call("show", "1", "--timestamps").err
    assert "Leave --format out" in call("show", "1", "other", "--log", "--format", "json").err


def test_show_a_run_without_a_journal(repo: Path, call: Call) -> None:
    (past_run(repo).path / "events.jsonl").write_bytes(b"\x00\xff")
    answer = call("show", "1")
    assert answer.code == 2
    assert "actlite clean 1" in answer.err


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    fake = FakeEngine()
    monkeypatch.setattr("actlite.engines.select.select", lambda kind: fake)
    return fake


def test_clean_one_run(repo: Path, call: Call, engine: FakeEngine) -> None:
    first, second = past_run(repo), past_run(repo, state=State.KEPT)
    assert call("clean", "1") == Answer(0, "Removed 1 run.\n", "")
    assert not first.path.exists()
    assert second.path.exists()
    assert engine.closed


def test_clean_asks_the_engine_that_the_run_used(
    repo: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    engines = {"auto": FakeEngine(), "podman": FakeEngine()}

    def select(kind: str) -> FakeEngine:
        asked.append(kind)
        return engines[kind]

    monkeypatch.setattr("actlite.engines.select.select", select)
    run = past_run(repo, state=State.KEPT, engine="podman")
    engines["podman"].create_network(Owner(run.id, run.path))
    past_run(repo, state=State.KEPT)
    call("clean")
    assert asked == ["auto", "podman"]
    assert len(engines["podman"].owned()) == 1, "it is kept"
    assert call("clean", "1") == Answer(0, "Removed 1 run.\n", "")
    assert not engines["podman"].owned()
    assert all(engine.closed for engine in engines.values())
    asked.clear()
    call("clean", "--all")
    assert asked == ["auto"]


def test_clean_all_leaves_live_runs(repo: Path, call: Call, engine: FakeEngine) -> None:
    past_run(repo)
    live = RunStore.beside(repo).create()
    answer = call("clean", "--all")
    assert answer.out == "Run 2 is alive and stays.\nRemoved 1 run.\n"
    assert live.path.exists()


def test_clean_sweeps_what_killed_runs_left(repo: Path, call: Call, engine: FakeEngine) -> None:
    assert call("clean").out == "Nothing is left over.\n"
    past_run(repo, conclusion="", state=State.LIVE)
    assert call("clean").out == "Cleaned up after run 1, which was killed.\n"
    assert "cancelled" in call("show").out


def test_clean_without_an_engine(repo: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(kind: str) -> None:
        raise EngineUnavailable("no daemon")

    monkeypatch.setattr("actlite.engines.select.select", none)
    run = past_run(repo)
    answer = call("clean", "1")
    assert answer.code == 0
    assert "no daemon" in answer.err
    assert not run.path.exists()


@pytest.mark.parametrize("argv", [["clean", "7"], ["clean", "1", "--all"]])
def test_clean_with_bad_words(repo: Path, call: Call, engine: FakeEngine, argv: list[str]) -> None:
    past_run(repo)
    assert call(*argv).code == 2
    assert clean_verb.command.name == "clean"


def test_doctor_with_an_engine(repo: Path, call: Call, engine: FakeEngine) -> None:
    answer = call("doctor")
    assert answer.code == 0
    assert [line.split()[1] for line in answer.out.splitlines()] == [
        "python",
        "git",
        "engine",
        "cache",
        "runs",
    ]
    assert not (repo / ".actlite").exists()


def test_doctor_without_an_engine(repo: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(kind: str) -> None:
        raise EngineUnavailable("no daemon answers", why="tried: a socket", do="Start it.")

    monkeypatch.setattr("actlite.engines.select.select", none)
    answer = call("doctor")
    assert answer.code == 4
    assert "✗ engine   no daemon answers\n           tried: a socket\n           Start it.\n" in answer.out
    data = json.loads(call("doctor", "--format", "json").out)
    assert [f["level"] for f in data["findings"] if f["subject"] == "engine"] == ["error"]


def test_doctor_without_git(
    repo: Path, call: Call, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(repo))
    answer = call("doctor")
    assert answer.code == 4
    assert "there is no git" in answer.out


def test_fetch_of_what_cannot_be_had(repo: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    action = repo / "own"
    action.mkdir()
    (action / "action.yml").write_text("name: a\ndescription: d\nruns: {using: node24, main: m.js}\n")
    nodes = repo / "nodes"
    nodes.mkdir()
    (repo / "actlite.toml").write_text(
        f'github_url = "file://{repo}/nowhere"\n[actions]\n"o/own@v1" = "own"\n'
    )
    (repo / ".github/workflows/ci.yaml").write_text(
        "on: push\njobs: {a: {runs-on: u, steps: [{uses: o/own@v1}, {uses: o/absent@v1}, {uses: 'docker://x'}]}}\n"
    )
    node = Path("bin/node")
    monkeypatch.setattr("actlite.runtimes.store.NodeStore.ensure", lambda self, version, **more: _Build(node))
    answer = call("fetch", "-W", "ci.yaml")
    assert answer.code == 4
    assert "✓ o/own@v1  node24 · the folder" in answer.out
    assert "✗ o/absent@v1" in answer.out
    assert "✓ node24  node 1.2.3, from here" in answer.out


def test_fetch_of_nothing(repo: Path, call: Call) -> None:
    assert call("fetch", "-W", "ci.yaml") == Answer(0, "These workflows use no actions of others.\n", "")


class _Build:
    version = "1.2.3"
    source = "here"

    def __init__(self, path: Path) -> None:
        self.path = path


def test_a_secret_is_missing_once_whatever_its_case(repo: Path, call: Call) -> None:
    (repo / ".github/workflows/secrets.yml").write_text(
        "on: push\njobs: {a: {runs-on: x, steps: [{run: 'echo ${{ secrets.TOKEN }}${{ secrets.token }}'}]}}\n"
    )
    assert "    secret not given: TOKEN" in call("plan", "-W", "secrets.yml").out.splitlines()


def test_an_unknown_call_names_its_repository_as_written(repo: Path, call: Call) -> None:
    (repo / ".github/workflows/far.yml").write_text(
        "on: push\njobs: {a: {uses: owner/repo/.github/workflows/x.yml@v1}}\n"
    )
    answer = call("run", "-W", "far.yml", "--offline")
    assert answer.code == 4
    assert "\n  owner/repo@v1 " in answer.err


def test_values_of_a_matrix_are_multiplied_only_where_they_are(repo: Path, call: Call) -> None:
    (repo / ".github/workflows/legs.yml").write_text(
        "on: push\njobs:\n"
        "  a:\n    strategy: {matrix: {n: [1, 2, 3], include: [{n: 2, extra: yes}]}}\n"
        "    runs-on: x\n    steps: [{run: x}]\n"
        "  b:\n    strategy: {matrix: {n: [1, 2], m: [3, 4]}}\n    runs-on: x\n    steps: [{run: x}]\n"
    )
    out = " ".join(call("plan", "-W", "legs.yml").out.split())
    assert "×3 n=1,2,3 extra=yes · 1 step ·" in out
    assert "×4 n=1,2 × m=3,4 · 1 step ·" in out
