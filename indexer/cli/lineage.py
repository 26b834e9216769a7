"""`indexer lineage`: an image's parents and children as a tree."""

from typing import TYPE_CHECKING, Annotated

import typer

from indexer.cli.output import JsonFlag, print_json, print_tree, say

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rich.tree import Tree

    from indexer.models import Role
    from indexer.pipelines.lineage import Kin, Lineage, Member

_UP: "Mapping[Role, str]" = {"input": "input", "reference": "reference", "mask": "mask"}
_DOWN: "Mapping[Role, str]" = {"input": "edited into", "reference": "reference for", "mask": "mask of"}


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
    if lineage.parents:
        _hang(tree.add("made of"), lineage.parents, _UP)
    else:
        tree.add("a mask" if lineage.is_mask else "an original")
    _hang(tree, lineage.children, _DOWN)
    if not lineage.children:
        tree.add("not edited so far")
    return tree


def _hang(tree: "Tree", kin: "Iterable[Kin]", roles: "Mapping[Role, str]") -> None:
    for each in kin:
        branch = tree.add(f"{roles[each.link.role]}: {_name(each.member)}\n{_edit(each)}")
        _hang(branch, each.kin, roles)


def _name(member: "Member") -> str:
    image = member.image
    where = image.location or "at no known location"
    return f"{image.image_id} {where}{' (lost)' if member.is_lost else ''}"


def _edit(kin: "Kin") -> str:
    link = kin.link
    asked = f"“{link.instruction}”" if link.instruction else "a variation"
    noted = " (its own are shown elsewhere)" if kin.is_repeated else " (more beyond it)" if kin.has_more else ""
    return f"edit {link.edit_id}, turn {link.turn}, {link.model}: {asked}{noted}"
