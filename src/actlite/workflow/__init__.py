"""Workflows and action manifests: model, schema, reader, checks."""
