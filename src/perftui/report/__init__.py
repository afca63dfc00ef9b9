"""What runs and comparisons look like outside the app: text, exports for people and programs, terminal plots."""
