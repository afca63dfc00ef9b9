"""What the words on the live panels mean; the help screen tells."""

from __future__ import annotations

GLOSSARY: tuple[tuple[str, str], ...] = (
    ("asked", "arrivals per second that the plan wants at this moment"),
    ("sent/s, ok/s", "requests started, and answered as expected, per second"),
    ("response time", "from when a request was due to the last byte of its answer: waiting in a queue is in it"),
    ("service time", "from when it was sent to the last byte: what the target took"),
    ("start delay", "from when it was due to when it was sent: the generator's own part"),
    ("goal", "the objective of the response time, as a dotted line on the heat map"),
    ("↗ → ↘", "whether an objective's value rises, stays or falls: the newest 5 s against the 5 s before"),
    ("queue, dns, connect, tls, first byte, transfer", "the parts of a request, in their order"),
    ("cpu, mem", "of this machine, all cores together; busiest core: the one that worked most"),
    ("1 worker 5 %", "processes that send, and what the busiest one takes of one core; from 80 % on it may be late"),
    ("lag", "how long a worker's loop was held up (p99 of the second): its requests are late by as much"),
    ("in flight", "requests sent and not answered yet; queued: due, and waiting for a place"),
    ("throttled, steal", "time that a container's limit, or another virtual machine, took from this one"),
    ("target", "the process under load, where it is known: its share of one core, its memory"),
    ("baseline", "✗ worse and ✓ better than the run it is compared with, as soon as that is sure; o orders by it"),
    ("trust", "whether the generator kept up: valid, degraded or invalid; t tells why"),
    ("–", "too few values for this percentile; ≥: more requests ran into the timeout than lie above it"),
)
