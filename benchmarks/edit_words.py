"""How well an edited image is found by what was asked for, and what that costs those who describe it.

    python benchmarks/edit_words.py DATA

DATA has photos.jsonl, images with five human captions each. Some are taken for edits: four captions are what is said of
the image, the fifth describes it for somebody who looks for it. The instruction has nothing to do with the picture, the
hard case of a caption that does not show what was done. Its vector counts as so many captions; only vectors are ranked,
without the words.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from indexer.catalog.embedding import Embedders
from indexer.catalog.vectors import Vectors
from indexer.cli.output import print_table
from indexer.settings import Settings

WEIGHTS = (0.0, 0.5, 1.0, 2.0, 4.0)  # 1 is what an entry's vector is made with
# What was asked for, and how somebody remembers it.
ASKED = {
    "Make the whole picture more vibrant.": "where I made the picture more vibrant",
    "Make it night.": "the one I made night",
    "Remove the people in the background.": "where I removed the people in the background",
    "Turn it into a watercolour.": "the one turned into a watercolour",
    "Make it black and white.": "made black and white",
    "Add snow on the ground.": "added snow on the ground",
    "Replace the sky with a sunset.": "sky replaced with a sunset",
    "Blur the background.": "background blurred",
    "Make it look like a pencil drawing.": "made to look like a pencil drawing",
    "Change the colour of the shirt to red.": "shirt colour changed to red",
    "Add a rainbow.": "added a rainbow",
    "Make it look old and faded.": "made it look old and faded",
    "Remove the text.": "removed the text",
    "Add a second dog.": "added a second dog",
    "Change the season to autumn.": "season changed to autumn",
    "Crop it to the face.": "cropped to the face",
    "Give everybody sunglasses.": "gave everybody sunglasses",
    "Change the wall to blue.": "changed the wall to blue",
    "Make it foggy.": "made it foggy",
    "Add a hot air balloon.": "added a hot air balloon",
    "Put a hat on the person.": "put a hat on the person",
    "Change the guitar to a piano.": "where I changed the guitar to a piano",
    "Make the grass greener.": "made the grass greener",
    "Add falling leaves.": "added falling leaves",
    "Turn day into dusk.": "turned day into dusk",
}


def main() -> None:
    """Rank both kinds of query at every weight, over as many choices of edits as there are images."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    lines = (parser.parse_args().data / "photos.jsonl").read_text(encoding="utf-8").splitlines()
    captions = [json.loads(line)["captions"] for line in lines]
    embedder = Embedders(Settings.load()).for_bulk("all-MiniLM-L6-v2")
    said = np.stack([embedder.embed(each[:4]) for each in captions])
    described = embedder.embed([each[4] for each in captions])
    asked, remembered = embedder.embed(list(ASKED)), embedder.embed(list(ASKED.values()))
    rows = [_measure(weight, said, described, asked, remembered) for weight in WEIGHTS]
    columns = ("weight", "described R@1", "described R@10", "asked for R@1", "asked for R@10")
    print_table(columns, rows, title=f"{len(captions)} images, {len(ASKED)} at a time taken for edits")


def _measure(weight: float, said: Vectors, described: Vectors, asked: Vectors, remembered: Vectors) -> list[float]:
    """Return recall of both kinds of query, each image being an edit once."""
    ranks: tuple[list[int], list[int]] = ([], [])
    for start in range(0, len(said), len(asked)):
        edits = np.arange(start, min(start + len(asked), len(said)))
        means = said.mean(axis=1)
        means[edits] = (said[edits].sum(axis=1) + weight * asked[: len(edits)]) / (said.shape[1] + weight)
        means /= np.linalg.norm(means, axis=1, keepdims=True)
        for queries, found in zip((described[edits], remembered[: len(edits)]), ranks, strict=True):
            scores = queries @ means.T
            found.extend((scores > scores[np.arange(len(edits)), edits][:, None]).sum(axis=1).tolist())
    return [weight, *(float(np.mean(np.array(found) < depth)) for found in ranks for depth in (1, 10))]


if __name__ == "__main__":
    main()
