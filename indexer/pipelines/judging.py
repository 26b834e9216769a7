"""Keep what people say of search results."""

from indexer.catalog.searching import Query
from indexer.catalog.store import Store
from indexer.models import ImageId


def judge(store: Store, query: str, image_id: ImageId, *, relevant: bool | None) -> None:
    """Keep whether an image is relevant to a query, or take that back with None.

    Raises QueryError for a query that cannot be searched for, NotFoundError for an image that there is not.
    """
    if relevant is None:
        store.judgements.undo_judgement(normal_query(query), store.images.get_image(image_id).image_id)
    else:
        store.judgements.write_judgement(normal_query(query), image_id, relevant=relevant)


def normal_query(text: str) -> str:
    """Return a query as judgements keep it: trimmed, with single spaces, and in the case it was typed in.

    It is searched for again when a generation is measured, and the name of a folder in it may need its case.
    """
    return " ".join(Query(text=text).text.split())
