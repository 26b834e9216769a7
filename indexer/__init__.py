"""Describe, embed and index images: the `indexer` command and everything that writes the index."""
