"""Captioners, prompts, replies and what they cost."""
