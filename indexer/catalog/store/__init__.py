"""The store: one class per noun, whose methods have the names of the queries in sql/queries/<noun>.sql."""

from indexer.catalog.store.store import Store

__all__ = ["Store"]
