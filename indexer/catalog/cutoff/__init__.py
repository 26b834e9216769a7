"""The cut-off: what a library's own captions say of how good a hit must be, and how far to trust vectors."""
