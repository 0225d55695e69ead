"""``container:`` as string and as mapping: the runner's layout, its variables, and the way around an old libc."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fault_tools import Place
from main_tools import Server, node_action, own_cache, run

from actlite.execution.layout import RUNNER_WORK
from actlite.runtimes.eras import runner_at
from actlite.runtimes.store import NodeStore

pytestmark = pytest.mark.docker
RUNNER = "actlite-standin/runner:1"
CENTOS = "actlite-standin/centos7:1"
WHOLE = """
container:
  image: {image}
  env: {{OF_CONTAINER: yes it is, CI: 'false', 'A': 1}}
  ports: [8123, '18480:8124']
  volumes:
    - {folder}:/from/outside
    - {folder}:/read/only:ro
    - {folder}:/mode/dropped:ro,rshared
    - /anonymous
  options: --cpus 1 --memory 300m --hostname my-host --label x.test=1
env: {{OF_JOB: '1'}}
"""


@pytest.mark.rule("containers/volumes", "containers/env")
def test_a_container_as_a_mapping(place: Place, docker_daemon: Any) -> None:
    outside = place.path.parent / "outside"
    outside.mkdir()
    (outside / "file").write_text("text of outside\n")
    place.steps(
        *[
            "- name: look\n  run: |\n"
            "    cat /from/outside/file; echo made > /from/outside/made\n"
            "    if echo x > /read/only/x; then echo writable; else echo read-only; fi\n"
            "    echo x > /mode/dropped/dropped && echo dropped-mode\n"
            "    echo anonymous > /anonymous/file\n"
            '    for name in OF_CONTAINER CI A OF_JOB HOME; do eval "echo $name=\\$$name"; done\n'
            "    echo cpus=$(cat /sys/fs/cgroup/cpu.max /sys/fs/cgroup/cpu/cpu.cfs_quota_us 2>/dev/null)\n"
            "    echo host=$(cat /etc/hostname)\n"
            '    echo "id=${{ job.container.id }}"',
            "- name: again\n  run: cat /anonymous/file; cd ~; pwd",
        ],
        job=WHOLE.format(image=RUNNER, folder=outside),
    )
    found = run(place).expect(0)
    lines = found.lines("look")
    assert "text of outside" in lines
    assert "read-only" in lines
    assert "writable" not in lines
    assert "dropped-mode" in lines
    values = found.values("look")
    assert values["OF_CONTAINER"] == "yes it is"
    assert (values["CI"], values["A"], values["OF_JOB"]) == ("false", "1", "1")
    assert values["HOME"] == "/github/home"
    assert values["cpus"].startswith("100000")
    assert values["host"] == "my-host"
    assert len(values["id"]) == 64
    assert found.lines("again") == ["anonymous", "/github/home"]
    assert sorted(p.name for p in outside.iterdir()) == ["dropped", "file", "made"]
    volumes = docker_daemon.api.volumes(filters={"label": ["x.test"]})["Volumes"]
    assert not volumes


@pytest.mark.rule("containers/folders")
def test_the_layout(place: Place) -> None:
    place.steps(
        "- name: look\n  run: |\n    pwd\n    echo $0\n    ls /__e\n"
        "    touch /__e/x 2>&1 || echo externals-are-read-only\n"
        "    touch /__w/x /__t/x /github/home/x /github/workflow/x /__w/_temp/x /__w/_actions/x && echo rest-is-not\n"
        "    ls -A\n",
        "- name: sh\n  run: readlink /proc/$$/exe; tr '\\0' ' ' </proc/$$/cmdline; echo",
        "- name: bash\n  shell: bash\n  run: tr '\\0' ' ' </proc/$$/cmdline; echo",
        "- name: paths\n  env: {WHOLE: '${{ github.workspace }}/a', PART: 'x=${{ github.workspace }}'}\n  run: |\n"
        "    echo 'expression=${{ github.workspace }}'\n    echo variable=$GITHUB_WORKSPACE\n"
        "    echo whole=$WHOLE\n    echo part=$PART\n    echo temp=$RUNNER_TEMP '${{ runner.temp }}'\n"
        "    echo tools=$RUNNER_TOOL_CACHE '${{ runner.tool_cache }}'\n"
        "    echo event=$GITHUB_EVENT_PATH '${{ github.event_path }}'",
        job=f"container: {RUNNER}",
    )
    found = run(place).expect(0)
    lines = found.lines("look")
    assert lines[0] == "/__w/project/project"
    assert lines[1].startswith("/__w/_temp/")
    assert lines[1].endswith(".sh")
    assert "externals-are-read-only" in lines
    assert "rest-is-not" in lines
    assert lines[-1] == "rest-is-not"  # the workspace is empty
    assert found.lines("sh")[1].startswith("sh -e /__w/_temp/")
    assert found.lines("bash")[0].startswith("bash --noprofile --norc -e -o pipefail /__w/_temp/")
    assert found.values("paths") == {
        "expression": f"{RUNNER_WORK}/project/project",
        "variable": "/__w/project/project",
        "whole": "/__w/project/project/a",
        "part": f"x={RUNNER_WORK}/project/project",
        "temp": f"/__w/_temp {RUNNER_WORK}/_temp",
        "tools": "/__t /opt/hostedtoolcache",
        "event": f"/github/workflow/event.json {RUNNER_WORK}/_temp/_github_workflow/event.json",
    }


VARIABLES = [
    "CI",
    "GITHUB_ACTION",
    "GITHUB_ACTIONS",
    "GITHUB_ACTION_REF",
    "GITHUB_ACTION_REPOSITORY",
    "GITHUB_ACTOR",
    "GITHUB_ACTOR_ID",
    "GITHUB_API_URL",
    "GITHUB_BASE_REF",
    "GITHUB_ENV",
    "GITHUB_EVENT_NAME",
    "GITHUB_EVENT_PATH",
    "GITHUB_GRAPHQL_URL",
    "GITHUB_HEAD_REF",
    "GITHUB_JOB",
    "GITHUB_OUTPUT",
    "GITHUB_PATH",
    "GITHUB_REF",
    "GITHUB_REF_NAME",
    "GITHUB_REF_PROTECTED",
    "GITHUB_REF_TYPE",
    "GITHUB_REPOSITORY",
    "GITHUB_REPOSITORY_ID",
    "GITHUB_REPOSITORY_OWNER",
    "GITHUB_REPOSITORY_OWNER_ID",
    "GITHUB_RETENTION_DAYS",
    "GITHUB_RUN_ATTEMPT",
    "GITHUB_RUN_ID",
    "GITHUB_RUN_NUMBER",
    "GITHUB_SERVER_URL",
    "GITHUB_SHA",
    "GITHUB_STATE",
    "GITHUB_STEP_SUMMARY",
    "GITHUB_TRIGGERING_ACTOR",
    "GITHUB_WORKFLOW",
    "GITHUB_WORKFLOW_REF",
    "GITHUB_WORKFLOW_SHA",
    "GITHUB_WORKSPACE",
    "RUNNER_ARCH",
    "RUNNER_ENVIRONMENT",
    "RUNNER_NAME",
    "RUNNER_OS",
    "RUNNER_TEMP",
    "RUNNER_TOOL_CACHE",
    "RUNNER_WORKSPACE",
]


@pytest.mark.parametrize("container", ["", f"container: {RUNNER}"], ids=["machine", "container"])
def test_all_variables_of_the_runner(place: Place, container: str) -> None:
    place.steps("- name: look\n  run: env", job=container)
    found = run(place).expect(0)
    values = found.values("look")
    assert set(VARIABLES) - set(values) == set()
    assert "GITHUB_TOKEN" not in values
    assert "RUNNER_DEBUG" not in values
    assert not [name for name in values if name.startswith("ACTLITE")]
    assert values["GITHUB_REF"] == "refs/heads/main"
    assert values["GITHUB_SHA"] == place.git("rev-parse", "HEAD")
    assert (values["GITHUB_JOB"], values["GITHUB_ACTION"]) == ("job", "__run")
    assert (values["RUNNER_OS"], values["RUNNER_ARCH"]) == ("Linux", "X64")
    assert (
        values["GITHUB_WORKFLOW_REF"]
        == f"{values['GITHUB_REPOSITORY']}/.github/workflows/x.yml@refs/heads/main"
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("--nonsense 1", "unknown flag: --nonsense"),
        ("--cpus many", 'invalid argument "many" for "--cpus"'),
        ("-z", "unknown shorthand flag: 'z' in -z"),
        ("busybox", "'busybox' is no option"),
    ],
)
@pytest.mark.rule("containers/options-refused")
def test_options_that_docker_would_refuse(place: Place, options: str, words: str) -> None:
    place.steps("- name: never\n  run: echo", job=f"container:\n  image: {RUNNER}\n  options: {options}")
    found = run(place)
    assert found.ended.code == 1
    found.expect(1, "docker would refuse the container's `options:`")
    assert words in found.log("Initialize containers")
    assert found.step("never")["outcome"] == "skipped"


@pytest.mark.rule("containers/user")
def test_another_user(place: Place) -> None:
    """As on GitHub: the work folders belong to the runner's user, and another one can't write there."""
    place.steps(
        '- name: who\n  run: echo "id=$(id -u):$(id -g)"; echo home=$HOME; touch file 2>/dev/null && echo written || true',
        job=f"container:\n  image: {RUNNER}\n  options: --user 1234:4321",
    )
    found = run(place).expect(0)
    assert found.values("who")["id"] == "1234:4321"
    assert found.values("who")["home"] == "/github/home"
    assert "written" not in found.lines("who")


@pytest.fixture(scope="module")
def old_node(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real node that runs on glibc 2.17: the runner of 2022 had node 16."""
    import datetime

    runner = runner_at(datetime.date(2022, 6, 1))
    store = NodeStore(Path(own_cache(tmp_path_factory.mktemp("cache"))["ACTLITE_CACHE"]) / "runtimes")
    folder = store.externals(runner, ["node16"]) / "node16"
    copy = tmp_path_factory.mktemp("old") / "node16"
    shutil.copytree(folder, copy, symlinks=False)
    return copy


@pytest.mark.rule("nodes/covered")
def test_the_volume_that_covers_the_runners_node(
    place: Place, standin: Callable[[str], str], tmp_path: Path, old_node: Path
) -> None:
    """The community's way onto glibc 2.17: a volume over /__e/node24, filled by the first step."""
    standin("centos7")
    server = Server(tmp_path / "server")
    server.publish("some/one", node_action("console.log('ran on', process.version, process.execPath)"))
    env = server.env | own_cache(tmp_path / "cache")
    cover = tmp_path / "cover"
    cover.mkdir()
    shutil.copytree(old_node, tmp_path / "unofficial")
    volumes = (
        f"volumes:\n    - {cover}:/node-217:rw,rshared\n    - {cover}:/__e/node24:ro,rshared\n"
        f"    - {tmp_path}/unofficial:/unofficial:ro"
    )
    steps = (
        "- name: fill\n  run: cp -r /unofficial/. /node-217/",
        "- name: one\n  uses: some/one@v1",
    )
    place.steps(*steps, job=f"container:\n  image: {CENTOS}\n  {volumes}")
    found = run(place, env=env).expect(0)
    assert found.lines("one")[-1].startswith("ran on v16.")
    assert found.lines("one")[-1].endswith("/__e/node24/bin/node")
    bare = tmp_path / "bare"
    bare.mkdir()
    place.steps(steps[1], job=f"container:\n  image: {CENTOS}\n  volumes:\n    - {bare}:/__e/node24:ro")
    unfilled = run(place, env=env).expect(1).step("one")["diagnosis"]
    assert unfilled["kind"] == "not-found"
    assert "Fill the volume that the job mounts over the runner's node24" in unfilled["fixes"][0]
    place.steps(steps[1], job=f"container: {CENTOS}")
    without = run(place, env=env).expect(1)
    diagnosis = without.step("one")["diagnosis"]
    assert diagnosis["kind"] == "versions"
    assert diagnosis["program"] == "/__e/node24/bin/node"
    assert any("GLIBC_2.28" in line for line in diagnosis["loader_lines"])


@pytest.mark.rule("containers/externals")
def test_a_volume_over_a_node_that_was_not_fetched_yet(place: Place, tmp_path: Path) -> None:
    """dixyes/ghactionsplay, glibc217node20.yml: on the runner every node's folder is there to be covered."""
    cover = tmp_path / "cover"
    cover.mkdir()
    place.steps(
        "- name: fill\n  run: echo covered >/cover/note; ls /__e; cat /__e/node20/note",
        job=f"container:\n  image: {RUNNER}\n  volumes:\n    - {cover}:/cover:rw,rshared\n    - {cover}:/__e/node20:ro,rshared",
    )
    found = run(place, "--as-of", "2024-09-01", env={"ACTLITE_CACHE": str(tmp_path / "cache")}).expect(0)
    assert found.lines("fill") == ["node16", "node16_alpine", "node20", "node20_alpine", "covered"]


def test_an_image_given_for_another(place: Place) -> None:
    place.steps("- name: look\n  run: head -n 1 /etc/os-release", job="container: quay.io/some/image:2014")
    found = run(place, "--image", f"quay.io/some/image:2014={CENTOS}").expect(0)
    assert found.job["where"] == CENTOS
    assert found.job["instead_of"] == "quay.io/some/image:2014"
    assert found.lines("look") == ['NAME="CentOS Linux"']
    notices = [n["message"] for n in found.report["runs"][0]["notices"]]
    assert any(CENTOS in n and "quay.io/some/image:2014" in n for n in notices)


@pytest.mark.rule("containers/empty-image")
def test_an_expression_gives_the_container(place: Place) -> None:
    text = """
        on: push
        jobs:
          job:
            runs-on: ubuntu-latest
            strategy:
              matrix:
                image: ['', 'actlite-standin/centos7:1']
            container: ${{ matrix.image }}
            steps:
              - {name: look, run: 'pwd; head -n 1 /etc/os-release'}
        """
    place.workflow(text)
    found = run(place).expect(0)
    assert [job["where"] for job in found.jobs.values()] == [RUNNER, CENTOS]
    first, second = found.jobs
    assert found.lines("look", first)[0] == f"{RUNNER_WORK}/project/project"
    assert found.lines("look", second) == ["/__w/project/project", 'NAME="CentOS Linux"']
    assert json.dumps(found.report).count("Initialize containers") == 1
