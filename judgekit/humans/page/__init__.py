"""The label page."""
