"""Figures of the index, the ledger and the pool as Prometheus names them."""

from collections.abc import Iterator, Mapping, Sequence

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from indexer.catalog.store.status import Counts, Paid
from indexer.pipelines.generations.switching import Standing

_PREFIX = "caption_search"
_COUNTS = {
    "images": "Images of the catalogue.",
    "edits": "Images that were made by edits.",
    "captions": "Images that have a caption.",
    "failures": "Images and lines that could not be done.",
    "quarantined": "Images whose captions may not serve.",
    "batched": "Requests that wait in a batch.",
}
_POOL_GAUGES = {
    "pool_size": "Connections to the database.",
    "pool_available": "Connections that nobody uses.",
    "pool_max": "Connections at the most.",
    "requests_waiting": "Requests that wait for a connection.",
}
_POOL_COUNTERS = {
    "requests_num": ("requests", "Requests for a connection.", 1),
    "requests_queued": ("queued", "Requests for a connection that had to wait.", 1),
    "requests_errors": ("errors", "Requests for a connection that got none.", 1),
    "requests_wait_ms": ("wait_seconds", "Time waited for connections.", 1000),
    "usage_ms": ("usage_seconds", "Time that connections were used.", 1000),
    "connections_lost": ("connections_lost", "Connections that the server dropped.", 1),
}


def tell_gauge(name: str, says: str, value: float) -> GaugeMetricFamily:
    """Return one figure."""
    return GaugeMetricFamily(f"{_PREFIX}_{name}", says, value=value)


def tell_pool(stats: Mapping[str, int]) -> Iterator[Metric]:
    """Yield how the connections to the database are used, from psycopg_pool's own figures."""
    for key, says in _POOL_GAUGES.items():
        yield tell_gauge(f"pool_{key.removeprefix('pool_')}", says, stats.get(key, 0))
    for key, (name, says, divisor) in _POOL_COUNTERS.items():
        yield CounterMetricFamily(f"{_PREFIX}_pool_{name}", says, value=stats.get(key, 0) / divisor)


def tell_counts(counts: Counts) -> Iterator[Metric]:
    """Yield how much of each there is."""
    for name, says in _COUNTS.items():
        yield tell_gauge(name, says, getattr(counts, name))


def tell_standings(standings: Sequence[Standing]) -> Iterator[Metric]:
    """Yield what each generation holds."""
    named = ["generation", "state"]
    entries = GaugeMetricFamily(f"{_PREFIX}_entries", "Images inside a generation.", labels=named)
    coverage = GaugeMetricFamily(f"{_PREFIX}_coverage_ratio", "Images with an entry, over all.", labels=named)
    fresh = GaugeMetricFamily(f"{_PREFIX}_fresh_ratio", "Entries of its own prompt and model.", labels=named)
    made = ["captioner", "embedder", "prompt_revision"]
    info = GaugeMetricFamily(f"{_PREFIX}_generation_info", "What a generation is made with.", labels=[*named, *made])
    for standing in standings:
        generation, covered = standing.generation, standing.coverage
        labels = [str(generation.id), generation.state]
        entries.add_metric(labels, covered.entries)
        coverage.add_metric(labels, covered.share)
        fresh.add_metric(labels, covered.fresh_share)
        revision = "" if generation.prompt_revision is None else str(generation.prompt_revision)
        info.add_metric([*labels, generation.captioner_name, generation.embedder, revision], 1)
    yield from (entries, coverage, fresh, info)


def tell_paid(paid: Sequence[Paid]) -> Iterator[Metric]:
    """Yield what the ledger says was asked and paid."""
    labels = ["captioner", "model", "purpose", "outcome"]
    requests = CounterMetricFamily(
        f"{_PREFIX}_captioner_requests", "Requests to models, by all services.", labels=labels
    )
    tokens = CounterMetricFamily(f"{_PREFIX}_captioner_tokens", "Their tokens.", labels=[*labels, "direction"])
    cost = CounterMetricFamily(f"{_PREFIX}_captioner_cost_usd", "Their cost, where it is known.", labels=labels)
    for each in paid:
        values = [each.captioner, each.model, "edit" if each.edits else "caption", each.outcome]
        requests.add_metric(values, each.attempts)
        tokens.add_metric([*values, "in"], each.input_tokens)
        tokens.add_metric([*values, "out"], each.output_tokens)
        cost.add_metric(values, each.cost_usd)
    yield from (requests, tokens, cost)
