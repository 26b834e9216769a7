"""Editors: what makes new images from indexed ones, and what they are asked."""
