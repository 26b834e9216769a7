"""A comparison as one page with pictures, which needs no other file and no script."""

from collections.abc import Iterator
from importlib.resources import files
from xml.etree.ElementTree import Element

from indexer.catalog.searching import Hit
from indexer.catalog.store.comparisons import DifferingCaptions
from indexer.cli.comparing.markup import element, table, write_html
from indexer.cli.comparing.pictures import Pictures
from indexer.cli.comparing.report import (
    fact_rows,
    measure_rows,
    measure_tables,
    query_lists,
    remarks,
    tell_change,
    titles,
)
from indexer.models import ImageId
from indexer.pipelines.evaluating import Outcome
from indexer.pipelines.generations.comparing import Comparison
from indexer.pipelines.generations.pairing import Change

# Captions are foreign text: should any of it ever be taken for more, the page may still load and run nothing.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_LEGEND = (
    "The best hits of each. A frame marks what is known to be relevant (dashed: not relevant); pale ones are cut off."
)


def make_page(comparison: Comparison, pictures: Pictures) -> str:
    """Return the page of a comparison, with a thumbnail wherever its image can be read."""
    before, after = titles(comparison)
    title = f"Generation {before} and generation {after}"
    return write_html(
        element(
            "html",
            element(
                "head",
                element("meta", charset="utf-8"),
                element("meta", name="viewport", content="width=device-width, initial-scale=1"),
                element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
                element("title", title),
                element("style", (files("indexer.cli.comparing") / "page.css").read_text(encoding="utf-8")),
            ),
            element("body", element("h1", title), *_sections(comparison, pictures)),
            lang="en",
        )
    )


def _sections(comparison: Comparison, pictures: Pictures) -> Iterator[Element]:
    sides = titles(comparison)
    yield table(["", *sides], [row for row in fact_rows(comparison) if any(row[1:])])
    yield from (element("p", sentence) for sentence in remarks(comparison))
    if figures := measure_tables(comparison):
        yield element("h2", "Figures")
        tables = (table([name, *sides, "change"], measure_rows(difference)) for name, difference in figures)
        yield element("div", *tables, class_="figures")
    for title, changes in query_lists(comparison):
        if changes:
            yield element("h2", title)
            yield element("p", _LEGEND, class_="quiet")
            yield from (_show_change(change, sides, pictures) for change in changes)
    if comparison.sample:
        yield element("h2", "Captions that differ")
        yield from (_show_captions(captions, sides, pictures) for captions in comparison.sample)


def _show_change(change: Change, sides: tuple[str, str], pictures: Pictures) -> Element:
    rows = []
    for side, outcome in zip(sides, (change.before, change.after), strict=True):
        hits = element("ul", *(_show_hit(outcome, hit, pictures) for hit in outcome.nearest), class_="hits")
        rows += [element("p", side, class_="side"), hits if outcome.nearest else element("p", "Nothing.")]
    told = element("p", tell_change(change), class_="quiet")
    return element("article", element("h3", f"“{change.golden.text}”"), told, *rows)


def _show_hit(outcome: Outcome, hit: Hit, pictures: Pictures) -> Element:
    judged, is_shown = outcome.golden.judge(hit.image_id), hit.image_id in outcome.shown
    place = None if is_shown else "cut off"
    said = ", ".join(word for word in (judged, place) if word)
    mark = [element("b", said)] if said else []
    caption = element("figcaption", *mark, hit.caption, element("small", hit.location))
    figure = element("figure", _picture(hit.image_id, hit.location, pictures), caption)
    return element("li", figure, class_=f"{judged or ''} {'' if is_shown else 'cut'}".strip())


def _show_captions(captions: DifferingCaptions, sides: tuple[str, str], pictures: Pictures) -> Element:
    picture = _picture(captions.image_id, captions.location, pictures)
    columns = (
        element("div", element("p", side, class_="side"), element("ul", *(element("li", text) for text in sentences)))
        for side, sentences in zip(sides, (captions.before, captions.after), strict=True)
    )
    figure = element("figure", picture, element("figcaption", element("small", captions.location)))
    return element("article", figure, *columns, class_="captions")


def _picture(image_id: ImageId, location: str, pictures: Pictures) -> Element:
    source = pictures.find(image_id)
    if source is None:
        return element("div", "The picture cannot be read.", class_="none")
    return element("img", src=source, alt=location)
