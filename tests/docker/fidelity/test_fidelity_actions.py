"""Actions by the runner's rules: their stages, inputs and state, where they come from, and the plugins of 2019."""

from __future__ import annotations

import pytest
from conforming import RUNNER, Conform
from main_tools import Outcome, Server, node_action, own_cache

from actlite.execution.layout import RUNNER_HOME, RUNNER_WORK

pytestmark = pytest.mark.docker
SAY = """const fs = require('fs'), e = process.env;
console.log('stage={stage}', 'state=' + e.STATE_told, 'who=' + e.INPUT_WHO, 'repo=' + e.GITHUB_ACTION_REPOSITORY,
  'ref=' + e.GITHUB_ACTION_REF, 'dir=' + __dirname);
for (const k of Object.keys(e).sort()) if (k.startsWith('INPUT_')) console.log(k + '=' + e[k]);
console.log('argv=' + process.execArgv);
fs.appendFileSync(e.GITHUB_STATE, 'told=by-{stage}\\n');
"""
INPUTS = """
inputs:
  who: {default: nobody, required: true}
  needed: {required: true}
  old: {deprecationMessage: use who}
  my input: {default: spaced}
  fetch-depth: {default: '1'}
"""


def say(*stages: str, more: str = "") -> dict[str, str]:
    texts = {stage: SAY.replace("{stage}", stage) for stage in stages}
    files = node_action(SAY.replace("{stage}", "main"), extra=INPUTS, **texts)
    files["action.yml"] += more
    return files


def below(folder: str, files: dict[str, str]) -> dict[str, str]:
    return {f"{folder}/{name}": text for name, text in files.items()}


WORKFLOW = f"""
on: push
jobs:
  stages:
    runs-on: ubuntu-latest
    container: {RUNNER}
    steps:
      - {{name: one, uses: some/one@v1, with: {{colour: red, WHO: me, old: x, fetch-depth: ''}}}}
      - {{name: two, uses: some/two@v1, with: {{OLD: x}}}}
      - {{name: three, uses: some/one@v1, if: false}}
      - {{name: four, uses: some/late@v1, if: false}}
      - uses: some/many/tools/inner@v1
      - uses: $/own
      - name: |
          five
          second line
        uses: some/mix@v1
        env: {{ACTIONS_RUNNER_DISABLE_NODE_MAGLEV: 'true'}}
      - uses: actions/checkout@v4
      - {{name: 'own ${{{{ env.WORD }}}}', uses: ./own}}
      - run: |
          echo WORD=later >> "$GITHUB_ENV"
  fails:
    runs-on: ubuntu-latest
    steps:
      - {{name: one, uses: some/one@v1}}
      - {{name: bad, uses: some/bad@v1}}
      - {{name: two, uses: some/two@v1}}
  gone:
    runs-on: ubuntu-latest
    steps:
      - {{name: before, uses: ./own, continue-on-error: true}}
      - uses: actions/checkout@v4
      - {{name: own, uses: ./own}}
      - {{name: yaml, uses: ./yaml}}
      - {{name: without, uses: ./without, continue-on-error: true}}
      - run: rm -r own
"""


@pytest.fixture(scope="module")
def ran(conform: Conform, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    folder = tmp_path_factory.mktemp("actions")
    server = Server(folder / "server")
    one = say("pre", "post")
    server.publish("some/one", one)
    server.publish("some/two", say("pre", "post", more="  post-if: failure()\n"))
    server.publish("some/late", say("post"))
    server.publish("some/bad", one | {"pre.js": "process.exit(5)"})
    server.publish("some/many", below("tools/inner", say()))
    mix = "name: m\nruns:\n  using: composite\n  steps:\n    - uses: $/part\n"
    server.publish("some/mix", {"action.yml": mix} | below("part", say()))
    own = below("own", one) | below(
        "without", {"action.yml": "name: x\nruns: {using: node24, main: gone.js}\n"}
    )
    yaml = say()
    own |= below(
        "yaml", {"action.yaml": yaml["action.yml"], "main.js": yaml["main.js"], "Dockerfile": "FROM no"}
    )
    own |= {"own/action.yaml": "name: passed over\n"}
    return conform(WORKFLOW, env=server.env | own_cache(folder / "cache"), files=own, expect=1)


def stage_names(ran: Outcome, job: str) -> list[str]:
    runners = ("Set up job", "Initialize containers", "Stop containers", "Complete job")
    return [name for name in ran.names(job) if name not in runners and not name.startswith("Build ")]


def said(ran: Outcome, name: str, job: str) -> str:
    """The line that tells of the stage."""
    return next(line for line in ran.log(name, job).splitlines() if line.startswith("stage="))


@pytest.mark.rule("actions/stages-in-order", "actions/post-of-a-skipped-action")
def test_stages(ran: Outcome) -> None:
    names = stage_names(ran, "stages")
    sha = ran.report["runs"][0]["sha"]
    assert names[:5] == ["Pre one", "Pre two", "Pre three", f"Pre Run local/project/own@{sha}", "one"]
    posts = [name for name in names if name.startswith("Post ")]
    own = f"Post Run local/project/own@{sha}"
    assert posts == ["Post own ", "Post Run actions/checkout@v4", own, "Post three", "Post two", "Post one"]


@pytest.mark.rule("actions/post-if")
def test_post_if(ran: Outcome) -> None:
    assert ran.step("Post two", "stages")["outcome"] == "skipped"
    assert ran.step("Post two", "fails")["outcome"] == "success"
    assert ran.step("Post one", "stages")["outcome"] == "success"
    assert ran.step("Post one", "fails")["outcome"] == "success"


@pytest.mark.rule("actions/local-has-no-pre")
def test_local_pre(ran: Outcome) -> None:
    assert "Pre own " not in ran.names("stages")
    for name in ("own ", "Post own "):
        assert "##[warning]`pre` execution is not supported for local action from './own'" in ran.log(
            name, "stages"
        )
    assert said(ran, "own ", "stages").startswith("stage=main state=undefined who=nobody repo= ref= ")


@pytest.mark.rule("actions/pre-that-fails")
def test_pre_that_fails(ran: Outcome) -> None:
    outcomes = {name: ran.step(name, "fails")["outcome"] for name in stage_names(ran, "fails")}
    assert outcomes["Pre bad"] == "failure"
    assert outcomes["Pre two"] == "success"
    assert {outcomes[name] for name in ("one", "bad", "two")} == {"skipped"}
    assert outcomes["Post bad"] == "success"


@pytest.mark.rule("actions/state")
def test_state(ran: Outcome) -> None:
    states = [said(ran, name, "stages").split()[1] for name in ("Pre one", "one", "Post one", "two")]
    assert states == ["state=undefined", "state=by-pre", "state=by-main", "state=by-pre"]


@pytest.mark.rule("actions/input-names", "actions/empty-input")
def test_inputs(ran: Outcome) -> None:
    values = ran.values("one", "stages")
    assert values["INPUT_MY_INPUT"] == "spaced"
    assert values["INPUT_FETCH-DEPTH"] == ""
    assert ran.values("two", "stages")["INPUT_FETCH-DEPTH"] == "1"
    assert values["INPUT_COLOUR"] == "red"


@pytest.mark.rule("actions/unexpected-inputs", "actions/deprecated-inputs")
def test_warnings(ran: Outcome) -> None:
    wrong = (
        "Unexpected input(s) 'colour', valid inputs are ['who', 'needed', 'old', 'my input', 'fetch-depth']"
    )
    for name in ("Pre one", "one", "Post one"):
        messages = [a["message"] for a in ran.step(name, "stages")["annotations"]]
        assert messages == ["Input 'old' has been deprecated with message: use who", wrong], name
    assert ran.step("two", "stages")["annotations"] == []
    assert ran.values("one", "stages")["INPUT_NEEDED"] == ""


@pytest.mark.rule("actions/input-order")
def test_header(ran: Outcome) -> None:
    head = ran.log("one", "stages").partition("with:\n")[2].splitlines()
    assert head[:4] == ["  colour: red", "  WHO: me", "  old: x", "  my input: spaced"]


@pytest.mark.rule("actions/sub-path")
def test_sub_path(ran: Outcome) -> None:
    line = said(ran, "Run some/many/tools/inner@v1", "stages")
    assert line.endswith("repo=some/many ref=v1 dir=/__w/_actions/some/many/v1/tools/inner")


@pytest.mark.rule("actions/own-repository", "actions/display-names")
def test_own_repository(ran: Outcome) -> None:
    sha = ran.report["runs"][0]["sha"]
    line = said(ran, f"Run local/project/own@{sha}", "stages")
    assert line.endswith(f"repo=local/project ref={sha} dir=/__w/_actions/local/project/{sha}/own")
    assert "stage=pre" in said(ran, f"Pre Run local/project/own@{sha}", "stages")
    assert f"Download action repository 'local/project@{sha}' (SHA:{sha})" in ran.log("Set up job", "stages")
    assert "five" in ran.names("stages")


@pytest.mark.rule("actions/own-repository-of-an-action", "actions/no-maglev")
def test_own_repository_of_an_action(ran: Outcome) -> None:
    log = ran.log("Run some/mix/part@v1", "stages")
    assert "repo=some/mix ref=v1 dir=/__w/_actions/some/mix/v1/part" in log
    assert "argv=--no-maglev" in log
    assert "argv=\n" in ran.log("one", "stages")


@pytest.mark.rule("actions/post-name")
def test_post_name(ran: Outcome) -> None:
    assert "Post own " in ran.names("stages")


@pytest.mark.rule("actions/local-in-the-workspace")
def test_local_without_checkout(ran: Outcome) -> None:
    words = (
        f"Can't find 'action.yml', 'action.yaml' or 'Dockerfile' under '{RUNNER_WORK}/project/project/own'. "
        "Did you forget to run actions/checkout before running your local action?"
    )
    assert ran.step("before", "gone")["annotations"][0]["message"] == words
    assert ran.step("own", "gone")["outcome"] == "success"


@pytest.mark.rule("actions/local-read-again")
def test_local_is_gone(ran: Outcome) -> None:
    assert ran.step("Post own", "gone")["outcome"] == "failure"
    assert "Did you forget to run actions/checkout" in ran.log("Post own", "gone")


@pytest.mark.rule("actions/manifest-names", "actions/missing-main")
def test_manifests(ran: Outcome) -> None:
    assert ran.step("yaml", "gone")["outcome"] == "success"
    (wrong,) = ran.step("without", "gone")["annotations"]
    assert wrong["message"] == f"File not found: '{RUNNER_WORK}/project/project/without/gone.js'"


@pytest.mark.rule("actions/reference-format")
def test_reference_format(conform: Conform) -> None:
    workflow = (
        "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout\n"
    )
    found = conform(workflow, expect=2)
    assert "Expected format {org}/{repo}[/path]@ref. Actual 'actions/checkout'" in found.ended.text


PLUGINS = f"""
on: push
jobs:
  up:
    runs-on: ubuntu-latest
    container: actlite-standin/alpine:1
    steps:
      - {{name: old, uses: actions/checkout@v1}}
      - run: |
          mkdir -p out/deep && echo one > out/a && echo two > out/deep/b && : > out/empty
          ln -s /etc/hostname out/link; ln -s /etc out/folder
      - {{name: linked, uses: actions/upload-artifact@v1, with: {{name: linked, path: out}}, continue-on-error: true}}
      - run: rm out/link out/folder; ln -s a out/inside
      - {{name: up, uses: actions/upload-artifact@v1, with: {{name: My Files, path: out}}}}
      - {{name: file, uses: actions/upload-artifact@v1, with: {{name: file, path: '${{{{ github.workspace }}}}/out/a'}}}}
      - {{name: nowhere, uses: actions/upload-artifact@v1, with: {{name: x, path: no/where}}, continue-on-error: true}}
      - {{name: nameless, uses: actions/upload-artifact@v1, with: {{path: out}}, continue-on-error: true}}
      - {{name: slash, uses: actions/upload-artifact@v1, with: {{name: a/b, path: out}}, continue-on-error: true}}
  down:
    needs: up
    runs-on: ubuntu-latest
    container: {RUNNER}
    steps:
      - {{name: down, uses: actions/download-artifact@v1, with: {{name: My Files}}}}
      - {{name: elsewhere, uses: actions/download-artifact@v1, with: {{name: file, path: to/here}}}}
      - {{name: look, run: 'find . -type f | sort; cat "My Files/inside" to/here/a'}}
      - {{name: none, uses: actions/download-artifact@v1, with: {{name: none}}, continue-on-error: true}}
      - {{name: out, uses: actions/checkout@v1, with: {{path: ../../x}}, continue-on-error: true}}
      - {{name: nul, uses: actions/checkout@v1, with: {{path: "a\\0b"}}, continue-on-error: true}}
      - run: ln -s /etc ../link && echo >../file
      - {{name: linked, uses: actions/checkout@v1, with: {{path: link/x}}, continue-on-error: true}}
      - {{name: taken, uses: actions/checkout@v1, with: {{path: file/x}}, continue-on-error: true}}
      - {{name: stayed, run: 'ls; rm ../link'}}
      - {{name: moved, uses: actions/checkout@v1, with: {{path: src/there}}}}
      - name: where
        run: |
          echo "pwd=$PWD"
          echo "env=$GITHUB_WORKSPACE"
          echo "context=${{{{ github.workspace }}}}"
          echo "head=$(cat .git/HEAD)"
          test -f .github/workflows/x.yml
"""


@pytest.fixture(scope="module")
def plugins(conform: Conform, alpine: None) -> Outcome:
    return conform(PLUGINS, expect=0)


@pytest.fixture(scope="module")
def alpine(standin: object) -> None:
    assert callable(standin)
    standin("alpine")


@pytest.mark.rule("actions/checkout-v1")
def test_checkout_v1(plugins: Outcome) -> None:
    log = plugins.log("old", "up")
    assert "Syncing repository: local/project" in log
    assert "docker exec" not in log
    assert "Post old" not in plugins.names("up")
    assert plugins.values("where", "down")["head"] == plugins.report["runs"][0]["sha"]


@pytest.mark.rule("actions/checkout-v1-path")
def test_checkout_v1_path(plugins: Outcome) -> None:
    root = f"{RUNNER_WORK}/project"
    words = f"Input path '../../x' should resolve to a directory under '{root}', current resolved path '{RUNNER_HOME}/x'."
    assert words in plugins.log("out", "down")
    assert f"Repository is current at '{root}/project', move to '{root}/src/there'." in plugins.log(
        "moved", "down"
    )
    for name, reason in (
        ("nul", "Null character in path."),
        ("linked", "a symbolic link"),
        ("taken", "Not a directory"),
    ):
        assert plugins.step(name, "down")["outcome"] == "failure", name
        assert reason in plugins.log(name, "down")
    assert plugins.lines("stayed", "down") == ["My Files", "to"], "the workspace is where it was"
    values = plugins.values("where", "down")
    assert {name: values[name] for name in ("pwd", "env", "context")} == {
        "pwd": "/__w/project/src/there",
        "env": "/__w/project/src/there",
        "context": f"{root}/src/there",
    }


@pytest.mark.rule("actions/upload-v1")
def test_upload_v1(plugins: Outcome) -> None:
    lines = plugins.lines("up", "up")
    place = f"{RUNNER_WORK}/project/project/out"
    assert lines[0].startswith(f"Uploading artifact 'My Files' from '{place}' for run #")
    assert lines[1:4] == [
        "Uploading 4 files",
        "File upload complete.",
        f"Uploaded '12' bytes from '{place}' to server",
    ]
    assert lines[4].startswith("Associated artifact My Files (")
    assert plugins.step("linked", "up")["outcome"] == "failure"
    assert "folder is a link that leads out of the job's folders" in plugins.log("linked", "up")
    stored = {a["name"]: a for a in plugins.report["runs"][0]["artifacts"] if a["uploaded"]}
    assert set(stored) == {"My Files", "file", "linked"}
    assert (stored["My Files"]["files"], stored["My Files"]["size"]) == (4, 12)


@pytest.mark.rule("actions/upload-v1-faults")
def test_upload_v1_faults(plugins: Outcome) -> None:
    words = {
        "nowhere": f"Path does not exist {RUNNER_WORK}/project/project/no/where",
        "nameless": "Value cannot be null. (Parameter 'name')",
        "slash": "Artifact name is not valid: a/b. It cannot contain '\\', '/', \"', ':', '<', '>', '|', '*', and '?'",
    }
    for name, first in words.items():
        found = [a["message"] for a in plugins.step(name, "up")["annotations"]]
        assert found[0] == first
        assert found[1].startswith(f"Exit code 1 returned from process: file name '{RUNNER_HOME}/runners/")
        last = "arguments 'action \"GitHub.Runner.Plugins.Artifact.PublishArtifact, Runner.Plugins\"'."
        assert found[1].endswith(last)


@pytest.mark.rule("actions/download-v1")
def test_download_v1(plugins: Outcome) -> None:
    lines = plugins.lines("down", "down")
    assert lines == [
        f"Downloading artifact 'My Files' to: '{RUNNER_WORK}/project/project/My Files'",
        "2 folders created.",
        "1 empty files created.",
        "3 files download succeed.",
        "Artifact download finished.",
    ]
    look = plugins.lines("look", "down")
    assert look[:5] == [
        "./My Files/a",
        "./My Files/deep/b",
        "./My Files/empty",
        "./My Files/inside",
        "./to/here/a",
    ]
    assert look[5:] == ["one", "one"]
    words = "The actions storage artifact for 'none' could not be found, or is no longer available"
    assert plugins.step("none", "down")["annotations"][0]["message"] == words
