"""Services of jobs whose steps run on this machine itself."""

from __future__ import annotations

import pytest
from conforming import RUNNER, Conform
from main_tools import Outcome

pytestmark = pytest.mark.docker
ALPINE = "actlite-standin/alpine:1"
WORKFLOW = f"""
on: push
jobs:
  job:
    runs-on: ubuntu-latest
    services:
      nothing: {{image: '${{{{ vars.NONE }}}}'}}
      web:
        image: {ALPINE}
        ports: [8080]
        entrypoint: sh
        command: -c "mkdir /www; echo from the service >/www/index.html; exec httpd -f -p 8080 -h /www"
        options: --health-cmd "wget -q -O- http://127.0.0.1:8080/" --health-interval 500ms
    steps:
      - name: ask
        shell: bash
        run: |
          exec 3<>/dev/tcp/localhost/${{{{ job.services.web.ports['8080'] }}}}
          printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3; tail -n 1 <&3
          echo "id=${{{{ job.services.web.id }}}}"; echo "nothing=${{{{ job.services.nothing }}}}"
          echo "same=${{{{ job.services.web.network == job.container.network }}}}"
          echo of-the-host >file
      - name: action
        uses: docker://{RUNNER}
        with:
          entrypoint: bash
          args: -c "cat file; exec 3<>/dev/tcp/web/8080; printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3; tail -n 1 <&3"
"""


@pytest.fixture(scope="module")
def ran(conform: Conform) -> Outcome:
    return conform(WORKFLOW, "--engine", "host")


@pytest.mark.rule("services/beside-the-host-engine", "services/on-the-machine", "services/context")
def test_services_beside_the_host_engine(ran: Outcome) -> None:
    assert ran.job["where"] == "host"
    assert ran.lines("ask")[0] == "from the service"
    values = ran.values("ask")
    assert len(values["id"]) == 64
    assert (values["nothing"], values["same"]) == ("", "true")
    said = ran.log("action").splitlines()
    assert said[-2:] == ["of-the-host", "from the service"]
    assert "web service is healthy." in ran.log("Initialize containers")


@pytest.mark.rule("services/empty-image")
def test_a_service_without_an_image(ran: Outcome) -> None:
    line = "The service 'nothing' will not be started because the container definition has an empty image."
    assert line in ran.log("Set up job").splitlines()


@pytest.mark.rule("services/no-engine")
def test_no_engine_for_services(conform: Conform) -> None:
    found = conform(WORKFLOW, "--engine", "host", env={"DOCKER_HOST": "unix:///nowhere/at-all"}, expect=4)
    assert "services need a container engine, and none answers" in " ".join(found.ended.text.split())
    assert found.names() == ["Set up job", "Complete job"]
