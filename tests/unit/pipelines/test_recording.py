import pytest

from indexer.pipelines.recording import record_key

A, B = bytes(32), bytes(range(32))


def test_the_same_images_and_text_are_the_same_record() -> None:
    assert record_key([A, B], "What?") == record_key([A, B], "What?")


@pytest.mark.parametrize(
    ("images", "text"),
    [
        ([B, A], "What?"),
        ([A], "What?"),
        ([A, B, B], "What?"),
        ([A, B], "What"),
        ([A, B], ""),
        ([A], f"{B.decode('latin-1')}What?"),
    ],
)
def test_other_images_another_order_or_text_are_another_record(images: list[bytes], text: str) -> None:
    assert record_key(images, text) != record_key([A, B], "What?")
