"""Searching a generation: queries, ranking, cut-off, and why each hit is there."""

from indexer.catalog.searching.likeness import Likeness
from indexer.catalog.searching.placing import Placed
from indexer.catalog.searching.query import LONGEST_QUERY, Query
from indexer.catalog.searching.results import Hit, Results, Why
from indexer.catalog.searching.searcher import Searcher

__all__ = ["LONGEST_QUERY", "Hit", "Likeness", "Placed", "Query", "Results", "Searcher", "Why"]
