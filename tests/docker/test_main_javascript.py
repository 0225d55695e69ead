"""JavaScript actions, run by real node: stages and state, GitHub's own library, remote actions of a git server."""

from __future__ import annotations

import datetime
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from fault_tools import Place
from main_tools import Outcome, Server, git, node_action, own_cache, run

from actlite.runtimes.eras import runner_at

pytestmark = pytest.mark.docker
ALPINE = "actlite-standin/alpine:1"
RUNNER = "actlite-standin/runner:1"
CORE = "@actions/core@1.11.1"
SAY = """const fs = require('fs');
console.log(`stage={stage} state=${process.env.STATE_told} who=${process.env.INPUT_WHO}`);
console.log(`action=${process.env.GITHUB_ACTION} repo=${process.env.GITHUB_ACTION_REPOSITORY} ref=${process.env.GITHUB_ACTION_REF}`);
fs.appendFileSync(process.env.GITHUB_STATE, 'told=by-{stage}\\n');
"""
INPUTS = "inputs:\n  who: {default: nobody}\n"


def stages(post_if: str = "") -> dict[str, str]:
    extra = INPUTS
    files = node_action(
        SAY.replace("{stage}", "main"),
        extra=extra,
        pre=SAY.replace("{stage}", "pre"),
        post=SAY.replace("{stage}", "post"),
    )
    if post_if:
        files["action.yml"] += f"  post-if: {post_if}\n"
    return files


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path / "server")


def go(place: Place, server: Server, *arguments: str) -> Outcome:
    env = server.env | own_cache(server.folder.parent / "cache")
    return run(place, *arguments, env=env)


def test_stages_order_and_state(place: Place, server: Server) -> None:
    server.publish("some/one", stages())
    server.publish("some/two", stages("failure()"))
    server.publish("some/three", stages())
    place.steps(
        "- name: one\n  id: first\n  uses: some/one@v1\n  with: {who: me}",
        "- name: two\n  uses: some/two@v1",
        "- name: three\n  uses: some/three@v1\n  if: false",
        "- name: last\n  run: echo last",
    )
    found = go(place, server).expect(0)
    shown = {s["name"]: s["outcome"] for s in found.job["steps"]}
    assert list(shown) == [
        *("Set up job", "Pre one", "Pre two", "Pre three", "one", "two", "three", "last"),
        *("Post three", "Post two", "Post one", "Complete job"),
    ]
    assert shown["Post three"] == "success"  # registered by its pre stage
    assert shown["three"] == "skipped"
    assert shown["Post two"] == "skipped"
    assert found.log("Pre one").splitlines()[-2] == "stage=pre state=undefined who=me"
    assert found.lines("one")[-2:] == ["stage=main state=by-pre who=me", "action=first repo=some/one ref=v1"]
    assert found.lines("two")[-2] == "stage=main state=by-pre who=nobody"
    assert "action=__some_two " in found.lines("two")[-1]
    assert found.log("Post one").splitlines()[-2] == "stage=post state=by-main who=me"


def test_a_pre_that_fails(place: Place, server: Server) -> None:
    bad = stages() | {"pre.js": "console.log('broken'); process.exit(5)"}
    server.publish("some/bad", bad)
    server.publish("some/good", stages())
    place.steps("- name: bad\n  uses: some/bad@v1", "- name: good\n  uses: some/good@v1")
    found = go(place, server).expect(1)
    pre = found.step("Pre bad")
    assert (pre["outcome"], pre["exit_code"]) == ("failure", 5)
    assert "Process completed with exit code" not in found.log("Pre bad")
    assert found.step("Pre good")["outcome"] == "success"
    assert found.step("bad")["outcome"] == "skipped"


def test_a_local_action_has_no_pre_but_a_post(place: Place) -> None:
    for name, text in stages().items():
        place.write(f"own/{name}", text)
    place.steps(
        "- uses: actions/checkout@v4", "- name: own\n  uses: ./own\n  with: {who: me, colour: red, Size: 1}"
    )
    found = run(place).expect(0)
    assert "Pre own" not in found.names()
    assert "stage=main state=undefined who=me" in found.lines("own")
    assert "stage=post state=by-main who=me" in found.log("Post own")
    messages = [a["message"] for a in found.step("own")["annotations"]]
    assert "`pre` execution is not supported for local action from './own'" in messages


def test_unexpected_inputs_of_a_remote_action(place: Place, server: Server) -> None:
    server.publish("some/one", stages())
    place.steps("- name: one\n  uses: some/one@v1\n  with: {who: me, colour: red}")
    found = go(place, server).expect(0)
    (warning,) = found.step("one")["annotations"]
    assert warning["level"] == "warning"
    assert warning["message"] == "Unexpected input(s) 'colour', valid inputs are ['who']"


@pytest.fixture(scope="session")
def core(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """GitHub's own library for actions, as npm has it."""
    folder = tmp_path_factory.mktemp("core")
    npm = shutil.which("npm")
    assert npm, "there is no npm: sh scripts/node.sh"
    done = subprocess.run(
        [
            npm,
            "install",
            "--silent",
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
            "--prefix",
            str(folder),
            CORE,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "node_modules"


CORE_MAIN = """
const core = require('@actions/core');
const exec = require('@actions/exec');
(async () => {
  core.setOutput('text', 'two\\nlines % and ,:');
  core.setOutput('object', {a: [1, true]});
  core.exportVariable('EXPORTED', 'a\\n\\nb');
  core.addPath('/opt/of the action/bin');
  core.saveState('number', 7);
  core.setSecret('hush-hush');
  core.info('the secret is hush-hush');
  console.log('input=' + core.getInput('needed', {required: true}) + ' ' + core.getBooleanInput('flag'));
  core.startGroup('A group'); core.info('inside'); core.endGroup();
  core.debug('never shown');
  core.warning('careful, %0A:', {title: 'A title, with: signs', file: 'src/main.c', startLine: 3, endLine: 5});
  core.notice('take note', {file: 'a.c', startLine: 1, startColumn: 2, endColumn: 4});
  await core.summary.addHeading('Result').addTable([[{data: 'k', header: true}], ['v']]).write();
  await exec.exec('sh', ['-c', 'echo by exec; echo $PATH']);
  if (core.getInput('fail')) core.setFailed(new Error('in the end'));
})();
"""
CORE_POST = """
const core = require('@actions/core');
console.log('state=' + core.getState('number'));
"""


def with_core(place: Place, core: Path) -> None:
    extra = "inputs:\n  needed: {required: true}\n  flag: {default: 'false'}\n  fail: {}\n"
    for name, text in node_action(CORE_MAIN, extra=extra, post=CORE_POST).items():
        place.write(f"own/{name}", text)
    if not (place.path / "own/node_modules").exists():
        shutil.copytree(core, place.path / "own/node_modules")


@pytest.mark.parametrize("container", ["", f"container: {RUNNER}"], ids=["machine", "container"])
def test_githubs_own_library(place: Place, core: Path, container: str) -> None:
    with_core(place, core)
    place.steps(
        "- uses: actions/checkout@v4",
        "- name: own\n  id: own\n  uses: ./own\n  with: {needed: ' in', flag: True}",
        "- name: after\n  env: {TEXT: '${{ steps.own.outputs.text }}'}\n  run: |\n"
        "    printf 'text=%s=\\n' \"$TEXT\" | tr '\\n' '|'; echo\n"
        '    echo "object=${{ fromJSON(steps.own.outputs.object).a[1] }}"\n'
        "    printf 'exported=%s=\\n' \"$EXPORTED\" | tr '\\n' '|'; echo\n    echo \"path=$PATH\"\n"
        "    echo 'hush-hush'",
        "- name: failing\n  uses: ./own\n  with: {needed: x, fail: 'yes'}",
        job=container,
    )
    found = run(place).expect(1)
    lines = found.lines("own")
    assert "the secret is ***" in lines
    assert "input=in true" in lines
    assert "by exec" in lines
    assert any(line.startswith("/opt/of the action/bin:") for line in lines)
    assert "never shown" not in found.log("own")
    after = found.lines("after")
    assert after[0] == "text=two|lines % and ,:=|"
    assert after[1] == "object=true"
    assert after[2] == "exported=a||b=|"
    assert after[3].startswith("path=/opt/of the action/bin:")
    assert after[4] == "***"
    assert "hush-hush" not in found.log("after").partition("##[endgroup]")[2]
    own = found.step("own")
    assert own["outputs"]["text"] == "two\nlines % and ,:"
    assert own["summary"].startswith("<h1>Result</h1>")
    warning, notice = own["annotations"]
    assert (warning["level"], warning["title"]) == ("warning", "A title, with: signs")
    assert warning["message"] == "careful, %0A:"
    assert (warning["file"], warning["line"], warning["end_line"]) == ("src/main.c", 3, 5)
    assert (notice["level"], notice["column"], notice["end_column"]) == ("notice", 2, 4)
    failing = found.step("failing")
    assert (failing["outcome"], failing["exit_code"]) == ("failure", 1)
    assert [a["message"] for a in failing["annotations"] if a["level"] == "error"] == ["Error: in the end"]
    assert "state=7" in found.log("Post own")
    posts = [name for name in found.names() if name.startswith("Post ")]
    assert posts == ["Post failing", "Post own", "Post Run actions/checkout@v4"]


@pytest.mark.rule("nodes/alpine")
def test_alpine_gets_the_musl_build(place: Place, standin: Callable[[str], str], server: Server) -> None:
    standin("alpine")
    server.publish("some/one", node_action("console.log(process.execPath, process.version)"))
    place.steps("- name: one\n  uses: some/one@v1", "- uses: some/one@v1", job=f"container: {ALPINE}")
    found = go(place, server).expect(0)
    path, version = found.lines("one")[-1].split()
    assert path == "/__e/node24_alpine/bin/node"
    assert version.startswith("v24.")
    assert 'sh -c "cat /etc/*release | grep ^ID"' in found.log("one")
    store = Path(own_cache(server.folder.parent / "cache")["ACTLITE_CACHE"]) / "runtimes"
    wanted = runner_at(datetime.date.today()).folders()["node24_alpine"]
    build = json.loads((store / "node" / f"{wanted}-x64-musl" / "build.json").read_text())
    told = [n["message"] for n in found.report["runs"][0]["notices"] if "node" in n["message"]]
    # GitHub's own build needs no word; a rebuild is named as one, once
    assert told == [build["note"]] * bool(build["note"])
    assert bool(build["note"]) == ("github.com" not in build["source"])
    assert all("is a rebuild" in note and note in found.ended.text for note in told)


def test_remote_actions_by_tag_branch_commit_and_folder(place: Place, server: Server, tmp_path: Path) -> None:
    def says(word: str) -> str:
        return f"console.log('{word}', __dirname)"

    first = server.publish("Some/Many", node_action(says("one")), tag="v1.0.0")
    inner = {f"tools/inner/{k}": v for k, v in node_action(says("inner")).items()}
    server.publish("Some/Many", node_action(says("two")) | inner, tag="v2")
    place.steps(
        "- name: tag\n  uses: some/many@v1.0.0",
        "- name: branch\n  uses: Some/Many@main",
        f"- name: commit\n  uses: Some/Many@{first}",
        "- name: folder\n  uses: Some/Many/tools/inner@v2",
    )
    (server.folder / "some").symlink_to("Some")
    (server.folder / "Some/many").symlink_to("Many")
    found = go(place, server).expect(0)
    assert found.lines("tag")[-1] == "one /home/runner/work/_actions/some/many/v1.0.0"
    assert found.lines("branch")[-1] == "two /home/runner/work/_actions/Some/Many/main"
    assert found.lines("commit")[-1] == f"one /home/runner/work/_actions/Some/Many/{first}"
    assert found.lines("folder")[-1] == "inner /home/runner/work/_actions/Some/Many/v2/tools/inner"
    assert f"'some/many@v1.0.0' (SHA:{first})" in found.log("Set up job")


def test_offline_with_and_without_the_cache(place: Place, server: Server) -> None:
    server.publish("some/one", node_action("console.log('first')"))
    place.steps("- name: one\n  uses: some/one@v1")
    without = go(place, server, "--offline").expect(
        4, "some/one@v1 is not in the cache, and --offline forbids"
    )
    assert without.step("Set up job")["outcome"] == "failure"
    assert go(place, server).expect(0).lines("one")[-1] == "first"
    server.publish("some/one", node_action("console.log('second')"))
    assert go(place, server, "--offline").expect(0).lines("one")[-1] == "first"
    assert go(place, server).expect(0).lines("one")[-1] == "second"
    shutil.rmtree(server.folder / "some")
    assert go(place, server, "--offline").expect(0).lines("one")[-1] == "second"


def test_an_action_taken_from_a_folder(place: Place, server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "my-action"
    folder.mkdir()
    for name, text in node_action("console.log('mine', process.env.GITHUB_ACTION_REF)").items():
        (folder / name).write_text(text)
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    place.steps("- name: one\n  uses: some/one@v1")
    found = go(place, server, "--offline", "--action", f"some/one@v1={folder}").expect(0)
    assert found.lines("one")[-1] == "mine v1"
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before
    go(place, server, "--action", f"some/one@v1={folder}/nowhere").expect(2, "there is no folder")


@pytest.mark.parametrize(
    ("uses", "words"),
    [
        ("some/one@v9", "some/one has no branch or tag 'v9'."),
        ("some/none@v1", "there is no repository"),
        ("some/one/nowhere@v1", "Can't find 'action.yml', 'action.yaml' or 'Dockerfile' for action"),
    ],
)
def test_actions_that_are_not_there(place: Place, server: Server, uses: str, words: str) -> None:
    server.publish("some/one", node_action("console.log('first')"))
    place.steps("- run: echo never", f"- uses: {uses}")
    found = go(place, server).expect(4, words)
    assert found.names() == ["Set up job", "Complete job"] or all(
        s["outcome"] == "skipped" for s in found.job["steps"][1:-1]
    )


def test_a_composite_action_of_actions(place: Place, server: Server) -> None:
    server.publish("some/one", stages())
    server.publish(
        "some/mix",
        {
            "action.yml": "name: Mix\ninputs:\n  who: {default: d}\noutputs:\n  back: {value: '${{ steps.in.outputs.x }}'}\n"
            "runs:\n  using: composite\n  steps:\n"
            "    - {name: inner one, uses: some/one@v1, with: {who: '${{ inputs.who }}'}}\n"
            "    - {id: in, name: inner two, run: 'echo x=$(cat \"$GITHUB_ACTION_PATH/data\") who=$INPUT_WHO >> $GITHUB_OUTPUT', shell: bash}\n",
            "data": "data-of-the-action\n",
        },
    )
    place.steps(
        "- name: mix\n  id: mix\n  uses: some/mix@v1\n  with: {who: me}",
        "- name: after\n  run: echo '${{ toJSON(steps) }}'",
    )
    found = go(place, server).expect(0)
    assert found.step("mix")["outputs"] == {"back": "data-of-the-action who="}
    assert any(line.startswith("stage=main") and line.endswith("who=me") for line in found.lines("inner one"))
    after = "\n".join(found.lines("after"))
    assert '"in"' not in after
    assert "data-of-the-action" in after
    posts = [n for n in found.names() if n.startswith("Post ")]
    assert posts[0] == "Post mix"
    assert any("stage=post state=by-main who=me" in e["text"] for e in found.of("step-output"))


def test_the_fetched_action_is_not_changed_by_a_job(place: Place, server: Server) -> None:
    """Every job has a copy of its own; the cache stays as it was fetched."""
    server.publish(
        "some/one",
        node_action("require('fs').appendFileSync(__filename, '\\nconsole.log(\"spoilt\")')"),
    )
    place.steps("- name: one\n  uses: some/one@v1", "- name: again\n  uses: some/one@v1")
    found = go(place, server).expect(0)
    assert "spoilt" in found.lines("again")
    assert "spoilt" not in found.lines("one")
    assert "spoilt" not in go(place, server).expect(0).lines("one")


@pytest.mark.rule("nodes/unknown")
def test_a_node_that_the_runner_does_not_know(place: Place, server: Server) -> None:
    server.publish("some/one", node_action("1", using="node22"))
    place.steps("- name: one\n  uses: some/one@v1")
    words = (
        "'using: node22' is not supported, use 'docker', 'node12', 'node16', 'node20' or 'node24' instead."
    )
    found = go(place, server)
    assert found.ended.code == 1
    assert words in found.ended.text


def test_git_lends_nothing_of_the_users(server: Server) -> None:
    """The helper's own check: commits are made by the tester alone."""
    server.publish("some/one", {"a": "1\n"})
    assert git(server.folder / "some/one", "log", "-1", "--format=%an", "main") == "Tester"
