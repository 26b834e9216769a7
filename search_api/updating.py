"""What a person changed is searchable at once: its entry is written anew before the answer."""

import logging
from concurrent.futures import ThreadPoolExecutor
from threading import Event

from indexer.errors import EmbedderError
from indexer.models import ImageId
from indexer.pipelines.updating import index_stale, is_up_to_date
from search_api.means import Means

_log = logging.getLogger(__name__)

# Longer than an entry takes: another process is writing there, and will write this one, too.
_PATIENCE_S = 5.0


class Updates:
    """Writes entries that are out of date, one after the other on a thread of its own, whose priority is lower."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._writer = ThreadPoolExecutor(1, "update")
        self._patience_s = _PATIENCE_S

    def index(self, image_id: ImageId) -> bool:
        """Write the entry of an image and tell whether it is up to date; after a short while, leave it to others."""
        stop = Event()
        writing = self._writer.submit(
            index_stale,
            self._means.store,
            self._means.settings,
            "correct",
            awaited=[image_id],
            load_embedder=self._means.load_embedder,
            stop=stop,
        )
        try:
            writing.result(self._patience_s)
        except TimeoutError:
            stop.set()
        except EmbedderError as exc:
            _log.warning("the entry of image %d waits: %s", image_id, exc)
        return is_up_to_date(self._means.store, image_id)

    def close(self) -> None:
        """Wait for what is being written."""
        self._writer.shutdown(cancel_futures=True)
