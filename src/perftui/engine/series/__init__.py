"""Several runs, one after the other, that answer one question together."""
