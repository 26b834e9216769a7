"""Search, and save thumbnails of what is found.

    python client.py "red mug on a desk" [FOLDER]

BASE is the service's address, KEY a key where it asks for one (`indexer keys create --scope search`). It needs
httpx2, which comes with Caption Search.
"""

import os
import sys
from pathlib import Path

import httpx2


def main(query: str, folder: Path) -> None:
    """Print the hits of a query, and keep their thumbnails."""
    headers = {"Authorization": f"Bearer {os.environ['KEY']}"} if os.environ.get("KEY") else {}
    with httpx2.Client(base_url=os.environ.get("BASE", "http://127.0.0.1:8000"), headers=headers, timeout=60) as client:
        answer = client.get("/search", params={"q": query, "limit": 12, "collapse": "duplicates"})
        answer.raise_for_status()
        hits = answer.json()["hits"]
        if not hits:
            sys.exit(f"Nothing in the index fits “{query}”.")
        folder.mkdir(parents=True, exist_ok=True)
        for hit in hits:
            thumbnail = client.get(hit["thumbnail_url"], params={"size": 320}).raise_for_status()
            (folder / f"{hit['image_id']}.webp").write_bytes(thumbnail.content)
            print(f"{hit['score']:.2f}  {hit['band']:6}  {hit['location']}  {hit['caption']}")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2] if len(sys.argv) > 2 else "thumbnails"))
