"""The pytest entrance: load tests and timings of functions as tests, with objectives as assertions."""
