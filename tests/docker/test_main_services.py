"""Services: real servers, reached by name and by port, waited for until healthy."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fault_tools import Place
from main_tools import built, run

pytestmark = pytest.mark.docker
ALPINE = "actlite-standin/alpine:1"
RUNNER = "actlite-standin/runner:1"
ASK = r"""    ask() { exec 3<>"/dev/tcp/$1"; printf 'GET %s HTTP/1.0\r\n\r\n' "$2" >&3; timeout 5 tail -n 1 <&3; }
"""


@pytest.fixture(scope="module")
def httpd(docker_daemon: Any, standin: Callable[[str], str]) -> Iterator[str]:
    """An image with a web server that is healthy only a second after its start."""
    standin("alpine")
    lines = [
        f"FROM {ALPINE}",
        "HEALTHCHECK --interval=1500ms --timeout=2s --retries=20 CMD wget -q -O- http://127.0.0.1:8080/ready",
        'CMD ["sh", "-c", "mkdir /www; echo served by $WHO >/www/index.html; '
        '(sleep 1; echo ready >/www/ready) & exec httpd -f -p 8080 -h /www"]',
    ]
    with built(docker_daemon, f"actlite-test/httpd:{os.getpid()}", lines) as image:
        yield image


@pytest.mark.rule("services/by-name", "services/context", "services/health")
def test_a_container_job_reaches_a_service_by_its_name(place: Place, httpd: str) -> None:
    place.steps(
        f"- name: ask\n  shell: bash\n  run: |\n{ASK}"
        "    ask web/8080 /; ask web/8080 /ready\n"
        "    echo \"ids=${{ job.services.web.id != '' }}\"\n"
        '    echo "port=${{ job.services.web.ports[8080] }}"\n'
        '    echo "networks=${{ job.services.web.network == job.container.network }}"\n'
        '    echo "network=${{ job.container.network }}"',
        job=f"container: {RUNNER}\nservices:\n  web:\n    image: {httpd}\n    env: {{WHO: a service}}\n"
        "    ports: [8080]",
    )
    found = run(place).expect(0)
    lines = found.lines("ask")
    assert lines[:2] == ["served by a service", "ready"]
    values = found.values("ask")
    assert values["ids"] == "true"
    assert values["networks"] == "true"
    assert values["network"].startswith("github_network_")
    assert int(values["port"]) > 1024
    init = found.log("Initialize containers")
    assert "web service is starting, waiting 2 seconds before checking again." in init
    assert "web service is healthy." in init


@pytest.mark.rule("services/ports", "services/ports-of-ipv6", "services/on-the-machine")
def test_a_job_without_container_reaches_a_service_on_localhost(place: Place, httpd: str) -> None:
    place.steps(
        f"- name: ask\n  run: |\n{ASK}"
        "    ask localhost/${{ job.services.web.ports['8080'] }} /; ask localhost/18479 /\n"
        '    echo "fixed=${{ job.services.fixed.ports[8080] }}"\n'
        '    echo "container=${{ toJSON(job.container.id) }}"',
        job=f"services:\n  web:\n    image: {httpd}\n    env: {{WHO: web}}\n    ports: [8080/tcp]\n"
        f"  fixed:\n    image: {httpd}\n    env: {{WHO: fixed}}\n    ports: ['18479:8080']",
    )
    found = run(place).expect(0)
    lines = found.lines("ask")
    assert lines[0] == "served by web"
    assert lines[1] == "served by fixed"
    assert found.values("ask") == {"fixed": "18479", "container": "null"}


@pytest.mark.rule("services/entrypoint")
def test_entrypoint_command_and_volumes_of_a_service(place: Place) -> None:
    place.write("shared.txt", "of this machine")
    place.steps(
        f"- name: ask\n  shell: bash\n  run: |\n{ASK}"
        "    for try in {1..50}; do ask greeter/7000 /shared.txt && exit; sleep 0.1; done; exit 1",
        job=f"container: {RUNNER}\nservices:\n  greeter:\n    image: {ALPINE}\n    entrypoint: /bin/busybox\n"
        f"    command: httpd -f -p 7000 -h /outside\n    volumes: ['{place.path}:/outside:ro']\n",
    )
    found = run(place).expect(0)
    assert found.lines("ask")[-1] == "of this machine"


@pytest.mark.rule("services/unhealthy")
def test_a_service_that_is_not_healthy(place: Place, docker_daemon: Any) -> None:
    place.steps(
        'echo never-"run"',
        '- name: at the end\n  if: always()\n  run: echo never-"either"',
        job=f"container: {ALPINE}\nservices:\n  db:\n    image: {ALPINE}\n    entrypoint: sh\n"
        '    command: -c "echo the database says no; exec sleep 100"\n'
        "    options: --health-cmd false --health-interval 200ms --health-retries 2",
    )
    found = run(place).expect(1, "One or more containers failed to start.")
    init = found.step("Initialize containers")
    assert init["outcome"] == "failure"
    log = found.log("Initialize containers")
    assert "the database says no" in log
    assert f"Failed to initialize container {ALPINE}" in log
    assert log.index("the database says no") < log.index("Failed to initialize container")
    assert found.step('Run echo never-"run"')["outcome"] == "skipped"
    assert found.job["result"] == "failure"


@pytest.mark.rule("services/ended")
def test_a_service_that_ends_at_once_is_only_a_warning(place: Place) -> None:
    """R: ContainerOperationProvider: a container that is not running is a warning, health is not asked for.

    The other service's health is waited for first: that leaves this one time to end, however busy the machine."""
    place.steps(
        "- name: go\n  run: echo went-on",
        job=f"container: {ALPINE}\nservices:\n  slow:\n    image: {ALPINE}\n    entrypoint: sleep\n"
        "    command: '100'\n    options: --health-cmd true --health-interval 3s\n"
        f"  gone:\n    image: {ALPINE}\n    entrypoint: sh\n"
        '    command: -c "echo last words; exit 3"',
    )
    found = run(place).expect(0)
    assert "went-on" in found.lines("go")
    assert "last words" in found.log("Initialize containers")
    (warning,) = found.step("Initialize containers")["annotations"]
    assert warning["level"] == "warning"
    assert warning["message"].endswith(" is not in running state.")


def test_an_empty_image_is_no_service(place: Place) -> None:
    place.steps(
        "- name: look\n  run: echo \"services=${{ join(job.services.*.id) == '' }}\"",
        job="services:\n  none:\n    image: ${{ github.event_name != 'push' && 'no/such:image' || '' }}",
    )
    found = run(place).expect(0)
    assert found.values("look") == {"services": "true"}
    assert (
        "The service 'none' will not be started because the container definition has an empty image."
        in found.log("Set up job")
    )


def test_a_services_image_that_is_not_there(place: Place) -> None:
    place.steps("echo never", job=f"container: {ALPINE}\nservices:\n  db:\n    image: actlite-test/nowhere:1")
    found = run(place, "--pull", "never").expect(4, "actlite-test/nowhere:1 is not on this machine")
    assert found.step("Initialize containers")["outcome"] == "failure"
