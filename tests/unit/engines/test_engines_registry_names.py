"""What an image's name means, who we are to its registry, and what a history says of layers."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from actlite.engines.registry.credentials import Login, docker_login
from actlite.engines.registry.history import can_hold, places
from actlite.engines.registry.reference import is_safe, parse
from actlite.errors import ImageUnavailable

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("name", "registry", "repository", "version"),
    [
        ("debian", "docker.io", "library/debian", "latest"),
        ("debian:11", "docker.io", "library/debian", "11"),
        ("node/tool:1.2-x_y", "docker.io", "node/tool", "1.2-x_y"),
        ("docker.io/debian:11", "docker.io", "library/debian", "11"),
        ("index.docker.io/library/debian", "docker.io", "library/debian", "latest"),
        ("quay.io/pypa/manylinux2014_x86_64", "quay.io", "pypa/manylinux2014_x86_64", "latest"),
        ("localhost/x", "localhost", "x", "latest"),
        ("localhost:5000/x:y", "localhost:5000", "x", "y"),
        ("[::1]:5000/x", "[::1]:5000", "x", "latest"),
        (f"ghcr.io/a/b@{DIGEST}", "ghcr.io", "a/b", DIGEST),
        (f"ghcr.io/a/b:tag@{DIGEST}", "ghcr.io", "a/b", DIGEST),
    ],
)
def test_names(name: str, registry: str, repository: str, version: str) -> None:
    found = parse(name)
    assert (found.registry, found.repository, found.version) == (registry, repository, version)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "",
            ":",
            "x:",
            "x@",
            "Debian",
            "a//b",
            "a/../b",
            "x:tag:tag",
            "ghcr.io/",
            "x@sha256:abc",
            "x y",
            "-x",
        ),
        *("ghcr.io:port/x", "x:" + "t" * 129, "a/b?c=d", "user@host/x", "x\n", "ghcr.io/x#y"),
    ],
)
def test_names_that_docker_would_not_take(name: str) -> None:
    with pytest.raises(ImageUnavailable, match="is not an image name"):
        parse(name)


def test_only_this_machine_is_asked_without_encryption() -> None:
    assert parse("127.0.0.1:5000/x").base == "http://127.0.0.1:5000/v2"
    assert parse("localhost/x").base == "http://localhost/v2"
    assert parse("localhost.example.com/x").base == "https://localhost.example.com/v2"
    assert parse("debian").base == "https://registry-1.docker.io/v2"
    assert is_safe("https://a.example/token")
    assert is_safe("http://127.0.0.1:5001/token")
    for address in (
        "http://a.example/token",
        "http://127.0.0.1.example.com/",
        "ftp://localhost/",
        "localhost",
    ):
        assert not is_safe(address), address


def word(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("auths", "registry", "login"),
    [
        ({"ghcr.io": {"auth": word("me:secret:x")}}, "ghcr.io", Login("me", "secret:x")),
        ({"https://ghcr.io/v1/": {"auth": word("me:s")}}, "ghcr.io", Login("me", "s")),
        ({"https://index.docker.io/v1/": {"auth": word("me:s")}}, "docker.io", Login("me", "s")),
        ({"ghcr.io": {"username": "me", "password": "s"}}, "ghcr.io", Login("me", "s")),
        ({"ghcr.io": {"auth": word("me:"), "identitytoken": "t"}}, "ghcr.io", Login(identity_token="t")),
        ({"ghcr.io": {}}, "ghcr.io", Login()),
        ({"ghcr.io": {"auth": "not base64"}}, "ghcr.io", Login()),
        ({"ghcr.io": "odd"}, "ghcr.io", Login()),
        ({"ghcr.io": {"auth": word("me:s")}}, "ghcr.io.example.com", Login()),
        ({"index.docker.io": {"auth": word("me:s")}}, "docker.io", Login()),
        ([], "ghcr.io", Login()),
    ],
)
def test_logins_of_dockers_configuration(auths: object, registry: str, login: Login, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"auths": auths}))
    found = docker_login(registry, {"DOCKER_CONFIG": str(tmp_path)})
    assert found == login
    assert bool(found) == (login != Login())
    assert "secret" not in repr(found)


@pytest.mark.parametrize("text", [None, "", "[]", "{", '{"credHelpers": 7, "credsStore": "../x"}'])
def test_a_configuration_that_says_nothing(text: str | None, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / ".docker").mkdir()
        (tmp_path / ".docker" / "config.json").write_text(text)
    assert docker_login("ghcr.io", {"HOME": str(tmp_path), "PATH": str(tmp_path)}) == Login()


def helper(folder: Path, answer: str, name: str = "keep") -> dict[str, str]:
    """A credential helper that answers for any server, and notes which."""
    program = folder / f"docker-credential-{name}"
    program.write_text(f"#!/bin/sh\n[ \"$1\" = get ] && cat > {folder}/asked && echo '{answer}'\n")
    program.chmod(0o755)
    return {"DOCKER_CONFIG": str(folder), "PATH": f"{folder}:/usr/bin:/bin"}


@pytest.mark.parametrize("config", [{"credsStore": "keep"}, {"credHelpers": {"docker.io": "keep"}}])
def test_a_credential_helper(config: dict[str, object], tmp_path: Path) -> None:
    environ = helper(tmp_path, '{"Username": "me", "Secret": "s"}')
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert docker_login("docker.io", environ) == Login("me", "s")
    assert (tmp_path / "asked").read_text() == "https://index.docker.io/v1/"


def test_a_helper_may_give_a_token(tmp_path: Path) -> None:
    environ = helper(tmp_path, '{"Username": "<token>", "Secret": "t"}')
    (tmp_path / "config.json").write_text('{"credHelpers": {"ghcr.io": "keep"}}')
    assert docker_login("ghcr.io", environ) == Login(identity_token="t")


@pytest.mark.parametrize("answer", ["", "[]", "no json", "{}"])
def test_a_helper_that_has_nothing(answer: str, tmp_path: Path) -> None:
    environ = helper(tmp_path, answer)
    auths = {"ghcr.io": {"auth": word("me:s")}}
    (tmp_path / "config.json").write_text(json.dumps({"credsStore": "keep", "auths": auths}))
    assert docker_login("ghcr.io", environ) == Login("me", "s")


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ("COPY package.json /app/ # buildkit", "/app"),
        ("COPY a b /usr/src/app # buildkit", "/usr/src/app"),
        ('COPY ["a b", "/srv/x"] # buildkit', "/srv/x"),
        ("WORKDIR /app", "/app"),
        ("/bin/sh -c #(nop) COPY file:0a1b in /usr/local/bin/ ", "/usr/local/bin"),
        ("/bin/sh -c #(nop) COPY multi:0a1b in /app/ ", "/app"),
        ("/bin/sh -c #(nop) WORKDIR /srv", "/srv"),
        # What is not sure can be anywhere.
        ("/bin/sh -c #(nop) ADD file:0a1b in / ", "/"),
        ("COPY dir:0a1b /usr # buildkit", "/"),
        ("COPY /out /usr/local # buildkit", "/"),
        ("COPY . . # buildkit", "/"),
        ("COPY a $HOME # buildkit", "/"),
        ("COPY a /app/../ # buildkit", "/"),
        ("COPY <<EOF /app # buildkit", "/"),
        ('COPY "a /app', "/"),
        ("RUN /bin/sh -c cp a /app # buildkit", "/"),
        ("/bin/sh -c COPY a /app", "/"),
        ("", "/"),
    ],
)
def test_where_a_layer_is(said: str, place: str) -> None:
    assert places([{"created_by": "ENV A=b", "empty_layer": True}, {"created_by": said}], 1) == [place]


def test_a_history_that_does_not_fit_the_layers_says_nothing() -> None:
    entry = {"created_by": "COPY a /app # buildkit"}
    assert places([entry], 2) == ["/", "/"]
    assert places(None, 1) == ["/"]
    assert places([entry, 7], 1) == ["/app"]


@pytest.mark.parametrize(
    ("place", "path", "can"),
    [
        ("/", "/lib64/libc.so.6", True),
        ("/app", "/lib64/libc.so.6", False),
        ("/app", "/application/x", False),
        ("/app", "/app", True),
        ("/app", "/app/lib/x.so", True),
        # /lib is /usr/lib on most systems.
        ("/usr/lib64/x", "/lib64/x/y.so", True),
        ("/lib", "/usr/lib/x86_64-linux-gnu/libc.so.6", True),
        ("/usr/bin", "/usr/lib64/libc.so.6", False),
        ("/usr/libexec", "/lib/x.so", False),
    ],
)
def test_what_a_layer_can_hold(place: str, path: str, can: bool) -> None:
    assert can_hold(place, path) is can
