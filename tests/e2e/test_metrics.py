"""`/metrics`, read as Prometheus reads it."""

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.e2e.conftest import Command, serving


class Figures:
    """What one reading told."""

    def __init__(self, client: httpx2.Client) -> None:
        answer = client.get("/metrics")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
        families = text_string_to_metric_families(answer.text)
        self.samples = [sample for family in families for sample in family.samples]

    def __call__(self, name: str, **labels: str) -> float:
        return sum(
            sample.value
            for sample in self.samples
            if sample.name == f"caption_search_{name}" and labels.items() <= sample.labels.items()
        )

    def labels(self, name: str, label: str) -> set[str]:
        return {sample.labels[label] for sample in self.samples if sample.name == f"caption_search_{name}"}


def test_figures_move_as_requests_are_made_and_tell_how_the_index_stands(indexed: Command) -> None:
    with serving(indexed) as address, httpx2.Client(base_url=address, timeout=60) as client:
        before = Figures(client)
        client.get("/search", params={"q": "a red mug"}).raise_for_status()
        client.get("/search", params={"q": "a blue chair"}).raise_for_status()
        client.get("/images/1").raise_for_status()
        for number in range(30):
            client.get(f"/nowhere/{number}")
        client.request("BREW", "/coffee")
        after = Figures(client)

    def moved(name: str, **labels: str) -> float:
        return after(name, **labels) - before(name, **labels)

    assert moved("http_request_seconds_count", method="GET", route="/search", status="200") == 2
    assert moved("http_request_seconds_sum", route="/search") > 0
    assert moved("http_request_seconds_count", route="/images/{ref}", status="200") == 1
    assert moved("http_request_seconds_count", route="other", status="404") == 31
    assert after.labels("http_request_seconds_count", "route") == {"/search", "/images/{ref}", "/metrics", "other"}
    assert after.labels("http_request_seconds_count", "method") == {"GET", "other"}
    assert after("http_requests_in_flight") == 1
    assert (
        moved("search_stage_seconds_count", stage="embed") == moved("search_stage_seconds_count", stage="search") == 2
    )
    assert (after("images"), after("entries", state="live"), after("failures")) == (24, 24, 0)
    assert (after("coverage_ratio", state="live"), after("fresh_ratio", state="live")) == (1, 1)
    assert after("generation_info", state="live", captioner="openai:gpt-4o-mini", prompt_revision="1") == 1
    paid = {"captioner": "openai", "model": "gpt-4o-mini", "outcome": "answered", "purpose": "caption"}
    assert after("captioner_requests_total", **paid) == 24
    assert after("captioner_tokens_total", direction="in", **paid) > 1000
    assert after("captioner_cost_usd_total", **paid) == pytest.approx(indexed("status", "--json").lines[0]["cost_usd"])
    assert after("model_calls_in_flight") == 0
    assert moved("pool_requests_total") > 0
    assert (after("pool_max"), after("database_up")) == (10, 1)
    assert "process_resident_memory_bytes" in {sample.name for sample in after.samples}
