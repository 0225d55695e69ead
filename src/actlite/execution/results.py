"""The words for how things end (docs: steps context, outcome and conclusion)."""

SUCCESS, FAILURE, CANCELLED, SKIPPED = "success", "failure", "cancelled", "skipped"
