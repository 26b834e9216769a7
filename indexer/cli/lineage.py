"""`indexer lineage`: an image's parents and children as a tree."""

from typing import TYPE_CHECKING, Annotated

import typer

from indexer.cli.output import JsonFlag, print_json, print_tree, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.tree import Tree

    from indexer.pipelines.lineage import Kin, Lineage, Member


def lineage(
    image: Annotated[str, typer.Argument(help="A path, an image id, or a SHA-256.")], as_json: JsonFlag = False
) -> None:
    """Show what an image was made of and what was made of it, edit by edit."""
    from indexer.catalog.opening import open_store
    from indexer.pipelines.lineage import MOST_KIN, find_lineage
    from indexer.pipelines.naming import find_image
    from indexer.pipelines.presenting_lineage import present_lineage
    from indexer.settings import Settings

    with open_store(Settings.load()) as store:
        found = find_lineage(store, find_image(store, image))
    if as_json:
        print_json(present_lineage(found))
    else:
        print_tree(_draw(found))
    if found.has_more:
        say(f"It has more than {MOST_KIN:,} images above or below it: the nearest are shown.")


def _draw(lineage: "Lineage") -> "Tree":
    from rich.tree import Tree

    tree = Tree(_name(lineage.member))
    _hang(tree, "made of" if lineage.parents else "made of nothing that is known: no edit returned it", lineage.parents)
    _hang(tree, "edited into" if lineage.children else "not edited so far", lineage.children)
    return tree


def _hang(tree: "Tree", title: str, kin: "Sequence[Kin]") -> None:
    branch = tree.add(title)
    for each in kin:
        _grow(branch, each, with_role=title == "made of")


def _grow(tree: "Tree", kin: "Kin", *, with_role: bool) -> None:
    role = f"{kin.link.role}: " if with_role else ""
    branch = tree.add(f"{role}{_name(kin.member)}\n{_edit(kin)}")
    for each in kin.kin:
        _grow(branch, each, with_role=with_role)


def _name(member: "Member") -> str:
    image = member.image
    where = image.location or "at no known location"
    return f"{image.image_id} {where}{' (lost)' if member.is_lost else ''}"


def _edit(kin: "Kin") -> str:
    link = kin.link
    asked = f"“{link.instruction}”" if link.instruction else "a variation"
    noted = " (its own are shown elsewhere)" if kin.is_repeated else " (more beyond it)" if kin.has_more else ""
    return f"edit {link.edit_id}, turn {link.turn}, {link.model}: {asked}{noted}"
