import pytest

from indexer.catalog.cutoff.scripts import script_of


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("a red mug", "Latin"),
        ("躺着的男人", "Han"),
        ("浜辺を走る犬", "Kana"),
        ("해변의 개", "Hangul"),
        ("собака на пляже", "Cyrillic"),
        ("σκύλος", "Greek"),
        ("كلب", "Arabic"),
        ("कुत्ता", "Devanagari"),
        ("สุนัข", "Thai"),
        ("ძაღლი", "other"),
        ("iPhone 的照片很好看", "Latin"),
        ("拿着 iPhone 的男人站在海边", "Han"),
        ("2019", "Latin"),
        ("", "Latin"),
    ],
)
def test_the_script_of_a_text_is_that_of_most_of_its_letters(text: str, script: str) -> None:
    assert script_of(text) == script
