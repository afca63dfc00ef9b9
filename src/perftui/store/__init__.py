"""Runs on disk: journal, records, library, baselines."""
