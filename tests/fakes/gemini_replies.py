"""The fake Gemini API's answers."""

import base64
import uuid
from collections.abc import Iterator
from typing import Any

from tests.fakes.edits import EditAsked, EditReply
from tests.fakes.gemini_history import signature_of

_INPUT_IMAGE_TOKENS, _OUTPUT_IMAGE_TOKENS, _THOUGHT_TOKENS, _BYTES_PER_TOKEN = 258, 1290, 120, 4
_SIGNATURES = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"RIFF": "image/webp"}


def reply_body(asked: EditAsked, said: EditReply) -> dict[str, Any]:
    """Return the body that says this; a blocked prompt has no candidates, a blocked answer no content."""
    body: dict[str, Any] = {
        "usageMetadata": _usage(asked, said),
        "modelVersion": asked.model,
        "responseId": uuid.uuid4().hex,
    }
    if said.block_reason is not None:
        return {"promptFeedback": {"blockReason": said.block_reason}} | body
    candidate: dict[str, Any] = {"finishReason": said.finish_reason, "index": 0}
    if said.finish_reason != "STOP":
        candidate["finishMessage"] = f"Unable to show the generated image: {said.finish_reason}."
    if parts := list(_parts(asked, said)):
        candidate = {"content": {"parts": parts, "role": "model"}} | candidate
    return {"candidates": [candidate]} | body


def _parts(asked: EditAsked, said: EditReply) -> Iterator[dict[str, Any]]:
    for thought in said.thoughts:
        yield {"inlineData": _blob(thought, said), "thought": True}
    if said.text is not None:
        yield {"text": said.text}
    for image in said.images:
        signature = signature_of(image, asked.model)
        signed = {"thoughtSignature": _encode(signature)} if signature else {}
        yield {"inlineData": _blob(image, said)} | signed


def _blob(image: bytes, said: EditReply) -> dict[str, str]:
    own = next((name for start, name in _SIGNATURES.items() if image.startswith(start)), "image/png")
    return {"mimeType": said.declared_type or own, "data": _encode(image)}


def _encode(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _usage(asked: EditAsked, said: EditReply) -> dict[str, Any]:
    texts = [asked.instruction, *(turn.text for turn in asked.history)]
    text = sum(1 + len(each.encode()) // _BYTES_PER_TOKEN for each in texts)
    sent = len(asked.images) + sum(len(turn.images) for turn in asked.history)
    prompt = [{"modality": "TEXT", "tokenCount": text}]
    if sent:
        prompt.append({"modality": "IMAGE", "tokenCount": sent * _INPUT_IMAGE_TOKENS})
    usage: dict[str, Any] = {"promptTokenCount": text + sent * _INPUT_IMAGE_TOKENS, "promptTokensDetails": prompt}
    thoughts = _THOUGHT_TOKENS if asked.model.startswith("gemini-3") and said.block_reason is None else 0
    if thoughts:
        usage["thoughtsTokenCount"] = thoughts
    output = len(said.images) * _OUTPUT_IMAGE_TOKENS
    words = 0 if said.text is None else 1 + len(said.text.encode()) // _BYTES_PER_TOKEN
    if output:
        usage["candidatesTokensDetails"] = [{"modality": "IMAGE", "tokenCount": output}]
    if output + words:
        usage["candidatesTokenCount"] = output + words
    return usage | {"totalTokenCount": usage["promptTokenCount"] + thoughts + output + words}
