"""Plot the hits of a search as one picture.

    python grid.py "red mug on a desk" [grid.png]

BASE is the service's address, KEY a key where it asks for one (`indexer keys create --scope search`). It needs
httpx2 and Pillow, which come with Caption Search.
"""

import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import httpx2
from PIL import Image, ImageDraw, ImageFont, ImageOps

COLUMNS, CELL, GAP, LINES = 4, 240, 12, 34
BANDS = {"strong": "#1a7f37", "likely": "#9a6700", "weak": "#6e7781"}


def main(query: str, path: Path) -> None:
    """Search, and write the grid."""
    headers = {"Authorization": f"Bearer {os.environ['KEY']}"} if os.environ.get("KEY") else {}
    with httpx2.Client(base_url=os.environ.get("BASE", "http://127.0.0.1:8000"), headers=headers, timeout=60) as client:
        answer = client.get("/search", params={"q": query, "limit": 3 * COLUMNS, "collapse": "duplicates"})
        hits = answer.raise_for_status().json()["hits"]
        pictures = [client.get(hit["thumbnail_url"], params={"size": 320}).raise_for_status().content for hit in hits]
    if not hits:
        sys.exit(f"Nothing in the index fits “{query}”.")
    titles = [(f"{hit['score']:.2f} {hit['band']}", hit["caption"], BANDS[hit["band"]]) for hit in hits]
    plot([Image.open(io.BytesIO(content)) for content in pictures], titles).save(path)
    print(f"{len(hits)} hits: {path}")


def plot(pictures: Sequence[Image.Image], titles: Sequence[tuple[str, str, str]]) -> Image.Image:
    """Return the pictures in rows, each over its score and caption."""
    rows = -(-len(pictures) // COLUMNS)
    columns = min(COLUMNS, len(pictures))
    grid = Image.new("RGB", (columns * (CELL + GAP) + GAP, rows * (CELL + LINES + GAP) + GAP), "white")
    draw, font = ImageDraw.Draw(grid), ImageFont.load_default(13)
    for number, (picture, (score, caption, colour)) in enumerate(zip(pictures, titles, strict=True)):
        left = GAP + number % COLUMNS * (CELL + GAP)
        top = GAP + number // COLUMNS * (CELL + LINES + GAP)
        grid.paste(ImageOps.fit(picture.convert("RGB"), (CELL, CELL)), (left, top))
        draw.text((left, top + CELL + 2), score, colour, font)
        draw.text((left, top + CELL + 18), shorten(caption, font), "black", font)
    return grid


def shorten(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """Return as much of a text as one line holds."""
    while font.getlength(text) > CELL:
        text = f"{text[:-2]}…"
    return text


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2] if len(sys.argv) > 2 else "grid.png"))
