"""The fake Files and Batch APIs, as the real client sees them."""

import base64
import io
import json
import socket
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai.types import Batch

from tests.fakes.openai_server import Asked, FakeOpenAI, Fault, Reply, caption_reply, describe
from tests.images import image_bytes


@pytest.fixture
def client(openai_server: FakeOpenAI) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=openai_server.base_url, api_key=openai_server.key, max_retries=0) as opened:
        yield opened


def _line(number: int, **changes: Any) -> dict[str, Any]:
    url = "data:image/jpeg;base64," + base64.b64encode(image_bytes(number)).decode()
    content = [{"type": "text", "text": "Describe."}, {"type": "image_url", "image_url": {"url": url}}]
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": content}], "max_tokens": 300}
    line = {"custom_id": f"picture-{number}", "method": "POST", "url": "/v1/chat/completions", "body": body}
    return line | changes


def _submit(client: openai.OpenAI, *lines: dict[str, Any] | str, **metadata: str) -> Batch:
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    return _create(client, _upload(client, "\n".join(texts).encode()), **metadata)


def _upload(client: openai.OpenAI, raw: bytes, name: str = "requests.jsonl") -> str:
    return client.files.create(file=(name, io.BytesIO(raw)), purpose="batch").id


def _create(client: openai.OpenAI, file_id: str, **metadata: str) -> Batch:
    return client.batches.create(
        input_file_id=file_id, endpoint="/v1/chat/completions", completion_window="24h", metadata=metadata
    )


def _results(client: openai.OpenAI, file_id: str | None) -> dict[str, dict[str, Any]]:
    assert file_id is not None
    lines = [json.loads(line) for line in client.files.content(file_id).text.splitlines()]
    return {line["custom_id"]: line for line in lines}


def _counts(batch: Batch) -> tuple[int, int, int]:
    assert batch.request_counts is not None
    return batch.request_counts.total, batch.request_counts.completed, batch.request_counts.failed


def test_a_batch_answers_every_line_in_an_order_of_its_own(client: openai.OpenAI, openai_server: FakeOpenAI) -> None:
    openai_server.answer = lambda asked: caption_reply(f"Number {asked.number}.")

    begun = _submit(client, *map(_line, range(3)))
    ended = client.batches.retrieve(begun.id)

    assert (begun.status, ended.status, _counts(ended), ended.error_file_id) == (
        "validating",
        "completed",
        (3, 3, 0),
        None,
    )
    found = _results(client, ended.output_file_id)
    assert list(found) == ["picture-2", "picture-1", "picture-0"]
    said = found["picture-1"]["response"]["body"]["choices"][0]["message"]["content"]
    assert (json.loads(said)["captions"], found["picture-1"]["error"]) == (["Number 1."], None)
    client.batches.retrieve(begun.id)
    assert [asked.batch for asked in openai_server.accepted] == [begun.id] * 3


def test_a_line_fails_alone(client: openai.OpenAI, openai_server: FakeOpenAI) -> None:
    def one_fails(asked: Asked) -> Reply | Fault:
        return Fault(status=500, message="Oh.") if asked.number == 0 else describe(asked)

    openai_server.answer = one_fails
    refused = _line(1, body=_line(1)["body"] | {"max_tokens": 0})

    ended = client.batches.retrieve(_submit(client, _line(0), refused, _line(2)).id)

    assert (ended.status, _counts(ended), len(openai_server.accepted)) == ("completed", (3, 1, 2), 2)
    assert list(_results(client, ended.output_file_id)) == ["picture-2"]
    failed = {name: line["response"] for name, line in _results(client, ended.error_file_id).items()}
    assert {name: response["status_code"] for name, response in failed.items()} == {"picture-0": 500, "picture-1": 400}
    assert failed["picture-0"]["body"]["error"]["message"] == "Oh."


def test_a_batch_of_failures_has_no_output(client: openai.OpenAI, openai_server: FakeOpenAI) -> None:
    openai_server.answer = lambda _: Fault()

    ended = client.batches.retrieve(_submit(client, _line(0)).id)

    assert (ended.status, ended.output_file_id, len(_results(client, ended.error_file_id))) == ("completed", None, 1)


def test_a_malformed_file_fails_as_a_whole(client: openai.OpenAI, openai_server: FakeOpenAI) -> None:
    other_model = _line(5, body=_line(5)["body"] | {"model": "gpt-4o"})
    wrong: list[dict[str, Any] | str] = [
        "{",
        _line(0),
        _line(1, url="/v1/embeddings"),
        _line(2, method="GET"),
        _line(0),
        other_model,
    ]

    ended = client.batches.retrieve(_submit(client, _line(9), *wrong, _line(3, extra=1), {"custom_id": "a"}).id)

    assert (ended.status, ended.output_file_id, openai_server.accepted) == ("failed", None, [])
    assert ended.errors is not None
    assert [(error.line, error.code) for error in ended.errors.data or []] == [
        (2, "invalid_json_line"),
        (4, "url_mismatch"),
        (5, "invalid_method"),
        (6, "duplicate_custom_id"),
        (7, "model_mismatch"),
        (8, "unknown_parameter"),
        (9, "missing_required_parameter"),
    ]


def test_a_batch_may_have_too_many_lines(client: openai.OpenAI, openai_server: FakeOpenAI) -> None:
    openai_server.most_batch_lines = 1

    ended = client.batches.retrieve(_submit(client, _line(0), _line(1)).id)

    assert ended.errors is not None
    assert [error.code for error in ended.errors.data or []] == ["too_many_tasks"]


def test_batches_are_listed_by_pages_with_their_metadata(client: openai.OpenAI) -> None:
    file_id = _upload(client, json.dumps(_line(0)).encode())
    begun = [_create(client, file_id, key=str(number)).id for number in range(5)]

    first = client.batches.list(limit=2)
    listed = list(first)

    assert (len(first.data), first.has_more) == (2, True)
    assert [batch.id for batch in listed] == begun[::-1]
    assert [batch.metadata for batch in listed] == [{"key": str(number)} for number in (4, 3, 2, 1, 0)]
    with pytest.raises(openai.BadRequestError, match="limit"):
        client.batches.list(limit=101)


def test_a_held_batch_waits_half_done(client: openai.OpenAI, openai_server: FakeOpenAI) -> None:
    openai_server.batches_may_end.clear()
    begun = _submit(client, *map(_line, range(4)))

    held = client.batches.retrieve(begun.id)
    openai_server.batches_may_end.set()
    ended = client.batches.retrieve(begun.id)

    assert (held.status, _counts(held)) == ("in_progress", (4, 2, 0))
    assert (ended.status, _counts(ended), len(openai_server.accepted)) == ("completed", (4, 4, 0), 4)


def test_a_batch_takes_its_time(client: openai.OpenAI, openai_server: FakeOpenAI) -> None:
    openai_server.batch_seconds = 60.0
    begun = _submit(client, _line(0), _line(1))

    seen = [client.batches.retrieve(begun.id).status]
    openai_server.batch_seconds = 0.5
    while seen[-1] != "completed":
        seen.append(client.batches.retrieve(begun.id).status)

    life = ["validating", "in_progress", "finalizing", "completed"]
    assert seen == sorted(seen, key=life.index)
    assert (seen[0], "in_progress" in seen) == ("validating", True)


def test_an_expired_batch_keeps_what_it_did(client: openai.OpenAI, openai_server: FakeOpenAI) -> None:
    openai_server.expires_after_lines = 1

    ended = client.batches.retrieve(_submit(client, _line(0), _line(1)).id)

    assert (ended.status, list(_results(client, ended.output_file_id))) == ("expired", ["picture-0"])
    late = _results(client, ended.error_file_id)["picture-1"]
    assert (late["response"], late["error"]["code"]) == (None, "batch_expired")


def test_a_cancelled_batch_keeps_what_it_did(client: openai.OpenAI, openai_server: FakeOpenAI) -> None:
    openai_server.batches_may_end.clear()
    begun = client.batches.retrieve(_submit(client, _line(0), _line(1)).id)

    assert client.batches.cancel(begun.id).status == "cancelling"
    ended = client.batches.retrieve(begun.id)

    assert (ended.status, list(_results(client, ended.output_file_id))) == ("cancelled", ["picture-0"])
    assert _results(client, ended.error_file_id)["picture-1"]["error"]["code"] == "batch_cancelled"
    with pytest.raises(openai.ConflictError, match="cancelled"):
        client.batches.cancel(begun.id)


def test_files_are_kept_to_the_byte_until_they_are_deleted(client: openai.OpenAI) -> None:
    raw = b'{"a": "\xe2\x80\xa8"}\r\n--x\r\n\r\n\n'
    ids = [_upload(client, raw) for _ in range(3)]

    assert client.files.content(ids[0]).content == raw
    assert (client.files.retrieve(ids[0]).bytes, client.files.retrieve(ids[0]).filename) == (len(raw), "requests.jsonl")
    assert [file.id for file in client.files.list(purpose="batch", limit=2)] == ids[::-1]
    assert list(client.files.list(purpose="batch_output")) == []
    assert client.files.delete(ids[0]).deleted
    with pytest.raises(openai.NotFoundError):
        client.files.content(ids[0])


def test_what_is_no_input_file_is_refused(client: openai.OpenAI, openai_server: FakeOpenAI) -> None:
    openai_server.most_file_bytes = 10

    with pytest.raises(openai.BadRequestError, match=r"\.jsonl"):
        _upload(client, b"{}", "requests.txt")
    with pytest.raises(openai.BadRequestError, match="empty"):
        _upload(client, b"")
    with pytest.raises(openai.APIStatusError, match="size limit"):
        _upload(client, b"{}" * 6)
    with pytest.raises(openai.BadRequestError, match="purpose"):
        client.files.create(file=("a.jsonl", b"{}"), purpose="vision")
    assert len(openai_server.refused) == 4


@pytest.mark.parametrize(
    "changes",
    [
        {"endpoint": "/v1/embeddings"},
        {"completion_window": "1h"},
        {"metadata": {"k" * 65: ""}},
        {"metadata": {"key": "v" * 513}},
        {"metadata": {str(number): "" for number in range(17)}},
        {"extra_body": {"priority": 1}},
    ],
)
def test_what_no_batch_may_be_is_refused(client: openai.OpenAI, changes: dict[str, Any]) -> None:
    asked = {"input_file_id": _upload(client, b"{}"), "endpoint": "/v1/chat/completions", "completion_window": "24h"}

    with pytest.raises(openai.BadRequestError):
        client.batches.create(**asked | changes)

    assert client.batches.list().data == []


def test_nothing_is_done_without_the_key(client: openai.OpenAI) -> None:
    with pytest.raises(openai.AuthenticationError):
        client.with_options(api_key="sk-other").batches.list()


def test_half_an_upload_leaves_nothing(client: openai.OpenAI, openai_server: FakeOpenAI) -> None:
    host, port = openai_server.base_url.removeprefix("http://").removesuffix("/v1").split(":")
    with socket.create_connection((host, int(port))) as killed:
        killed.sendall(b"POST /v1/files HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n--half")

    assert (client.files.list().data, openai_server.refused) == ([], [])
