"""What is sent around the load: log-in, set-up, clean-up, probe."""
