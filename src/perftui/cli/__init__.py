"""Commands: one module per group. Modules are loaded only when their command is used."""
