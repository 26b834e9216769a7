"""`/metrics`: what the service notes of itself, and figures of the index."""
