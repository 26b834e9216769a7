"""Generations beside each other: compared, switched, dropped."""
