"""Events made readable."""
