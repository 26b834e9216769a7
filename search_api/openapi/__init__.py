"""What the service tells of itself: every operation, its examples, and how it refuses."""
