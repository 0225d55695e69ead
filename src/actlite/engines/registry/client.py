"""Questions to one registry: HTTPS, a login where it wants one, answers of bounded size."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from actlite.engines.registry.budget import Budget
from actlite.engines.registry.credentials import Login
from actlite.engines.registry.failures import reaching, refused, unsound
from actlite.engines.registry.reference import Reference, is_safe

if TYPE_CHECKING:
    import requests

CONNECT_SECONDS, READ_SECONDS = 10.0, 60.0
MAX_DOCUMENT = 8 << 20
"""Bytes of a manifest, a configuration or a token's answer; registries themselves take manifests up to 4 MB."""
PIECE = 1 << 16
MANIFESTS = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')


class Client:
    """Asks for one image. Not safe to share between threads."""

    def __init__(self, reference: Reference, name: str, login: Login, budget: Budget) -> None:
        """``name`` is what messages call the image; what comes counts in ``budget``."""
        self.reference = reference
        self._name = name
        self._login = login
        self._session = _session()
        self._authorization = ""
        self.budget = budget
        self.bytes = 0
        """Bytes of documents and layers that came."""

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def digest(self) -> str:
        """The digest that the image's tag stands for now; empty where the registry does not say it. The question does
        not count towards Docker Hub's limit."""
        if self.reference.digest:
            return self.reference.digest
        with self._ask("HEAD", f"manifests/{self.reference.tag}", MANIFESTS) as answer:
            told = str(answer.headers.get("Docker-Content-Digest", ""))
            return told if re.fullmatch(r"sha256:[0-9a-f]{64}", told) else ""

    def manifest(self, version: str) -> tuple[str, dict[str, Any]]:
        """A manifest by tag or digest: its digest, and what it says. Raises ImageUnavailable."""
        with self._ask("GET", f"manifests/{version}", MANIFESTS) as answer:
            content = self._document(answer)
        return self._checked(content, version), self._json(content)

    def config(self, digest: str) -> dict[str, Any]:
        """An image's configuration. Raises ImageUnavailable."""
        with self._ask("GET", f"blobs/{digest}") as answer:
            content = self._document(answer)
        self._checked(content, digest)
        return self._json(content)

    @contextmanager
    def blob(self, digest: str) -> Iterator[Iterator[bytes]]:
        """The pieces of a layer, as the registry keeps it. Whoever reads them checks the digest. Raises
        ImageUnavailable, also while they are read."""
        with self._ask("GET", f"blobs/{digest}") as answer:
            yield self._pieces(answer)

    def _pieces(self, answer: requests.Response) -> Iterator[bytes]:
        # Never unpacked on the way: the digest is that of the packed bytes.
        answer.raw.decode_content = False
        # What is there is taken at once, so that one who sends a byte a minute is found out; urllib3 1 can't do that.
        take = getattr(answer.raw, "read1", answer.raw.read)
        while True:
            with reaching(self._name, self.reference.registry):
                piece = bytes(take(PIECE) or b"")
            if not piece:
                return
            self.bytes += len(piece)
            self.budget.spend(len(piece))
            yield piece

    def _document(self, answer: requests.Response) -> bytes:
        content = bytearray()
        for piece in self._pieces(answer):
            content += piece
            if len(content) > MAX_DOCUMENT:
                raise unsound(self._name, f"A document is larger than {MAX_DOCUMENT >> 20} MB.")
        return bytes(content)

    def _checked(self, content: bytes, version: str) -> str:
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        if version.startswith("sha256:") and version != digest:
            raise unsound(self._name, f"The digest should be {version}, and is {digest}.")
        return digest

    def _json(self, content: bytes) -> dict[str, Any]:
        try:
            found = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise unsound(self._name, f"A document is not JSON: {error}") from error
        if not isinstance(found, dict):
            raise unsound(self._name, "A document is not a JSON object.")
        return found

    @contextmanager
    def _ask(self, method: str, path: str, accept: tuple[str, ...] = ()) -> Iterator[requests.Response]:
        address = f"{self.reference.base}/{self.reference.repository}/{path}"
        headers = {"Accept": ", ".join(accept)} if accept else {}
        answer = self._send(method, address, headers | self._authorized())
        if answer.status_code == 401:
            challenge = str(answer.headers.get("WWW-Authenticate", ""))
            answer.close()
            if self._authorize(challenge):
                answer = self._send(method, address, headers | self._authorized())
        with answer:
            self._succeeded(answer)
            if not is_safe(answer.url):
                raise unsound(self._name, f"The registry leads to {answer.url}, which is not encrypted.")
            yield answer

    def _authorized(self) -> dict[str, str]:
        return {"Authorization": self._authorization} if self._authorization else {}

    def _send(self, method: str, address: str, headers: Mapping[str, str], **more: Any) -> requests.Response:
        with reaching(self._name, self.reference.registry):
            return self._session.request(
                method,
                address,
                headers={**headers, "Accept-Encoding": "identity", "User-Agent": "actlite"},
                auth=_as_it_is,
                stream=True,
                allow_redirects=True,
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                **more,
            )

    def _succeeded(self, answer: requests.Response) -> None:
        if answer.status_code < 400:
            return
        words = ""
        if answer.request.method != "HEAD":
            try:
                errors = json.loads(self._document(answer)).get("errors") or [{}]
                words = str(errors[0].get("message") or "")[:300]
            except (ValueError, RecursionError, AttributeError, LookupError, TypeError):
                words = ""
        wait = str(answer.headers.get("Retry-After", ""))
        raise refused(self._name, self.reference.registry, answer.status_code, words, wait)

    def _authorize(self, challenge: str) -> bool:
        """Get what the registry asks for. False where there is nothing to show."""
        kind, _, rest = challenge.partition(" ")
        values = dict(_CHALLENGE.findall(rest))
        if kind.lower() == "basic":
            before, self._authorization = self._authorization, self._basic()
            return bool(self._authorization) and self._authorization != before
        realm = values.get("realm", "")
        if kind.lower() != "bearer" or not is_safe(realm):
            return False
        asked = {"service": values.get("service", ""), "scope": values.get("scope", "")}
        asked["scope"] = asked["scope"] or f"repository:{self.reference.repository}:pull"
        if self._login.identity_token:
            form = {**asked, "grant_type": "refresh_token", "client_id": "actlite"}
            form["refresh_token"] = self._login.identity_token
            answer = self._send("POST", realm, {}, data=form)
        else:
            headers = {"Authorization": self._basic()} if self._login else {}
            answer = self._send("GET", realm, headers, params={k: v for k, v in asked.items() if v})
        with answer:
            self._succeeded(answer)
            found = self._json(self._document(answer))
        token = found.get("token") or found.get("access_token")
        before, self._authorization = self._authorization, f"Bearer {token}" if token else ""
        return bool(token) and self._authorization != before

    def _basic(self) -> str:
        from base64 import b64encode

        if not self._login.username:
            return ""
        return f"Basic {b64encode(f'{self._login.username}:{self._login.password}'.encode()).decode('ascii')}"


def _session() -> requests.Session:
    """A session that takes no password out of ~/.netrc where a registry leads elsewhere."""
    import requests

    class Session(requests.Session):
        def rebuild_auth(
            self, prepared_request: requests.PreparedRequest, response: requests.Response
        ) -> None:
            """Leave out what another host must not see; requests itself would look for that host's password."""
            own: Any = self  # requests has no types
            if own.should_strip_auth(response.request.url, prepared_request.url):
                prepared_request.headers.pop("Authorization", None)

    return Session()


def _as_it_is(request: Any) -> Any:
    """Keeps ``requests`` from taking a password out of ~/.netrc for the first question."""
    return request
