"""What sends requests and judges answers: the interface of drivers, what they share, the protocols."""
