"""The workers of a run as its runner sees them: seats, messages, merged intervals."""
