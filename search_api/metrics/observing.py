"""What the service notes of itself as it answers: how long requests and searches take, and how many there are now."""

from functools import partial

from prometheus_client import CollectorRegistry, Gauge, GCCollector, Histogram, ProcessCollector, generate_latest
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Receive, Scope, Send

from indexer.catalog.searching import Results
from search_api.middleware.timing import answer_timed

_REQUEST_S = (0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 30.72)
_STAGE_S = (0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024, 4.096)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"})
# Whatever else anybody asks for is counted as one: a label for each would fill the memory.
_OTHER = "other"
_UNROUTED = frozenset({"/mcp"})


class Metrics:
    """The figures of one service; safe to share by threads."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        GCCollector(registry=self._registry)
        self.in_flight = Gauge(
            "caption_search_http_requests_in_flight", "Requests being answered.", registry=self._registry
        )
        self._requests = Histogram(
            "caption_search_http_request_seconds",
            "Time from a request's arrival to the end of its answer.",
            ["method", "route", "status"],
            buckets=_REQUEST_S,
            registry=self._registry,
        )
        stages = Histogram(
            "caption_search_search_stage_seconds",
            "Time that searches take: embed makes a vector of the words, search asks the database.",
            ["stage"],
            buckets=_STAGE_S,
            registry=self._registry,
        )
        self._embed, self._search = stages.labels("embed"), stages.labels("search")

    def add(self, collector: Collector) -> None:
        """Take in figures that others keep, asked for whenever somebody reads them."""
        self._registry.register(collector)

    def note_request(self, scope: Scope, status: int, took_s: float) -> None:
        """Note one request that was answered."""
        method = scope["method"] if scope["method"] in _METHODS else _OTHER
        self._requests.labels(method, _route(scope), str(status)).observe(took_s)

    def note_search(self, results: Results) -> None:
        """Note the stages of one search."""
        self._embed.observe(results.embed_ms / 1000)
        self._search.observe(results.search_ms / 1000)

    def write(self) -> bytes:
        """Return all figures as Prometheus reads them."""
        return generate_latest(self._registry)


class ObservingMiddleware:
    """Has every request noted, by the template of its route."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on a request, and note it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with self._metrics.in_flight.track_inprogress():
            await answer_timed(self._app, scope, receive, send, partial(self._metrics.note_request, scope))


def _route(scope: Scope) -> str:
    if (route := scope.get("route")) is not None:
        return str(route.path)
    return scope["path"] if scope["path"] in _UNROUTED else _OTHER
