"""Which JavaScript steps can't start in their job's container: actions × runtimes of a date × images."""
