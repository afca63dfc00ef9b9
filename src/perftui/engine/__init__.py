"""Generating load: runner, workers, schedule, HTTP client, control."""
