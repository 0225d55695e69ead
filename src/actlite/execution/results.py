"""The words for how things end (docs: steps context, outcome and conclusion)."""

SUCCESS, FAILURE, CANCELLED, SKIPPED = "success", "failure", "cancelled", "skipped"
NOT_RUN = "not-run"
"""The result of a leg that can't run on this machine; other jobs see it as skipped."""
