"""Commands to a live run, over its socket."""
