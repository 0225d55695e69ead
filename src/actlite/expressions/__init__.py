"""GitHub's expressions: lexer, parser, evaluator, and ``${{ }}`` in texts and trees."""

from actlite.expressions.errors import ExpressionError
from actlite.expressions.evaluator import evaluate
from actlite.expressions.explain import Trace, explain
from actlite.expressions.parser import parse
from actlite.expressions.values import CaseSensitiveDict, Value

__all__ = ["CaseSensitiveDict", "ExpressionError", "Trace", "Value", "evaluate", "explain", "parse"]
