"""One run, from plan to record."""
