"""Server-sent events as a protocol."""
