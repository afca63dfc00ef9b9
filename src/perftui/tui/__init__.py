"""The app: screens that read runs and plans, and never measure anything themselves."""
