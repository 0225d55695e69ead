"""From workflows and a trigger to a plan."""
