"""What a step does, one module per kind of step (R: Runner.Worker/Handlers)."""
