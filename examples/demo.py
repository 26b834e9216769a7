"""`make demo`: index the photos that come with scikit-image, and search them.

Their captions were written once, by looking at each photo, and lie in captions.jsonl. With a key or base URL set, the
model behind it captions them instead.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from indexer.catalog.embedding import Embedders
from indexer.catalog.opening import open_store
from indexer.catalog.searching import Query, Searcher
from indexer.cli.output import print_table
from indexer.settings import Settings

HERE = Path(__file__).parent
INDEXER = Path(sys.executable).with_name("indexer")
# A home of its own: the demo never mixes with what you index yourself.
HOME = HERE.parent / ".demo"
SEARCHES = (
    "a cat looking into the camera",
    "espresso in a red cup",
    "woman in a spacesuit",
    "rocket lifting off at night",
    "craters on the moon",
    "Region-based segmentation",
    "motorbike in a workshop",
    "quarterly tax return form",
)


def main() -> int:
    """Ingest, search, and say how to go on."""
    os.environ.pop("DATABASE_URL", None)
    os.environ["CAPTION_SEARCH_HOME"] = str(HOME)
    has_model = Settings.load().chosen_captioner() == "openai"
    captions: list[str | Path] = [] if has_model else ["--captions", HERE / "captions.jsonl"]

    print(
        "Captioning with your model…" if has_model else "Importing captions that were written beforehand…", flush=True
    )
    code = subprocess.run([INDEXER, "ingest", copy_photos(), *captions], check=False).returncode
    if code == 0:
        print("Searching…", flush=True)
        show_searches()
        print(AFTERWARDS)
    return code


def show_searches() -> None:
    """Search in one process: the model is loaded once."""
    rows: list[tuple[object, ...]] = []
    settings = Settings.load()
    with open_store(settings) as store:
        searcher = Searcher(store, Embedders(settings).for_queries)
        for text in SEARCHES:
            hits = searcher.search(Query(text=text, limit=2)).hits
            rows += [(text, hit.score, hit.band, hit.location, hit.caption) for hit in hits]
            rows += [(text, None, "nothing fits", None, None)] if not hits else []
    print_table(("search", "score", "band", "image", "its first caption"), rows)


def copy_photos() -> Path:
    """Copy the photos out of the package, so that they stay where the index finds them."""
    spec = importlib.util.find_spec("skimage")
    if spec is None or spec.origin is None:
        sys.exit("scikit-image is not installed: run `make demo`, which installs it.")
    photos = HOME / "photos"
    photos.mkdir(parents=True, exist_ok=True)
    for path in sorted((Path(spec.origin).parent / "data").iterdir()):
        if path.suffix in {".png", ".jpg"} and not (photos / path.name).exists():
            shutil.copy2(path, photos)
    return photos


AFTERWARDS = f"""
The page:   CAPTION_SEARCH_HOME={HOME} {INDEXER} serve
            then open http://127.0.0.1:8000

Your own images, captioned offline (visible text, names, colours):
            {INDEXER} ingest ~/Pictures

Captions by a model, which find far more. Any OpenAI-compatible endpoint will do:
            export OPENAI_API_KEY=sk-…                              # OpenAI
            export OPENAI_BASE_URL=http://localhost:11434/v1        # Ollama, vLLM, LM Studio, llama.cpp
            {INDEXER} ingest ~/Pictures --model gpt-4o-mini --dry-run"""

if __name__ == "__main__":
    sys.exit(main())
