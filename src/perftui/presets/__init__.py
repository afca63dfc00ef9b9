"""TOML in, plan out: presets, their placeholders and values, secrets and their redaction."""
