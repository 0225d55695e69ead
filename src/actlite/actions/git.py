"""git as this package uses it: no prompts, no hooks, no filters, an end to waiting, and errors sorted by cause."""

from __future__ import annotations

import base64
import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

_NO_REPOSITORY = re.compile(
    r"not found|does not exist|does not appear to be a git repository|Authentication failed"
    r"|could not read (?:Username|Password)|terminal prompts disabled|Permission denied|HTTP 40[134]",
    re.IGNORECASE,
)
_NO_NETWORK = re.compile(
    r"Could not resolve|unable to access|Failed to connect|Connection (?:refused|reset|timed out)|timed out"
    r"|Network is unreachable|Operation too slow|Could not connect|SSL|early EOF",
    re.IGNORECASE,
)
_HTTP_ERROR = re.compile(r"returned error: 40[134]")


class GitError(Exception):
    """git failed: ``cause`` is ``network``, ``repository``, ``missing`` (no git here), ``space`` (disk full) or ``other``."""

    def __init__(self, cause: str, text: str) -> None:
        super().__init__(text)
        self.cause = cause


def run(
    args: list[str], *, cwd: Path | None = None, timeout: float, config: Mapping[str, str] | None = None
) -> str:
    """Run git and give its output. ``timeout`` in seconds. Raises GitError."""
    fixed = ["-c", "core.hooksPath=/dev/null", "-c", "protocol.version=2", "-c", "core.askPass="]
    fixed += ["-c", "http.lowSpeedLimit=100", "-c", "http.lowSpeedTime=20", "-c", "gc.auto=0"]
    try:
        done = subprocess.run(
            ["git", *fixed, *args],
            cwd=cwd,
            env=_environment(config or {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout,
            check=False,
        )
    except FileNotFoundError as error:
        raise GitError("missing", "there is no git on this machine") from error
    except subprocess.TimeoutExpired as error:
        raise GitError("network", f"no answer within {timeout:.0f} s") from error
    if done.returncode != 0:
        text = done.stderr.decode("utf-8", "replace").strip()
        raise GitError(_cause(text), text or f"git ended with exit code {done.returncode}")
    return done.stdout.decode("utf-8", "replace")


def token_config(server: str, token: str | None) -> dict[str, str]:
    """The setting that sends a token to a server; given to git in its environment, so that no argv shows it."""
    if not token or not server.startswith("http"):
        return {}
    basic = base64.b64encode(f"x-access-token:{token}".encode()).decode()
    return {f"http.{server.rstrip('/')}/.extraheader": f"AUTHORIZATION: basic {basic}"}


def _environment(config: Mapping[str, str]) -> dict[str, str]:
    # GIT_DIR and its like, set where actlite itself is started by a git hook, would point at another repository.
    env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    kept = (
        "GIT_SSL_CAINFO",
        "GIT_SSL_NO_VERIFY",
        "GIT_PROXY_COMMAND",
        "GIT_SSH",
        "GIT_SSH_COMMAND",
        "GIT_EXEC_PATH",
    )
    env |= {name: os.environ[name] for name in kept if name in os.environ}
    env |= {"GIT_TERMINAL_PROMPT": "0", "GCM_INTERACTIVE": "never", "GIT_LFS_SKIP_SMUDGE": "1", "LC_ALL": "C"}
    env.setdefault("GIT_SSH_COMMAND", "ssh -o BatchMode=yes -o ConnectTimeout=10")
    env["GIT_CONFIG_COUNT"] = str(len(config))
    for number, (key, value) in enumerate(config.items()):
        env |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return env


def _cause(text: str) -> str:
    if "No space left on device" in text:
        return "space"
    if _HTTP_ERROR.search(text):
        return "repository"
    if _NO_NETWORK.search(text):
        return "network"
    return "repository" if _NO_REPOSITORY.search(text) else "other"
