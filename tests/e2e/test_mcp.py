"""The index for agents: the SDK's own client, over HTTP against the real service and over stdio."""

import base64
import io
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import anyio
import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult, ImageContent, TextContent
from PIL import Image

from tests.conftest import new_database
from tests.e2e.conftest import INDEXER, Command, bare_environment, make_home, serving
from tests.images import image_bytes

Value = TypeVar("Value")
Session = Callable[[Callable[[Client], Awaitable[Value]]], Value]

_CAPTIONS = [
    {"image": "mug.jpg", "captions": ["A red mug on a wooden desk.", "Coffee cup by a keyboard."], "keywords": ["mug"]},
    {"image": "dog.jpg", "captions": ["A brown dog jumps over a log."]},
    {"image": "comet.jpg", "captions": ["A comet with a long tail in the night sky."]},
]
_TOOLS = {"search_images", "get_image", "similar_images", "explain_hit", "index_stats"}


@pytest.fixture(scope="module")
def library(postgres: str, tmp_path_factory: pytest.TempPathFactory, embedders_home: Path) -> Iterator[Command]:
    folder = tmp_path_factory.mktemp("library")
    for number, entry in enumerate(_CAPTIONS):
        (folder / str(entry["image"])).write_bytes(image_bytes(number, size=(800, 600)))
    (folder / "captions.json").write_text(json.dumps(_CAPTIONS))
    with new_database(postgres) as database:
        home = make_home(folder / ".home", embedders_home)
        indexer = Command(folder, {"DATABASE_URL": database, "CAPTION_SEARCH_HOME": str(home)})
        finished = indexer("ingest", ".", "--captions", "captions.json")
        assert finished.code == 0, finished.err
        yield indexer


@pytest.fixture(scope="module")
def address(library: Command) -> Iterator[str]:
    with serving(library) as started:
        yield started


@pytest.fixture
def session(address: str) -> Session[Any]:
    """Run something with a client of the service."""
    return lambda work: run(Client(f"{address}/mcp"), work)


def stdio(library: Command) -> StdioServerParameters:
    environment = {**bare_environment(), **library.variables}
    return StdioServerParameters(command=str(INDEXER), args=["mcp"], env=environment, cwd=library.folder)


def run(client: Client, work: Callable[[Client], Awaitable[Value]]) -> Value:
    async def connected() -> Value:
        with anyio.fail_after(120):
            async with client:
                return await work(client)

    return anyio.run(connected)


def call(session: Session[CallToolResult], tool: str, **arguments: object) -> CallToolResult:
    return session(lambda client: client.call_tool(tool, arguments))


def told(result: CallToolResult) -> dict[str, Any]:
    assert not result.is_error, result.content
    assert isinstance(result.structured_content, dict)
    assert isinstance(result.content[0], TextContent)
    assert json.loads(result.content[0].text) == result.structured_content
    return result.structured_content


def look(result: CallToolResult) -> Image.Image:
    (picture,) = (content for content in result.content if isinstance(content, ImageContent))
    assert picture.mime_type == "image/jpeg"
    image = Image.open(io.BytesIO(base64.b64decode(picture.data)))
    image.load()
    return image


def refusal(result: CallToolResult) -> str:
    assert result.is_error
    (content,) = result.content
    assert isinstance(content, TextContent)
    return content.text


def find(session: Session[CallToolResult], query: str) -> int:
    return int(told(call(session, "search_images", query=query))["hits"][0]["image_id"])


def test_every_tool_says_that_it_only_reads_what_it_takes_and_what_it_answers(session: Session[Any]) -> None:
    tools = session(lambda client: client.list_tools()).tools

    assert {tool.name for tool in tools} == _TOOLS
    for tool in tools:
        hints = tool.annotations
        assert hints is not None
        assert tool.output_schema is not None
        assert (hints.read_only_hint, hints.idempotent_hint, hints.open_world_hint) == (True, True, False)
        assert tool.output_schema["type"] == "object"
    (search,) = (tool for tool in tools if tool.name == "search_images")
    limit = search.input_schema["properties"]["limit"]
    assert (limit["minimum"], limit["maximum"]) == (1, 100)


def test_an_agent_finds_an_image_by_describing_it(session: Session[Any]) -> None:
    answer = told(call(session, "search_images", query="a red mug", limit=2))

    assert answer["no_match"] is False
    hit = answer["hits"][0]
    assert (hit["location"], hit["caption"]) == ("mug.jpg", "A red mug on a wooden desk.")
    assert set(hit["why"]["matched_terms"]) == {"red", "mug"}


def test_nothing_that_fits_is_said_so_with_what_to_do(session: Session[Any]) -> None:
    answer = told(call(session, "search_images", query="quarterly tax return form"))

    assert (answer["no_match"], answer["hits"]) == (True, [])
    assert "strictness=low" in answer["note"]


def test_filters_are_those_of_the_service(session: Session[Any]) -> None:
    answer = told(call(session, "search_images", filters={"tags": ["mug"]}))

    assert [hit["location"] for hit in answer["hits"]] == ["mug.jpg"]


def test_an_agent_looks_at_an_image_and_reads_its_captions(session: Session[Any]) -> None:
    result = call(session, "get_image", image=find(session, "comet"), thumbnail_size=320)

    known, picture = told(result), look(result)
    assert known["captions"][0]["sentences"] == ["A comet with a long tail in the night sky."]
    assert (known["width"], known["height"], known["origin"]) == (800, 600, "original")
    assert (picture.format, picture.size) == ("JPEG", (320, 240))


def test_an_image_is_also_named_by_its_hash(session: Session[Any]) -> None:
    first = told(call(session, "get_image", image=find(session, "comet"), thumbnail_size=0))

    again = told(call(session, "get_image", image=first["sha256"], thumbnail_size=0))

    assert again == first


def test_an_agent_finds_more_like_an_image(session: Session[Any]) -> None:
    mug = find(session, "a red mug")

    hits = told(call(session, "similar_images", image=mug))["hits"]

    assert len(hits) == 2
    assert mug not in [hit["image_id"] for hit in hits]


def test_an_agent_hears_why_an_image_is_not_shown(session: Session[Any]) -> None:
    answer = told(call(session, "explain_hit", query="a red mug", image=find(session, "comet")))

    assert answer["shown"] is False
    assert "no word of the query" in answer["reason"]


def test_an_agent_hears_what_is_indexed(session: Session[Any]) -> None:
    stats = told(call(session, "index_stats"))

    assert (stats["images"], stats["entries"], stats["generation"]["coverage"]) == (3, 3, 1.0)


@pytest.mark.parametrize(
    ("tool", "arguments", "sentence"),
    [
        ("get_image", {"image": 999}, "There is no image 999."),
        (
            "get_image",
            {"image": "../../etc/passwd"},
            "image: an image is named by its id or by the SHA-256 of its file.",
        ),
        ("search_images", {"query": "mug", "limit": 0}, "limit: Input should be greater than or equal to 1."),
        ("search_images", {}, "The query is empty: say what the image shows."),
        ("search_images", {"query": "mug", "folder": "a"}, "There is no argument folder: search_images takes query,"),
        ("search_images", {"filters": {"colour": "red"}}, "There is no filter colour:"),
        ("delete_image", {"image": 1}, "Unknown tool: delete_image"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_sentence(
    session: Session[Any], tool: str, arguments: dict[str, Any], sentence: str
) -> None:
    assert refusal(call(session, tool, **arguments)).startswith(sentence)


def test_all_tools_work_over_stdio_without_the_service(library: Command) -> None:
    async def work(client: Client) -> tuple[set[str], list[CallToolResult], CallToolResult, float]:
        tools = {tool.name for tool in (await client.list_tools()).tools}
        found = await client.call_tool("search_images", {"query": "a red mug"})
        mug = told(found)["hits"][0]["image_id"]
        answers = [
            found,
            await client.call_tool("get_image", {"image": mug}),
            await client.call_tool("similar_images", {"image": mug}),
            await client.call_tool("explain_hit", {"query": "a red mug", "image": mug}),
            await client.call_tool("index_stats", {}),
            await client.call_tool("search_images", {"query": "quarterly tax return form"}),
        ]
        return tools, answers, await client.call_tool("get_image", {"image": 999}), time.monotonic()

    tools, answers, unknown, ended = run(Client(stdio(library)), work)
    took_s = time.monotonic() - ended

    found, image, similar, explained, stats, nothing = map(told, answers)
    assert tools == _TOOLS
    assert found["hits"][0]["location"] == image["locations"][0] == "mug.jpg"
    assert look(answers[1]).size == (640, 480)
    assert (len(similar["hits"]), explained["shown"], stats["entries"], nothing["no_match"]) == (2, True, 3, True)
    assert refusal(unknown) == "There is no image 999."
    assert took_s < 2  # later, the client would have killed it


def test_the_service_answers_at_the_path_itself_and_opens_no_streams(address: str) -> None:
    listing = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    accepts = {"Accept": "application/json, text/event-stream"}

    answered = httpx2.post(f"{address}/mcp", json=listing, headers=accepts)
    stream = httpx2.get(f"{address}/mcp", headers={"Accept": "text/event-stream"})

    assert (answered.status_code, answered.headers["content-type"]) == (200, "application/json")
    assert {tool["name"] for tool in answered.json()["result"]["tools"]} == _TOOLS
    assert (stream.status_code, stream.headers["content-type"]) == (405, "application/problem+json")


def test_a_foreign_host_or_page_gets_nothing_and_an_allowed_host_all(library: Command, address: str) -> None:
    listing = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    accepts = {"Accept": "application/json, text/event-stream"}

    def ask(at: str, **headers: str) -> int:
        return httpx2.post(f"{at}/mcp", json=listing, headers={**accepts, **headers}).status_code

    assert ask(address, Host="evil.example") == 400
    assert ask(address, Origin="https://evil.example") == 403
    with serving(library, "--allow-host", "photos.example", "--insecure") as allowing:
        assert ask(allowing, Host="photos.example", Origin="http://photos.example") == 200


def test_an_agent_needs_a_key_where_one_is_asked_for(library: Command) -> None:
    key = library("keys", "create", "--scope", "search", "--name", "agent", "--json").lines[0]["key"]

    with serving(library, "--require-key") as address:

        async def search() -> CallToolResult:
            async with (
                httpx2.AsyncClient(headers={"Authorization": f"Bearer {key}"}, timeout=60) as http,
                Client(streamable_http_client(f"{address}/mcp", http_client=http)) as client,
            ):
                return await client.call_tool("search_images", {"query": "a red mug"})

        assert told(anyio.run(search))["hits"][0]["location"] == "mug.jpg"
        assert httpx2.post(f"{address}/mcp", json={}).status_code == 401
