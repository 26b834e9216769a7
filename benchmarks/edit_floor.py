"""What no edit can cost less than: the bare calls of both SDKs in ten threads, and each answer written and decoded."""

import base64
import io
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import openai
from google import genai
from google.genai import types
from PIL import Image

from benchmarks.edit_endpoints import EditEndpoint
from benchmarks.edit_rows import SIZE, Row
from indexer.imaging.sending import read_for_editing, read_mask
from indexer.imaging.squaring import make_square
from indexer.models import SentPicture


@dataclass(frozen=True, slots=True)
class Floor:
    """Calls a second, and CPU milliseconds of each."""

    rate: float
    cpu_ms: float


@dataclass(frozen=True, slots=True)
class _Bytes:
    """What the calls of one request send; it is made before anything is measured."""

    instructions: list[str]
    pictures: list[SentPicture]
    mask: SentPicture | None


def measure_floor(row: Row, sources: Path, output: Path, requests: int, endpoint: EditEndpoint, threads: int) -> Floor:
    """Send what the command would send; the first request is not counted, as it is when clients load what they need."""
    send = _openai(row, endpoint) if row.protocol == "openai" else _gemini(row, endpoint)
    asked = [_bytes(row, sources, number) for number in range(requests + 1)]
    output.mkdir()
    _perform(send, asked.pop(), output / "warm-up")
    with ThreadPoolExecutor(threads) as pool:
        started, cpu_s = time.perf_counter(), time.process_time()
        list(pool.map(lambda number: _perform(send, asked[number], output / str(number)), range(requests)))
        calls = requests * row.turns
        return Floor(
            calls / (time.perf_counter() - started),
            (time.process_time() - cpu_s) * 1000 / calls,
        )


def _perform(send: Callable[[_Bytes], list[bytes]], asked: _Bytes, path: Path) -> None:
    for number, image in enumerate(send(asked)):
        path.with_suffix(f".{number}.png").write_bytes(image)
        with Image.open(io.BytesIO(image)) as opened:
            opened.load()


def _bytes(row: Row, sources: Path, number: int) -> _Bytes:
    line = row.request(number, "floor")
    names = [line["images"]] if isinstance(line["images"], str) else line["images"]
    pictures = [read_for_editing(sources / name) for name in names]
    mask = read_mask(sources / line["mask"], like=pictures[0], original_size=SIZE) if row.has_mask else None
    if row.model == "dall-e-2":
        pictures[0], mask = make_square(pictures[0], mask, opens=not row.is_variation)
    return _Bytes([turn["content"] for turn in line["conversations"]], pictures, mask)


def _openai(row: Row, endpoint: EditEndpoint) -> Callable[[_Bytes], list[bytes]]:
    images = openai.OpenAI(api_key=endpoint.key, base_url=endpoint.base_url, max_retries=0).images
    encoded = {"response_format": "b64_json"} if row.model == "dall-e-2" else {}

    def send(asked: _Bytes) -> list[bytes]:
        if row.is_variation:
            answer = images.create_variation(
                model=row.model, image=_file(asked.pictures[0]), response_format="b64_json", size="1024x1024"
            )
            return [base64.b64decode(image.b64_json or "") for image in answer.data or ()]
        made: list[bytes] = []
        for instruction in asked.instructions:
            shown = [("image.png", made[-1], "image/png")] if made else [_file(picture) for picture in asked.pictures]
            answer = images.edit(
                model=row.model,
                image=shown if len(shown) > 1 else shown[0],
                prompt=instruction,
                mask=_file(asked.mask) if asked.mask else openai.omit,
                extra_body=encoded,
            )
            made += [base64.b64decode(image.b64_json or "") for image in answer.data or ()]
        return made

    return send


def _gemini(row: Row, endpoint: EditEndpoint) -> Callable[[_Bytes], list[bytes]]:
    client = genai.Client(api_key=endpoint.key, http_options=types.HttpOptions(base_url=endpoint.base_url))
    config = types.GenerateContentConfig(response_modalities=["TEXT", "IMAGE"])

    def send(asked: _Bytes) -> list[bytes]:
        chat, made = client.chats.create(model=row.model, config=config), list[bytes]()
        shown = [types.Part.from_bytes(data=sent.data, mime_type=sent.media_type) for sent in asked.pictures]
        for instruction in asked.instructions:
            answer = chat.send_message([*shown, types.Part(text=instruction)])
            made += [part.inline_data.data or b"" for part in answer.parts or () if part.inline_data]
            shown = []
        return made

    return send


def _file(picture: SentPicture) -> tuple[str, bytes, str]:
    return f"image.{picture.media_type.removeprefix('image/')}", picture.data, picture.media_type
