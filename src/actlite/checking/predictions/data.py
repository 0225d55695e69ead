"""Predictions as JSON data; docs/commands.md tells what the keys mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from actlite.checking.predictions.model import Prediction
from actlite.checking.predictions.settings import Predicting
from actlite.checking.predictions.windows import JobWindow, windows


def predicted_data(predictions: Sequence[Prediction], predicting: Predicting) -> dict[str, Any]:
    """All that a file's predictions come to."""
    asked = predicting.target is not None or any(item.fails for item in predictions)
    return {
        "predictions": [data(item) for item in predictions],
        "windows": [window_data(found) for found in windows(predictions, predicting)] if asked else [],
    }


def data(item: Prediction) -> dict[str, Any]:
    """One prediction."""
    step, image, choice = item.step, item.image, item.step.choice
    described = step.image
    loading = step.loading
    return {
        "file": item.workflow,
        "job": item.job,
        "legs": list(item.legs),
        "all_legs": item.all_legs,
        "step": item.number,
        "line": item.place.line,
        "action": item.action,
        "through": list(item.through),
        "declared": item.declared.using or None,
        "declared_from": item.declared.source,
        "parts": list(item.declared.parts),
        "verdict": step.verdict,
        "why": step.why,
        "lacks": step.lacks or None,
        "choice": None
        if choice is None or not choice.runtime
        else {
            "runtime": choice.runtime,
            "version": choice.version,
            "reasons": list(choice.reasons),
            "warnings": list(choice.warnings),
            "since": str(choice.since) if choice.since is not None else None,
        },
        "node": step.node,
        "image": None
        if image is None
        else {
            "name": image.name or None,
            "written": image.written,
            "arch": image.arch,
            "libraries": str(described.libc) if described is not None else None,
            "source": described.source if described is not None else None,
            "detail": described.detail if described is not None else "",
        },
        "loader_lines": list(step.lines),
        "missing": [{"library": missing.library, "version": missing.version} for missing in loading.missing]
        if loading is not None
        else [],
        "exit_code": loading.exit_code if loading is not None else None,
        "notes": list(step.notes),
        "condition": item.condition,
        "continue_on_error": item.tolerated,
        "changed_by": [place.line for place in item.changed_by],
    }


def window_data(found: JobWindow) -> dict[str, Any]:
    """The window of a job."""
    window = found.window
    target = window.target
    return {
        "job": found.job,
        "image": found.image,
        "needs": window.needs or None,
        "runtimes": list(window.runtimes),
        "has": window.has or None,
        "target": target.name if target is not None else None,
        "target_glibc": target.glibc if target is not None else None,
        "closed": window.closed,
        "images": list(window.images),
        "open_until": str(window.open_until) if window.open_until is not None else None,
        "open_with": list(window.open_with),
        "sentence": window.sentence,
    }
