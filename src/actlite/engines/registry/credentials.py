"""Who we are to a registry: what `docker login` has left on this machine."""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from actlite.engines.base import Credentials
from actlite.engines.registry.reference import DOCKER_HUB
from actlite.records import field, frozen

HELPER_SECONDS = 30
_HUB_KEY = "https://index.docker.io/v1/"
_HELPER = re.compile(r"[\w.-]+")


@frozen
class Login:
    """What a registry is shown: a name and a password, or a token that stands for both."""

    username: str = ""
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)

    def __bool__(self) -> bool:
        return bool(self.username or self.identity_token)


def login_of(credentials: Credentials) -> Login:
    """The login that a workflow gives."""
    return Login(credentials.username, credentials.password)


def docker_login(registry: str, environ: Mapping[str, str] | None = None) -> Login:
    """What docker's configuration file has for a registry; an empty login where it has nothing, or can't be read.

    A helper that fails counts as having nothing, as for docker: the registry's refusal tells the rest.
    """
    environ = os.environ if environ is None else environ
    folder = Path(environ.get("DOCKER_CONFIG") or Path(environ.get("HOME") or "~").expanduser() / ".docker")
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
    except (OSError, ValueError):
        return Login()
    if not isinstance(config, dict):
        return Login()
    hub = registry == DOCKER_HUB
    helpers = config.get("credHelpers")
    helper = helpers.get(registry) if isinstance(helpers, dict) else None
    helper = helper or config.get("credsStore")
    if isinstance(helper, str) and _HELPER.fullmatch(helper):
        found = _ask(helper, _HUB_KEY if hub else registry, environ)
        if found:
            return found
    auths = config.get("auths")
    if not isinstance(auths, dict):
        return Login()
    for key, entry in auths.items():
        if isinstance(entry, dict) and (key == _HUB_KEY if hub else _host(str(key)) == registry):
            return _entry(entry)
    return Login()


def _host(key: str) -> str:
    """The registry that a key means: older dockers wrote addresses."""
    return key.removeprefix("https://").removeprefix("http://").partition("/")[0]


def _entry(entry: Mapping[str, Any]) -> Login:
    if token := entry.get("identitytoken"):
        return Login(identity_token=str(token))
    if entry.get("username"):
        return Login(str(entry["username"]), str(entry.get("password") or ""))
    try:
        text = base64.b64decode(str(entry.get("auth") or ""), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return Login()
    username, _, password = text.partition(":")
    return Login(username, password.rstrip("\0"))


def _ask(helper: str, server: str, environ: Mapping[str, str]) -> Login:
    """Ask a credential helper (docker-credential-helpers: the server on stdin, JSON on stdout)."""
    try:
        done = subprocess.run(
            [f"docker-credential-{helper}", "get"],
            input=server.encode(),
            capture_output=True,
            timeout=HELPER_SECONDS,
            check=False,
            env=dict(environ),
        )
        found = json.loads(done.stdout) if done.returncode == 0 else {}
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return Login()
    if not isinstance(found, dict):
        return Login()
    username, secret = str(found.get("Username") or ""), str(found.get("Secret") or "")
    return Login(identity_token=secret) if username == "<token>" else Login(username, secret)
