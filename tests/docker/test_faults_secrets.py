"""Secrets: in no argument list, no file of the run, no report, no configuration of a container; hidden in every output."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fault_tools import Place, owned, says_without_listing

pytestmark = pytest.mark.docker

SECRET = "s3cr3t-Wörd'\"&<>/+=zq"
LINES = "-----BEGIN-----\nfirst-line-of-key\nsecond-line-of-key\n-----END-----"


@pytest.fixture(autouse=True)
def all_gone(place: Place, docker_daemon: Any) -> Iterator[None]:
    yield
    assert owned(docker_daemon, place.path) == {}


def command_lines() -> Iterator[bytes]:
    """The arguments of every process of this machine, those in containers included; not of this one."""
    for folder in Path("/proc").glob("[0-9]*"):
        if folder.name == str(os.getpid()):
            continue
        try:
            yield (folder / "cmdline").read_bytes()
        except OSError:
            continue


def encodings(secret: str) -> list[bytes]:
    """What must be seen nowhere."""
    data = secret.encode()
    return [data, base64.b64encode(data), *[line.encode() for line in secret.splitlines() if len(line) > 6]]


def holds_none(text: bytes, where: str) -> None:
    for secret in (SECRET, LINES):
        for form in encodings(secret):
            assert form not in text, f"{form!r} is in {where}"


WITH_SECRETS = (
    "- uses: actions/checkout@v4\n  with: {token: '${{ secrets.TOKEN }}'}",
    "- run: |\n"
    '    printf "%s\\n" "$A"; echo "$KEY"; printf %s "$A" | base64 -w0; echo; echo "$A" >&2\n'
    '    printf "::notice title=%s::%s\\n" "$A" "$A"; echo "out=$A" >> $GITHUB_OUTPUT; echo "E=$A" >> $GITHUB_ENV\n'
    '    echo "# $A" >> $GITHUB_STEP_SUMMARY; echo "::add-mask::made-up-here"; echo is-made-up"-here"\n'
    '    echo step-"one"; sleep ${WAIT:-0}\n'
    "  env: {A: '${{ secrets.TOKEN }}', KEY: '${{ secrets.KEY }}'}\n"
    "  name: with ${{ secrets.TOKEN }}\n  id: first",
    "- run: |\n    cat <<'END'\n    ${{ secrets.TOKEN }}\n    ${{ toJSON(secrets) }}\n    ${{ secrets.KEY }}\n    END",
    "- run: |\n    cat <<'END'\n    ${{ steps.first.outputs.out }} ${{ env.E }} made-up-here\n    END\n    echo \"$E\"; false\n"
    "  continue-on-error: true",
)


@pytest.mark.parametrize(
    "container", ["", "container: actlite-standin/runner:1"], ids=["machine", "container"]
)
def test_secrets_are_seen_nowhere(place: Place, tmp_path: Path, docker_daemon: Any, container: str) -> None:
    place.steps(*WITH_SECRETS, job=container + "\noutputs: {o: '${{ steps.first.outputs.out }}'}")
    reports = [f"--report={kind}={tmp_path / kind}" for kind in ("events", "json")]
    environment = {"TOKEN": SECRET, "KEY": LINES, "SLEEP": ""}
    run = place.start(
        "-v", "-s", "TOKEN", "-s", "KEY", "--env-file", str(env_file(tmp_path)), *reports, env=environment
    )
    run.until_said("step-one")
    for line in command_lines():
        holds_none(line, f"the arguments {line!r}")
    (id,) = owned(docker_daemon, place.path)["container"]
    holds_none(
        json.dumps(docker_daemon.api.inspect_container(id), ensure_ascii=False).encode(), "docker inspect"
    )
    ended = run.end().expect(0)
    holds_none(run.out_file.read_bytes(), "stdout")
    holds_none(run.err_file.read_bytes(), "stderr")
    assert "***" in ended.out
    after = ended.out.split("step-one")[1]
    assert "made-up-here" not in after
    for folder in (place.path / ".actlite", tmp_path):
        for path in folder.rglob("*"):
            if path.is_file() and ".git" not in path.parts:
                holds_none(path.read_bytes(), str(path))
    shown = subprocess.run(
        [*place.argv()[:3], "show", "1"], cwd=place.path, env=place.env, capture_output=True, check=True
    )
    holds_none(shown.stdout + shown.stderr, "actlite show")


def env_file(folder: Path) -> Path:
    path = folder / "env"
    path.write_text("WAIT=3\n")
    return path


def test_a_killed_run_leaves_its_secrets_to_nobody(place: Place, tmp_path: Path) -> None:
    """While it lives they are in files of the container's work, closed to others; the next start removes them."""
    place.steps(*WITH_SECRETS)
    run = place.start(
        "-v",
        "-s",
        "TOKEN",
        "-s",
        "KEY",
        "--env-file",
        str(env_file(tmp_path)),
        env={"TOKEN": SECRET, "KEY": LINES},
    )
    run.until_said("step-one")
    assert (place.path / ".actlite").stat().st_mode & 0o077 == 0
    run.kill()
    place.steps("true").run().expect(0)
    for path in (place.path / ".actlite").rglob("*"):
        if path.is_file():
            holds_none(path.read_bytes(), str(path))


def test_a_kept_run_has_no_secrets_in_its_files(place: Place) -> None:
    """Neither in scripts, which hold what the workflow wrote into them, nor in what became of the container's env."""
    place.steps(
        "- run: 'true'\n  env: {A: '${{ secrets.TOKEN }}'}",
        """- run: 'echo "${{ secrets.TOKEN }}" >"$RUNNER_TEMP/of-a-step"; false'""",
        job="container: {image: 'actlite-standin/runner:1', env: {C: '${{ secrets.TOKEN }}'}}",
    )
    place.run("--keep", "failed", "-s", "TOKEN", env={"TOKEN": SECRET}).expect(1, "kept")
    for path in (place.path / ".actlite").rglob("*"):
        if path.is_file() and not path.is_fifo():
            holds_none(path.read_bytes(), str(path))
    subprocess.run([*place.argv()[:3], "clean", "1"], cwd=place.path, env=place.env, check=True)


def test_secrets_in_the_words_of_errors(place: Place) -> None:
    """Texts of the engine, of expressions and of the runner's own checks quote what they were given."""
    place.workflow(
        """
        on: push
        jobs:
          image:
            runs-on: ubuntu-latest
            container: {image: "127.0.0.1:1/x:1", credentials: {username: me, password: "${{ secrets.TOKEN }}"}}
            steps: [run: "true"]
          expression:
            runs-on: ubuntu-latest
            steps:
              - run: echo ${{ fromJSON(secrets.TOKEN) }}
              - {if: always(), run: exit 3, shell: "${{ secrets.TOKEN }}"}
              - {if: always(), run: exit 3, working-directory: "${{ secrets.TOKEN }}"}
              - {if: always(), run: exit 3, name: "${{ secrets.TOKEN }}", timeout-minutes: "${{ secrets.TOKEN }}"}
          options:
            runs-on: ubuntu-latest
            container: {image: "actlite-standin/runner:1", options: "--env X=${{ secrets.TOKEN }} --nonsense", env: {S: "${{ secrets.TOKEN }}"}}
            steps: [run: "true"]
        """
    )
    ended = place.run("-v", "-s", "TOKEN", env={"TOKEN": "plain-secret-4711"})
    ended.expect(ended.code)
    assert ended.code in (1, 2, 4)
    assert "plain-secret-4711" not in ended.text
    for path in (place.path / ".actlite").rglob("*"):
        if path.is_file():
            assert b"plain-secret-4711" not in path.read_bytes(), path


def test_a_secret_that_is_not_in_the_environment(place: Place) -> None:
    """Without a terminal nobody can be asked."""
    place.steps("true").run("-s", "NOT_THERE").expect(2, "NOT_THERE")


def test_the_interrupted_run_shows_no_secret(place: Place, tmp_path: Path) -> None:
    place.steps(*WITH_SECRETS)
    run = place.start(
        "-v",
        "-s",
        "TOKEN",
        "-s",
        "KEY",
        "--env-file",
        str(env_file(tmp_path)),
        env={"TOKEN": SECRET, "KEY": LINES},
    )
    run.until_said("step-one")
    run.signal(signal.SIGINT)
    run.end().expect(130)
    holds_none(run.out_file.read_bytes() + run.err_file.read_bytes(), "the output")


def test_the_job_says_step_one(place: Place) -> None:
    """A check of the checks: what they wait for is the output, not the listing."""
    place.steps('echo step-"one"')
    assert says_without_listing(place.run("-v").out, "step-one")
