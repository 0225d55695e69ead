"""``${{ }}`` in texts, trees and conditions: all that other packages need, in one place."""

from actlite.expressions.checks import (
    check_condition,
    check_expression,
    check_node,
    check_text,
    expressions,
    scalars,
)
from actlite.expressions.condition import ConditionResult, condition, condition_source, has_status_function
from actlite.expressions.parts import Part, Scope, evaluate_text, evaluate_value, has_expression, split
from actlite.expressions.trees import (
    TemplateError,
    evaluate_expression,
    evaluate_mapping,
    evaluate_node,
    evaluate_scalar,
    evaluate_string,
)

__all__ = [
    "ConditionResult",
    "Part",
    "Scope",
    "TemplateError",
    "check_condition",
    "check_expression",
    "check_node",
    "check_text",
    "condition",
    "condition_source",
    "evaluate_expression",
    "evaluate_mapping",
    "evaluate_node",
    "evaluate_scalar",
    "evaluate_string",
    "evaluate_text",
    "evaluate_value",
    "expressions",
    "has_expression",
    "has_status_function",
    "scalars",
    "split",
]
