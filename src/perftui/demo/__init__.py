"""The demo service: a small shop on loopback, to try perftui on and to test it with. Imports nothing of perftui."""
