"""Images whose user is not root: what they can write is what they could write on GitHub's runner (user 1001)."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fault_tools import Place, owned, says_without_listing, steps_of

pytestmark = pytest.mark.docker

CONTAINER = "container: actlite-standin/runner:1"
EVERYTHING = (
    "id -u; pwd",
    'echo "a=b" >> "$GITHUB_OUTPUT"; echo "E=from-env" >> "$GITHUB_ENV"; echo /extra >> "$GITHUB_PATH"; '
    'echo "# hi" >> "$GITHUB_STEP_SUMMARY"',
    'echo > made; mkdir folder; echo > folder/x; echo > "$RUNNER_TEMP/t"; echo "$E"',
)


@pytest.fixture
def image_of(docker_daemon: Any, standin: Callable[[str], str]) -> Iterator[Callable[[str], str]]:
    """Gives images that are the runner's with another user."""
    made = []

    def image(user: str) -> str:
        base = standin("runner")
        name = f"local/actlite-faults-user-{user}-{os.getpid()}:1"
        container = docker_daemon.api.create_container(base, ["true"])["Id"]
        try:
            docker_daemon.api.commit(
                container, repository=name.partition(":")[0], tag="1", changes=f"USER {user}"
            )
        finally:
            docker_daemon.api.remove_container(container)
        made.append(name)
        return name

    yield image
    for name in made:
        docker_daemon.api.remove_image(name, force=True)


@pytest.fixture(autouse=True)
def all_gone(place: Place, docker_daemon: Any) -> Iterator[None]:
    yield
    assert owned(docker_daemon, place.path) == {}


@pytest.mark.parametrize("where", ["machine", "container"])
@pytest.mark.parametrize("user", ["1001", "0"])
@pytest.mark.rule("containers/owner")
def test_the_runners_user_and_root_can_do_everything(
    place: Place, tmp_path: Path, image_of: Callable[[str], str], user: str, where: str
) -> None:
    """GitHub's runner is user 1001; its container jobs' files belong to it."""
    image = image_of(user)
    report = tmp_path / "report.json"
    job = f"container: {image}" if where == "container" else ""
    place.steps(
        "- uses: actions/checkout@v4",
        *EVERYTHING,
        'echo changed >> README.md; rm README.md; mkdir .git/mine; test "$(id -u)" = ' + user,
        'echo > "$HOME/x"' if where == "container" else "true",
        job=job,
    )
    before = place.files()
    place.run("-v", "--report", f"json={report}", image=image).expect(0)
    assert {s["outcome"] for s in steps_of(report).values()} == {"success"}
    assert place.files() == before
    assert not (place.runs()[0] / "work").exists()


@pytest.mark.rule("containers/user")
def test_another_user_is_refused_as_on_github(
    place: Place, tmp_path: Path, image_of: Callable[[str], str]
) -> None:
    """User 1000 may read what belongs to 1001, and write its own: not into the workspace, nor into GITHUB_OUTPUT."""
    image = image_of("1000")
    report = tmp_path / "report.json"
    place.steps(
        "- {name: read, run: 'ls /__w; cat /github/workflow/event.json >/dev/null; id -u'}",
        "- {name: write, if: always(), run: 'echo > made'}",
        "- {name: output, if: always(), run: 'echo a=b >> $GITHUB_OUTPUT'}",
        "- {name: temp, if: always(), run: 'echo > /tmp/x'}",
        job=f"container: {image}",
    )
    place.run("-v", "--report", f"json={report}").expect(1, "Permission denied")
    outcomes = {name: step["outcome"] for name, step in steps_of(report).items()}
    assert {name: outcomes[name] for name in ("read", "write", "output", "temp")} == {
        "read": "success",
        "write": "failure",
        "output": "failure",
        "temp": "success",
    }


@pytest.mark.rule("containers/user")
def test_options_user_root_helps(place: Place, image_of: Callable[[str], str]) -> None:
    image = image_of("1000")
    place.steps(*EVERYTHING, job=f"container:\n  image: {image}\n  options: --user root").run("-v").expect(0)


def test_a_step_that_drops_root(place: Place) -> None:
    """Root in the container may give files away; cleaning up copes."""
    place.steps("mkdir d; echo > d/f; chown -R 12345:54321 d; chmod 0 d/f d", 'echo d"one"')
    ended = place.run("-v").expect(0)
    assert says_without_listing(ended.out, "done")
    assert not (place.runs()[0] / "work").exists()


@pytest.mark.rule("containers/user", "containers/owner")
def test_git_finds_the_workspace_of_a_container_job_dubious(place: Place) -> None:
    """As on GitHub: root in the container, the workspace is user 1001's, and checkout's own exception is gone
    when its step has ended. Without ``container:`` the runner and its steps are one user."""
    place.steps("- uses: actions/checkout@v4", "git describe --always", job=CONTAINER)
    if dubious_here(place):
        place.run("-v").expect(1, "dubious ownership in repository at '/__w/project/project'")
        fixed = 'git config --global --add safe.directory "$GITHUB_WORKSPACE"; git describe --always'
        place.steps("- uses: actions/checkout@v4", fixed, job=CONTAINER).run("-v").expect(0)
    place.steps("- uses: actions/checkout@v4", "git describe --always").run("-v").expect(0)


def dubious_here(place: Place) -> bool:
    """Whether the container's git looks at ownership, as git does since 2.35.2 and Debian's older ones by backports."""
    probe = Place(place.path.parent / "probe").steps(
        "mkdir r; cd r; git init -q; chown -R 1001 .; git status", job=CONTAINER
    )
    return "dubious ownership" in probe.run("-v").text


def open_up(folder: Path) -> None:
    """Let other users of this machine reach a folder of pytest's."""
    for each in (folder, *folder.parents):
        if each.stat().st_uid == 0 and each.name.startswith(("test_", "pytest-", "popen-")):
            each.chmod(0o755)


def as_user(number: int, group: int) -> list[str]:
    """What to put before a command, to run it as another user; skips where that can't be."""
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        pytest.skip("there is no setpriv")
    other = [setpriv, f"--reuid={number}", f"--regid={number}", f"--groups={group}"]
    if subprocess.run(
        [*other, sys.executable, "-c", "import actlite"], capture_output=True, check=False
    ).returncode:
        pytest.skip("another user can't read this checkout")
    return other


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user of this machine")
def test_in_a_folder_that_may_not_be_read(place: Place, tmp_path: Path) -> None:
    open_up(tmp_path)
    place.steps("true")
    place.path.chmod(0o700)
    ended = subprocess.run(
        [*as_user(1234, 1234), *place.argv("-v")],
        cwd=place.path,
        env={**place.env, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode in (2, 4, 5), ended.stderr
    assert "Traceback" not in ended.stderr
    assert "defect" not in ended.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user of this machine")
@pytest.mark.rule("containers/owner")
def test_run_by_another_user_of_this_machine(place: Place, docker_daemon: Any, tmp_path: Path) -> None:
    """Nothing can be given away then: the files are that user's. Root's of the container are removed all the same."""
    socket = Path("/var/run/docker.sock")
    if not socket.is_socket():
        pytest.skip("the daemon is not at the default socket")
    other = as_user(1234, socket.stat().st_gid)
    place.steps(*EVERYTHING, "mkdir -p d/e; chmod 700 d; echo > d/e/f", job=CONTAINER)
    open_up(tmp_path)
    for path in (place.path, *place.path.rglob("*")):
        os.chown(path, 1234, 1234, follow_symlinks=False)
    cache = tmp_path / "cache"
    cache.mkdir(mode=0o777)
    cache.chmod(0o777)
    mine = Place(tmp_path / "mine").steps('echo step-"one"; sleep 100')
    running = mine.start("-v")
    running.until_said("step-one")
    ended = subprocess.run(
        [*other, *place.argv("-v")],
        cwd=place.path,
        env={**place.env, "HOME": str(tmp_path), "ACTLITE_CACHE": str(cache)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (place.runs()[0] / "work").exists()
    assert len(owned(docker_daemon, mine.path)["container"]) == 1, "another user's living run is left alone"
    running.signal(signal.SIGTERM)
    running.end().expect(130)
