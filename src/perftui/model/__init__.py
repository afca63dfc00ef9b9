"""What things are: frozen structs and pure rules. No I/O, no third-party UI."""
