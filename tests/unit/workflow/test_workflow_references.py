"""Where expressions name what is in a context."""

from __future__ import annotations

from actlite.document import compose
from actlite.source import SourceFile
from actlite.workflow.checks.references import references

JOB = """\
if: needs.a.outputs.in_if != ''
env:
  if: needs.a.outputs.no_condition
  X: ${{ needs.a.outputs['in-env'] }} and ${{ steps.a.outputs.other }}
steps:
  - if: ${{ needs.b.outputs.told_once }}
    run: x
  - parallel:
      - if: format('{0}', NEEDS.c.outputs.inner) == needs[matrix.x].outputs.unknown
        run: needs.a.outputs.text
  - if: needs.a.outputs.broken ==
    run: x
snapshot:
  if: needs.d.outputs.image
"""


def test_references_to_a_context_are_found_where_expressions_stand() -> None:
    root, _ = compose(SourceFile("job.yml", JOB))
    found = list(references([root, None], "needs"))
    assert sorted(reference.keys for reference in found) == [
        ("a", "outputs", "in-env"),
        ("a", "outputs", "in_if"),
        ("b", "outputs", "told_once"),
        ("c", "outputs", "inner"),
        ("d", "outputs", "image"),
    ]
    for reference in found:
        assert [span.text.strip("'") for span in reference.spans] == list(reference.keys)
    assert [reference.keys for reference in references([root], "steps")] == [("a", "outputs", "other")]
