"""What is due when: schedule, arrivals, mix, pacer."""
