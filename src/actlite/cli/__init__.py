"""The command line, one file per verb. Importing this package imports nothing else."""
