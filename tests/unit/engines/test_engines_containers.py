"""The removal of an image, against a daemon that stumbles."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest

from actlite.engines.docker import sdk
from actlite.engines.docker.containers import remove_image


@dataclass
class Daemon:
    """Answers DELETE with one code after the other."""

    answers: list[int]
    asked: list[str] = field(default_factory=list)
    base_url: str = "http+docker://localhost"
    api_version: str = "1.41"

    def delete(self, url: str, *, params: dict[str, str], timeout: float) -> Any:
        self.asked.append(f"{url}?force={params['force']}")
        code = self.answers.pop(0)
        if not code:
            raise sdk.broken.Timeout
        return SimpleNamespace(status_code=code)


@pytest.mark.parametrize(
    ("answers", "calls"),
    [([200], 1), ([404], 1), ([409], 1), ([500, 200], 2), ([500, 500, 500, 200], 3), ([0, 200], 1)],
)
def test_a_stumble_is_tried_again(answers: list[int], calls: int) -> None:
    daemon = Daemon(answers)
    remove_image(cast(sdk.APIClient, daemon), "sha256:1")
    assert daemon.asked == ["http+docker://localhost/v1.41/images/sha256:1?force=1"] * calls
