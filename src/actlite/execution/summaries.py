"""What a step wrote to GITHUB_STEP_SUMMARY (R: ``CreateStepSummaryCommand``)."""

from __future__ import annotations

import re

from actlite.execution.masking import Masker

MAX_SUMMARY = 1024 * 1024
"""The largest summary of a step, in bytes."""

_LINE_END = re.compile(r"\r\n|\r|\n")


def too_large(size: int) -> str | None:
    """The error for a summary of ``size`` bytes; None when it is not too large. The step goes on as it is."""
    if size <= MAX_SUMMARY:
        return None
    return (
        f"$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of {MAX_SUMMARY // 1024}k, "
        f"got {size // 1024}k. For more information see: https://docs.github.com/actions/using-workflows/"
        "workflow-commands-for-github-actions#adding-a-markdown-summary"
    )


def masked_summary(text: str, masker: Masker) -> str:
    """The summary as it is kept: secrets hidden line by line, every line ended by a line feed."""
    lines = _LINE_END.split(text)
    if lines[-1] == "":
        lines.pop()
    return "".join(masker.mask_lines(line) + "\n" for line in lines)
