"""Memcached by its text protocol."""
