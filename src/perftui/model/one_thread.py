"""Mathematics of one thread, for processes of ours: numpy reads this when it is loaded."""

from __future__ import annotations

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
"""A pool of threads for each core costs start-up time, and nothing here is large enough to be worth one."""
