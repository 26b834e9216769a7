"""All the nouns of one catalogue over one pool of connections."""

from collections.abc import Mapping
from types import TracebackType
from typing import Self

from indexer.catalog.store.calibrations import Calibrations
from indexer.catalog.store.captions import Captions
from indexer.catalog.store.comparisons import Comparisons
from indexer.catalog.store.corrections import Corrections
from indexer.catalog.store.database import PATIENCE_S, Database
from indexer.catalog.store.edits import Edits
from indexer.catalog.store.entries import Entries
from indexer.catalog.store.facets import Facets
from indexer.catalog.store.failures import Failures
from indexer.catalog.store.generations import Generations
from indexer.catalog.store.hits import Hits
from indexer.catalog.store.images import Images
from indexer.catalog.store.judgements import Judgements
from indexer.catalog.store.keys import Keys
from indexer.catalog.store.likenesses import Likenesses
from indexer.catalog.store.lineages import Lineages
from indexer.catalog.store.partitions import Partitions
from indexer.catalog.store.prompts import Prompts
from indexer.catalog.store.records import Records
from indexer.catalog.store.renewals import Renewals
from indexer.catalog.store.requests import Requests
from indexer.catalog.store.runs import Runs
from indexer.catalog.store.status import Status


class Store:
    """Everything the catalogue remembers; a context manager that closes its connections."""

    def __init__(self, conninfo: str, *, max_connections: int = 10, patience_s: float = PATIENCE_S) -> None:
        self._database = Database(conninfo, max_connections=max_connections, patience_s=patience_s)
        self.images = Images(self._database)
        self.captions = Captions(self._database)
        self.records = Records(self._database)
        self.corrections = Corrections(self._database)
        self.judgements = Judgements(self._database)
        self.requests = Requests(self._database)
        self.renewals = Renewals(self._database)
        self.edits = Edits(self._database)
        self.lineages = Lineages(self._database)
        self.runs = Runs(self._database)
        self.facets = Facets(self._database)
        self.failures = Failures(self._database)
        self.prompts = Prompts(self._database)
        self.generations = Generations(self._database)
        self.comparisons = Comparisons(self._database)
        self.partitions = Partitions(self._database)
        self.entries = Entries(self._database)
        self.hits = Hits(self._database)
        self.calibrations = Calibrations(self._database)
        self.likenesses = Likenesses(self._database)
        self.status = Status(self._database)
        self.keys = Keys(self._database)

    def pool_stats(self) -> Mapping[str, int]:
        """Tell how the connections are used, by the names of psycopg_pool."""
        return self._database.pool_stats()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._database.close()
