"""What a registry may answer: tokens, refusals, limits, delays, things that can't be right."""

from __future__ import annotations

import base64
import contextlib
import gzip
import hashlib
import io
import json
import tarfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from actlite.engines.base import Credentials
from actlite.engines.registry import budget, client
from actlite.engines.registry.failures import reaching
from actlite.engines.registry.images import RegistryImages
from actlite.errors import ImageUnavailable
from actlite.records import changeable, field

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
Answer = tuple[int, Mapping[str, str], bytes]


class Slow(bytes):
    """An answer that comes a byte at a time, twenty a second."""


@changeable
class Server:
    """A registry of the test's own; ``answers`` has a function or an answer by path."""

    address: str = ""
    answers: dict[str, Any] = field(default_factory=dict)
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)

    def put(self, content: bytes) -> str:
        """Keep a blob; its digest."""
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        self.answers[f"/v2/team/tool/blobs/{digest}"] = (200, {}, content)
        return digest

    def image(self, layer: bytes = b"", **changes: Any) -> dict[str, Any]:
        """An image of one layer, with the tag 1; its manifest."""
        config = {"os": "linux", "architecture": "amd64", "config": {"Env": ["PATH=/bin", "A=b=c"]}}
        text = json.dumps(config).encode()
        manifest: dict[str, Any] = {
            "schemaVersion": 2,
            "config": {"digest": self.put(text), "size": len(text)},
            "layers": [{"digest": self.put(layer), "size": len(layer)}],
            **changes,
        }
        self.manifest(json.dumps(manifest).encode())
        return manifest

    def manifest(self, content: bytes, tag: str = "1") -> str:
        """Keep a manifest under a tag and its digest; the digest."""
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        answer = (200, {"Docker-Content-Digest": digest, "Content-Type": MANIFEST}, content)
        for name in (tag, digest):
            self.answers[f"/v2/team/tool/manifests/{name}"] = answer
        return digest

    @property
    def name(self) -> str:
        """The image's name."""
        return f"{self.address}/team/tool:1"


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            found.asked.append((self.command, self.path, dict(self.headers), body))
            answer = found.answers.get(urlsplit(self.path).path, (404, {}, b'{"errors": []}'))
            status, headers, content = answer(*found.asked[-1]) if callable(answer) else answer
            self.send_response(status)
            for key, value in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(key, value)
            self.end_headers()
            if self.command != "HEAD" and not isinstance(content, Slow):
                self.wfile.write(content)
            elif self.command != "HEAD":
                with contextlib.suppress(OSError):
                    for byte in content:
                        self.wfile.write(bytes([byte]))
                        time.sleep(0.05)

        do_HEAD = do_POST = do_GET

        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.address = f"127.0.0.1:{http.server_port}"
    thread = threading.Thread(target=http.serve_forever, args=(0.02,))
    thread.start()
    yield found
    http.shutdown()
    thread.join()
    http.server_close()


@pytest.fixture(autouse=True)
def no_login(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No login of this machine, and no proxy between us and the server."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def tree(**files: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name.replace("__", "/"))
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


def facts(images: RegistryImages, name: str, *paths: str) -> Mapping[str, Any]:
    with images.reader(name) as reader:
        return reader.facts(paths, lambda path, data: {"is": data.decode()})


def refusal(server: Server, **more: Any) -> ImageUnavailable:
    with pytest.raises(ImageUnavailable) as error:
        facts(RegistryImages(None, **more), server.name, "/lib/libc.so")
    return error.value


def test_an_image(server: Server, tmp_path: Path) -> None:
    server.image(tree(**{"lib__libc.so": b"c"}))
    images = RegistryImages(tmp_path)
    found = images.find(server.name)
    assert (found.os, found.architecture, found.env) == ("linux", "amd64", {"PATH": "/bin", "A": "b=c"})
    assert facts(images, server.name, "/lib/libc.so", "/lib/none.so") == {
        "/lib/libc.so": {"is": "c"},
        "/lib/none.so": None,
    }
    asked = len(server.asked)
    again = RegistryImages(tmp_path)
    assert again.find(server.name) == found
    assert len(server.asked) == asked + 1
    assert server.asked[-1][0] == "HEAD"


def test_a_file_with_any_name_is_found_when_it_is_asked_for(server: Server) -> None:
    server.image(tree(opt__tool=b"t", **{"lib__libc.so": b"c"}))
    images = RegistryImages(None, interesting=lambda path: True)
    assert facts(images, server.name, "/lib/libc.so") == {"/lib/libc.so": {"is": "c"}}
    layers = sum("/blobs/" in path for _, path, _, _ in server.asked)
    assert facts(images, server.name, "/opt/tool", "/opt/none") == {
        "/opt/tool": {"is": "t"},
        "/opt/none": None,
    }
    assert facts(images, server.name, "/opt/tool") == {"/opt/tool": {"is": "t"}}
    assert sum("/blobs/" in path for _, path, _, _ in server.asked) == layers + 1, "once more, for both"


def test_a_token(server: Server) -> None:
    server.image(tree())
    answers = dict(server.answers)
    tokens: list[Mapping[str, list[str]]] = []

    def guarded(path: str) -> Callable[..., Answer]:
        def answer(method: str, _: str, headers: Mapping[str, str], body: bytes) -> Answer:
            if headers.get("Authorization") == "Bearer the-token":
                kept: Answer = answers[path]
                return kept
            realm = (
                f'Bearer realm="http://{server.address}/token",service="s",scope="repository:team/tool:pull"'
            )
            return 401, {"WWW-Authenticate": realm}, b""

        return answer

    def token(method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        tokens.append(parse_qs(body.decode() or urlsplit(path).query))
        wanted = base64.b64encode(b"me:secret").decode()
        if method == "GET" and headers.get("Authorization") != f"Basic {wanted}":
            return 401, {}, b'{"errors": [{"message": "who are you?"}]}'
        return 200, {}, b'{"token": "the-token"}'

    server.answers |= {path: guarded(path) for path in answers} | {"/token": token}
    given = {server.name: Credentials("me", "secret")}
    assert facts(RegistryImages(None, credentials=given), server.name, "/x") == {"/x": None}
    assert tokens[0] == {"service": ["s"], "scope": ["repository:team/tool:pull"]}
    assert "who are you?" in refusal(server).why


def test_a_token_for_a_token(server: Server, tmp_path: Path) -> None:
    (tmp_path / "docker").mkdir()
    auths = {server.address: {"identitytoken": "long-lived"}}
    (tmp_path / "docker" / "config.json").write_text(json.dumps({"auths": auths}))
    server.image(tree())
    answers = dict(server.answers)

    def guarded(path: str) -> Callable[..., Answer]:
        realm = f'Bearer realm="http://{server.address}/token",service="s"'
        return lambda m, p, headers, b: (
            answers[path]
            if headers.get("Authorization") == "Bearer t"
            else (401, {"WWW-Authenticate": realm}, b"")
        )

    def token(method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        asked = parse_qs(body.decode())
        sound = method == "POST" and asked["refresh_token"] == ["long-lived"]
        assert asked["scope"] == ["repository:team/tool:pull"]
        return (200, {}, b'{"access_token": "t"}') if sound else (401, {}, b"")

    server.answers |= {path: guarded(path) for path in answers} | {"/token": token}
    assert facts(RegistryImages(None), server.name, "/x") == {"/x": None}


def test_a_password_is_not_sent_elsewhere_in_the_clear(server: Server) -> None:
    challenge = {"WWW-Authenticate": 'Bearer realm="http://elsewhere.invalid/token"'}
    server.answers["/v2/team/tool/manifests/1"] = (401, challenge, b"")
    given = {server.name: Credentials("me", "secret")}
    assert "needs a login" in refusal(server, credentials=given).what


@pytest.mark.parametrize(
    ("answer", "what", "do"),
    [
        ((403, {}, b""), "refuses the image", "docker login"),
        ((404, {}, b""), "does not exist in its registry", "the tag"),
        ((429, {"Retry-After": "77"}, b""), "its limit is reached", "in 77 seconds"),
        ((429, {}, b""), "its limit is reached", "Try again later"),
        ((500, {}, b""), "answers with an error", "later"),
        ((301, {"Location": "ftp://x/"}, b""), "not reached", "the network"),
    ],
)
def test_refusals(server: Server, answer: Answer, what: str, do: str) -> None:
    server.answers["/v2/team/tool/manifests/1"] = answer
    error = refusal(server)
    assert what in error.what
    assert do in error.do


def test_a_registry_that_is_not_there() -> None:
    name = "127.0.0.1:9/team/tool:1"
    with pytest.raises(ImageUnavailable, match="not reached from here") as error:
        RegistryImages(None).find(name)
    assert "refused" in error.value.why


@pytest.mark.parametrize("host", ["no..such", f"{'a' * 64}.example"])
def test_a_registry_with_a_name_that_no_host_has(host: str) -> None:
    with pytest.raises(ImageUnavailable, match="not reached from here"):
        RegistryImages(None).find(f"{host}/team/tool:1")


def test_documents_that_are_nested_too_deep(server: Server) -> None:
    server.answers["/v2/team/tool/manifests/1"] = (200, {}, b"[" * 200_000)
    assert "not JSON" in refusal(server).why
    server.answers["/v2/team/tool/manifests/1"] = (500, {}, b"[" * 200_000)
    assert refusal(server).why == "HTTP 500."


def test_a_registry_that_does_not_answer(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    stop = threading.Event()
    monkeypatch.setattr(client, "READ_SECONDS", 0.2)
    server.answers["/v2/team/tool/manifests/1"] = lambda *_: (stop.wait(5), (200, {}, b""))[1]
    try:
        assert "does not answer" in refusal(server).what
    finally:
        stop.set()


def test_a_registry_whose_certificate_is_not_valid() -> None:
    with (
        pytest.raises(ImageUnavailable, match="its certificate is not valid") as error,
        reaching("x", "ghcr.io"),
    ):
        raise requests.exceptions.SSLError("self-signed") from OSError("self-signed certificate")
    assert error.value.why == "self-signed certificate"
    assert "REQUESTS_CA_BUNDLE" in error.value.do


def test_another_machines_registry_is_spoken_to_over_tls_only(server: Server) -> None:
    port = server.address.rpartition(":")[2]
    with pytest.raises(ImageUnavailable):
        RegistryImages(None).find(f"actlite.localhost:{port}/team/tool:1")
    assert not server.asked


def test_a_connection_that_breaks_in_a_layer(server: Server) -> None:
    layer = tree(**{"lib__libc.so": b"c" * 100_000})
    server.image(layer)
    path = f"/v2/team/tool/blobs/{server.put(layer)}"
    server.answers[path] = (200, {"Content-Length": str(len(layer))}, layer[:5000])
    assert "not reached" in refusal(server).what or "damaged" in refusal(server).what


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"<html>", "not JSON"),
        (b"[]", "not a JSON object"),
        (b" " * (9 << 20), "larger than 8 MB"),
        (b'{"config": {"digest": "../../x"}, "layers": []}', "is no digest"),
    ],
    ids=["text", "list", "large", "path"],
)
def test_manifests_that_can_not_be_right(server: Server, content: bytes, why: str) -> None:
    server.manifest(content)
    assert why in refusal(server).why


@pytest.mark.parametrize(
    "layers",
    [
        [{"digest": "sha256:" + "0" * 64}],
        [{"digest": "sha256:" + "0" * 64, "size": -1}],
        [{"digest": "sha256:" + "0" * 64, "size": 1, "urls": ["http://x"]}],
        [7],
        [{"digest": "sha256:" + "0" * 64, "size": 1}] * 2000,
    ],
)
def test_layers_that_can_not_be_right(server: Server, layers: list[Any]) -> None:
    server.image(layers=layers)
    assert "damaged, or not what it says" in refusal(server).what


def test_a_manifest_of_another_time(server: Server) -> None:
    server.manifest(b'{"schemaVersion": 1, "fsLayers": []}')
    assert "schema 1" in refusal(server).why


def test_a_manifest_that_is_not_the_one_asked_for(server: Server) -> None:
    server.image(tree())
    status, headers, content = server.answers["/v2/team/tool/manifests/1"]
    digest = headers["Docker-Content-Digest"]
    server.answers[f"/v2/team/tool/manifests/{digest}"] = (status, headers, content + b" ")
    assert f"The digest should be {digest}" in refusal(server).why


def test_an_index_without_this_machine(server: Server) -> None:
    entries = [
        {"digest": "sha256:" + "0" * 64, "platform": {"os": "linux", "architecture": "arm", "variant": "v7"}},
        {"digest": "sha256:" + "0" * 64, "platform": {"os": "unknown", "architecture": "unknown"}},
        {"digest": "sha256:" + "0" * 64, "platform": {"os": "windows", "architecture": "amd64"}},
        "odd",
    ]
    server.manifest(json.dumps({"manifests": entries}).encode())
    error = refusal(server)
    assert error.what.endswith("does not exist for linux/amd64")
    assert error.why == "It exists for linux/arm/v7, windows/amd64."
    server.manifest(b'{"manifests": 7}')
    assert refusal(server).why == "It exists for nothing."


def test_a_redirect_to_another_host_does_not_get_the_password(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine localhost login me password another")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    server.image(tree(**{"lib__libc.so": b"c"}))
    port = server.address.rpartition(":")[2]
    for path, (status, headers, content) in list(server.answers.items()):
        if "/blobs/" in path:
            server.answers[f"/elsewhere{path}"] = (status, headers, content)
            server.answers[path] = (307, {"Location": f"http://localhost:{port}/elsewhere{path}"}, b"")
    challenge = {"WWW-Authenticate": "Basic realm=x"}
    kept = server.answers["/v2/team/tool/manifests/1"]
    server.answers["/v2/team/tool/manifests/1"] = lambda m, p, headers, b: (
        kept if "Authorization" in headers else (401, challenge, b"")
    )
    given = {server.name: Credentials("me", "secret")}
    assert facts(RegistryImages(None, credentials=given), server.name, "/lib/libc.so")["/lib/libc.so"] == {
        "is": "c"
    }
    shown = {"/elsewhere" in path: "Authorization" in headers for _, path, headers, _ in server.asked}
    assert shown[True] is False


def test_an_image_of_many_layers_that_unpack_to_much(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each would be small enough."""
    monkeypatch.setattr(budget, "MAX_BYTES", 10 << 20)
    packed = [gzip.compress(tree(**{f"lib__lib{n}.so": b"\0" * (1 << 20)})) for n in range(20)]
    server.image(layers=[{"digest": server.put(one), "size": len(one)} for one in packed])
    error = refusal(server)
    assert (
        error.what == f"the image {server.name} is too large, or comes too slowly, to be read in its registry"
    )
    assert error.why == "It has more than 0 GB, packed and unpacked."
    assert error.do.startswith("Pull it: a local image counts (`docker pull`)")
    monkeypatch.setattr(budget, "MAX_BYTES", 30 << 20)
    assert facts(RegistryImages(None), server.name, "/lib/lib3.so")["/lib/lib3.so"]


def test_a_registry_that_sends_a_layer_bit_by_bit(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "MAX_SECONDS", 0.5)
    manifest = server.image(tree(**{"lib__libc.so": b"c"}))
    path = f"/v2/team/tool/blobs/{manifest['layers'][0]['digest']}"

    server.answers[path] = (200, {}, Slow(server.answers[path][2]))
    began = time.monotonic()
    error = refusal(server)
    assert error.why == "It was not read to its end in 0 seconds."
    assert time.monotonic() - began < 3
