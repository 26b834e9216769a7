"""Build the service: its collaborators, its routes, its errors."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version

from fastapi import FastAPI
from fastapi.middleware.gzip import GZipMiddleware
from fastapi_offline import FastAPIOffline
from starlette.routing import Route

from indexer.errors import SettingsError
from indexer.pipelines.keys.checking import KeyCheck
from indexer.settings import Settings
from search_api.access.gate import Gate
from search_api.access.middleware import AccessMiddleware
from search_api.editing import EditQueue
from search_api.mcp.server import McpEndpoint
from search_api.means import Means, allow_budget
from search_api.metrics.observing import Metrics, ObservingMiddleware
from search_api.middleware.answers import AnswersMiddleware
from search_api.middleware.body_limit import BodyLimitMiddleware
from search_api.middleware.hosts import HostMiddleware
from search_api.middleware.origins import OwnOriginMiddleware
from search_api.middleware.query_limit import QueryLimitMiddleware
from search_api.middleware.request_log import RequestLogMiddleware
from search_api.middleware.unread import UnreadBodyMiddleware
from search_api.openapi.document import describe, name_operation
from search_api.parts import Parts
from search_api.problems import add_problem_handlers
from search_api.reader import open_reader
from search_api.routes import (
    captions,
    feedback,
    generations,
    health,
    images,
    lineage,
    page,
    receive,
    search,
    session,
    similar,
    stats,
    tryout,
    why,
)
from search_api.routes import edits as edit_routes
from search_api.routes import metrics as metrics_routes
from search_api.serving.logs import with_request_ids
from search_api.trying import TryOuts
from search_api.updating import Updates
from search_api.warming import Warming

_NO_KEY = (
    "A key is needed, for others can reach the service, and there is none: run `indexer keys create --scope search`, "
    "or pass --insecure if something else guards it."
)


@contextmanager
def open_app(settings: Settings, hosts: Sequence[str], *, is_key_needed: bool) -> Iterator[FastAPI]:
    """Give the service over the database that the settings name; it answers to these Host names, "*" being any.

    Raises DatabaseError when the database cannot be reached or lacks a migration, SettingsError when nobody has the key
    that is needed.
    """
    metrics, budget = Metrics(), allow_budget(settings)
    with open_reader(settings, metrics.note_search, budget=budget) as reader:
        keys = KeyCheck(reader.store, settings.api_key)
        if is_key_needed and not keys.has_keys():
            raise SettingsError(_NO_KEY)
        means = Means.of(reader.store, settings, budget)
        edits, updates = EditQueue(means), Updates(means)
        parts = Parts(
            store=reader.store,
            searcher=reader.searcher,
            matching=reader.matching,
            thumbnails=reader.thumbnails,
            edits=edits,
            updates=updates,
            tryouts=TryOuts(means),
            receiving=means.receiving(),
            metrics=metrics,
        )
        # A model takes seconds to load: the service is up meanwhile, and ready afterwards.
        stop = threading.Event()
        threading.Thread(target=Warming(parts).run, args=(stop,), name="warming", daemon=True).start()
        threading.Thread(target=edits.run, args=(stop,), name="editing", daemon=True).start()
        try:
            yield build_app(parts, Gate(keys, is_key_needed=is_key_needed), hosts)
        finally:
            stop.set()
            parts.receiving.stop()
            updates.close()
            edits.close()


def build_app(parts: Parts, gate: Gate, hosts: Sequence[str]) -> FastAPI:
    """Return the application over its parts; the middleware that is added last is asked first."""
    endpoint = McpEndpoint(parts)
    app = FastAPIOffline(  # /docs with its own scripts: FastAPI's would fetch them from other hosts
        title="Caption Search",
        version=version("caption-search"),
        description="Find any image by describing it.",
        redoc_url=None,
        generate_unique_id_function=name_operation,
        lifespan=endpoint.running,
    )
    app.state.parts, app.state.gate = parts, gate
    describe(app, is_key_needed=gate.is_key_needed)
    app.add_middleware(QueryLimitMiddleware)
    app.add_middleware(BodyLimitMiddleware)
    app.add_middleware(AccessMiddleware, gate=gate)
    # Against cross-site spending: a foreign page cannot have its visitors' browsers write here.
    app.add_middleware(OwnOriginMiddleware)
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=4, exclude_content_types=("image/*", "text/*"))
    # Against DNS rebinding.
    app.add_middleware(HostMiddleware, names=hosts)
    app.add_middleware(AnswersMiddleware)
    app.add_middleware(RequestLogMiddleware)
    app.add_middleware(UnreadBodyMiddleware)
    app.add_middleware(with_request_ids)
    app.add_middleware(ObservingMiddleware, metrics=parts.metrics)
    add_problem_handlers(app)
    for routes in (
        search,
        similar,
        why,
        receive,
        images,
        captions,
        tryout,
        lineage,
        edit_routes,
        generations,
        feedback,
        session,
        stats,
        health,
        metrics_routes,
        page,
    ):
        app.include_router(routes.router)
    app.router.routes.append(Route("/mcp", endpoint, methods=["POST"], include_in_schema=False))
    return app
