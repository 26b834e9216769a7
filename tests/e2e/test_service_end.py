"""A service that is told to end: what is in flight has its answer, and nothing of it stays behind."""

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import psutil
import psycopg

from tests.e2e.conftest import Command, running, wait_until
from tests.e2e.guarded import wait_until_ready
from tests.fakes.openai_server import FakeOpenAI
from tests.images import image_bytes


def test_a_search_in_flight_has_its_answer_and_no_other_begins(indexed: Command, openai_server: FakeOpenAI) -> None:
    with running(indexed) as served, ThreadPoolExecutor(1) as pool:
        wait_until_ready(served.address)
        asked_before, openai_server.latency_s = len(openai_server.accepted), 2.0
        files = {"file": image_bytes(99)}
        searching = pool.submit(httpx2.post, f"{served.address}/search/image", files=files, timeout=60)
        wait_until(lambda: len(openai_server.accepted) > asked_before)

        served.process.send_signal(signal.SIGTERM)
        wait_until(lambda: not _is_reachable(served.address))

        assert not searching.done()
        assert searching.result().json()["matched_by"] == "caption"
        assert served.process.wait(timeout=60) == 128 + signal.SIGTERM


def test_an_upload_that_is_still_coming_is_taken_in(indexed: Command) -> None:
    def slowly(content: bytes) -> Iterator[bytes]:
        for begin in range(0, len(content), 1 + len(content) // 10):
            yield content[begin : begin + 1 + len(content) // 10]
            time.sleep(0.2)

    with running(indexed) as served, ThreadPoolExecutor(1) as pool:
        wait_until_ready(served.address)
        request = httpx2.Request(
            "POST", f"{served.address}/search/image?caption=false", files={"file": image_bytes(99)}
        )
        body = slowly(request.read())
        headers = {"Content-Type": request.headers["content-type"]}
        uploading = pool.submit(httpx2.post, str(request.url), content=body, headers=headers, timeout=60)
        time.sleep(0.5)

        served.process.send_signal(signal.SIGTERM)

        assert uploading.result().json()["no_match"] is True


def test_nothing_stays_behind(indexed: Command) -> None:
    with running(indexed) as served:
        wait_until_ready(served.address)
        assert _connections(indexed) > 0
        processes = psutil.Process(served.process.pid).children(recursive=True)

    assert _connections(indexed) == 0
    assert not any(process.is_running() for process in processes)


def test_a_service_whose_database_is_gone_lives_and_leaves_soon(tmp_path: Path) -> None:
    command = Command(tmp_path, {"CAPTION_SEARCH_HOME": str(tmp_path / "home")})
    with running(command) as served, ThreadPoolExecutor(50) as pool:
        wait_until(lambda: _status(served.address, "/health/ready") == 200)
        [database] = (tmp_path / "home").rglob("postmaster.pid")
        os.kill(int(database.read_text().split()[0]), signal.SIGINT)
        wait_until(lambda: not database.exists())

        waiting = [pool.submit(_status, served.address, "/generations") for _ in range(50)]  # more than it has threads
        time.sleep(1.0)
        began = time.monotonic()
        live, live_s = _status(served.address, "/health/live"), time.monotonic() - began
        served.process.send_signal(signal.SIGTERM)
        left = served.process.wait(timeout=28)  # an orchestrator's patience is often 30 s

        assert (live, live_s < 2) == (200, True)
        assert left == 128 + signal.SIGTERM
        assert {each.result() for each in waiting} == {503}


def _status(address: str, path: str) -> int:
    return httpx2.get(address + path, timeout=60).status_code


def _is_reachable(address: str) -> bool:
    try:
        httpx2.get(f"{address}/health/live")
    except httpx2.TransportError:
        return False
    return True


def _connections(command: Command) -> int:
    """Count the connections that others have to the command's database."""
    with psycopg.connect(command.variables["DATABASE_URL"]) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchone()
    assert row is not None
    return int(row[0])
