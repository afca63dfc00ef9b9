"""One worker process: sends by the schedule, reports each second."""
