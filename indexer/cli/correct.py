"""`indexer correct`: write or fix a caption by hand."""

from typing import Annotated

import typer

from indexer.cli.output import JsonFlag, print_json


def correct(
    image: Annotated[str, typer.Argument(help="A path, an image id, or a SHA-256.")],
    text: Annotated[
        list[str] | None, typer.Option(help="What the image shows; once for each sentence of a caption.")
    ] = None,
    kind: Annotated[str, typer.Option(help="What the caption is for: retrieval, alt_text, ecommerce.")] = "retrieval",
    undo: Annotated[bool, typer.Option("--undo", help="Take a correction back: the captioner's serves again.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Put your words in place of a captioner's; they stay, whatever is run later."""
    from indexer.catalog.opening import open_store
    from indexer.errors import CorrectionError
    from indexer.pipelines.correcting import correct as write
    from indexer.pipelines.correcting import take_back
    from indexer.pipelines.naming import find_image
    from indexer.pipelines.updating import index_stale
    from indexer.settings import Settings

    if undo and text:
        raise CorrectionError("Either --text or --undo.")
    if not undo and not text:
        raise CorrectionError("A correction needs words: --text TEXT, once for each sentence.")
    settings = Settings.load()
    with open_store(settings) as store:
        image_id = find_image(store, image)
        if undo:
            take_back(store, image_id, kind)
        sentences = [] if undo else write(store, image_id, kind, text or [])
        indexed = kind == "retrieval" and index_stale(store, settings, "correct") > 0
    if as_json:
        print_json({"image_id": image_id, "kind": kind, "sentences": sentences, "indexed": indexed})
    else:
        print(f"Image {image_id}: {'the correction is taken back' if undo else ' '.join(sentences)}")
