"""Redis by its own protocol."""
