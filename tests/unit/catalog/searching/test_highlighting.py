import pytest

from indexer.catalog.searching.highlighting import mark_words


@pytest.mark.parametrize(
    ("sentence", "lexemes", "html"),
    [
        ("Two dogs run.", {"dog"}, "Two <mark>dogs</mark> run."),
        ("A dog, running.", {"dog", "run"}, "A <mark>dog</mark>, <mark>running</mark>."),
        ("DOGS and Dogs", {"dog"}, "<mark>DOGS</mark> and <mark>Dogs</mark>"),
        ("A Café", {"cafe"}, "A <mark>Café</mark>"),
        ("A Cafe\u0301!", {"cafe"}, "A <mark>Cafe\u0301</mark>!"),
        ("beach_2019.jpg", {"beach"}, "<mark>beach</mark>_2019.jpg"),
        ("Berries and babies", {"berri", "babi"}, "<mark>Berries</mark> and <mark>babies</mark>"),
    ],
)
def test_a_word_is_marked_by_its_stem(sentence: str, lexemes: set[str], html: str) -> None:
    assert mark_words(sentence, frozenset(lexemes)) == html


@pytest.mark.parametrize(("sentence", "lexeme"), [("A hotdog.", "dog"), ("A dogma.", "dog"), ("Redder", "red")])
def test_a_part_of_a_word_is_not_marked(sentence: str, lexeme: str) -> None:
    assert mark_words(sentence, frozenset({lexeme})) == sentence


@pytest.mark.parametrize(
    ("sentence", "lexemes", "html"),
    [
        ("海边的日落很美", {"日落", "日", "落"}, "海边的<mark>日落</mark>很美"),
        ("海边的日落", {"海边", "日落"}, "<mark>海边</mark>的<mark>日落</mark>"),
        ("海边日落", {"海边", "边日", "日落"}, "<mark>海边日落</mark>"),
        ("海边", {"边"}, "海<mark>边</mark>"),
        ("新しいラーメン屋", {"ラー", "ーメ", "メン"}, "新しい<mark>ラーメン</mark>屋"),
        ("iPhone手机", {"手机"}, "iPhone<mark>手机</mark>"),
        ("海", {"海边"}, "海"),
    ],
)
def test_the_matched_span_of_cjk_text_is_marked(sentence: str, lexemes: set[str], html: str) -> None:
    assert mark_words(sentence, frozenset(lexemes)) == html


def test_a_latin_word_beside_cjk_text_is_marked() -> None:
    assert mark_words("新的iPhones手机", frozenset({"iphon"})) == "新的<mark>iPhones</mark>手机"


def test_two_letters_of_a_latin_word_beside_cjk_text_are_not_marked() -> None:
    assert mark_words("cat猫", frozenset({"at"})) == "cat猫"


@pytest.mark.parametrize(
    ("sentence", "html"),
    [
        (
            "<script>alert('dog')</script>",
            "&lt;script&gt;alert(&#x27;<mark>dog</mark>&#x27;)&lt;/script&gt;",
        ),
        ('<img src=x onerror="dog">', "&lt;img src=x onerror=&quot;<mark>dog</mark>&quot;&gt;"),
        ("<mark>dog</mark>", "&lt;mark&gt;<mark>dog</mark>&lt;/mark&gt;"),
        ("cats & <b>", "cats &amp; &lt;b&gt;"),
        ("&lt;dog", "&amp;lt;<mark>dog</mark>"),
        ("<海边>", "&lt;海边&gt;"),
    ],
)
def test_a_hostile_caption_is_escaped(sentence: str, html: str) -> None:
    assert mark_words(sentence, frozenset({"dog"})) == html


def test_without_lexemes_nothing_is_marked() -> None:
    assert mark_words("A dog.", frozenset()) == "A dog."
