"""What follows from the numbers: objectives, findings, comparison, trend, the finished record."""
