from pathlib import Path

from indexer.catalog.store.lineages import Link, Relative
from indexer.models import EditId, ImageId, Role
from indexer.pipelines.lineage import MOST_LEVELS, Kin, find_lost, make_lineage


def make_link(edit: int, parent: int, child: int, role: Role = "input", position: int = 0) -> Link:
    return Link(
        child_id=ImageId(child),
        parent_id=ImageId(parent),
        position=position,
        role=role,
        file="mask.png" if role == "mask" else None,
        edit_id=EditId(edit),
        instruction="Make it night.",
        api_format="gemini",
        model="m",
        turn=1,
        take=1,
        parameters={},
        finished_at=None,
    )


def make_relatives(*numbers: int, locations: tuple[str, ...] = (), size_bytes: int = 3) -> dict[ImageId, Relative]:
    return {
        ImageId(number): Relative(
            image_id=ImageId(number),
            sha256=bytes(32),
            origin="original",
            format="JPEG",
            width=1,
            height=1,
            size_bytes=size_bytes,
            location=None,
            locations=list(locations),
            caption="",
        )
        for number in numbers
    }


def written(kin: tuple[Kin, ...]) -> list[object]:
    """Return a tree as its ids: one that is repeated is negative, one that has more has an ellipsis."""
    return [
        [
            -each.member.image.image_id if each.is_repeated else int(each.member.image.image_id),
            *written(each.kin),
            *(["…"] if each.has_more else []),
        ]
        for each in kin
    ]


def test_parents_go_up_and_children_down_over_several_levels() -> None:
    links = [make_link(1, 1, 2), make_link(2, 2, 3), make_link(3, 3, 4), make_link(4, 3, 5), make_link(5, 5, 6)]

    lineage = make_lineage(ImageId(3), links, make_relatives(*range(1, 7)), frozenset())

    assert lineage.member.image.image_id == 3
    assert written(lineage.parents) == [[2, [1]]]
    assert written(lineage.children) == [[4], [5, [6]]]


def test_all_parents_of_an_edit_stand_beside_each_other_with_their_roles() -> None:
    links = [make_link(1, 1, 9), make_link(1, 2, 9, "reference", 1), make_link(1, 3, 9, "mask", 2)]

    lineage = make_lineage(ImageId(9), links, make_relatives(1, 2, 3, 9), {ImageId(2)})

    assert [(kin.link.role, kin.member.is_lost) for kin in lineage.parents] == [
        ("input", False),
        ("reference", True),
        ("mask", False),
    ]


def test_an_ancestor_of_both_parents_shows_its_own_parents_once() -> None:
    links = [
        make_link(1, 1, 2),
        make_link(2, 2, 3),
        make_link(3, 2, 4),
        make_link(4, 3, 5),
        make_link(4, 4, 5, "reference", 1),
    ]

    lineage = make_lineage(ImageId(5), links, make_relatives(*range(1, 6)), frozenset())

    assert written(lineage.parents) == [[3, [2, [1]]], [4, [-2]]]


def test_an_output_that_equals_its_input_ends_the_tree() -> None:
    lineage = make_lineage(ImageId(1), [make_link(1, 1, 1)], make_relatives(1), frozenset())

    assert (written(lineage.parents), written(lineage.children)) == ([[-1]], [[-1]])


def test_a_circle_of_edits_ends_where_it_began() -> None:
    links = [make_link(1, 1, 2), make_link(2, 2, 3), make_link(3, 3, 1)]

    lineage = make_lineage(ImageId(1), links, make_relatives(1, 2, 3), frozenset())

    assert written(lineage.parents) == [[3, [2, [-1]]]]
    assert written(lineage.children) == [[2, [3, [-1]]]]


def test_an_image_that_went_into_an_edit_twice_has_its_child_once() -> None:
    links = [make_link(1, 1, 2), make_link(1, 1, 2, "reference", 1)]

    of_parent = make_lineage(ImageId(1), links, make_relatives(1, 2), frozenset())
    of_child = make_lineage(ImageId(2), links, make_relatives(1, 2), frozenset())

    assert written(of_parent.children) == [[2]]
    assert written(of_child.parents) == [[1], [-1]]


def test_a_chain_is_cut_where_nobody_looks_any_more() -> None:
    links = [make_link(number, number, number + 1) for number in range(1, 2000)]

    lineage = make_lineage(ImageId(1), links, make_relatives(*range(1, 2001)), frozenset())

    assert str(written(lineage.children)).count("[") == MOST_LEVELS + 1
    assert f"[{MOST_LEVELS + 1}, '…']" in str(written(lineage.children))


def test_what_has_no_file_of_its_size_any_more_is_lost(tmp_path: Path) -> None:
    (tmp_path / "there").write_bytes(b"abc")
    (tmp_path / "other").write_bytes(b"abcd")
    relatives = {
        **make_relatives(1, locations=(str(tmp_path / "gone"), str(tmp_path / "there"))),
        **make_relatives(2, locations=(str(tmp_path / "other"), str(tmp_path))),
        **make_relatives(3, locations=("a\0b",)),
        **make_relatives(4),
    }

    assert find_lost([], relatives) == {2, 3, 4}


def test_a_mask_is_where_its_edit_says(tmp_path: Path) -> None:
    (tmp_path / "mask.png").write_bytes(b"abc")
    there, gone = tmp_path / "mask.png", tmp_path / "gone.png"

    found = [find_lost([(ImageId(2), str(at))], make_relatives(1, 2, 9)) for at in (there, gone)]

    assert found == [{1, 9}, {1, 2, 9}]
