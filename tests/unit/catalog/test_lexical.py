import pytest

from indexer.catalog.lexical import searchable, split_for_phrase, split_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A red mug, on a desk.", ["a", "red", "mug", "on", "a", "desk"]),
        ("beach_2019.jpg", ["beach", "2019", "jpg"]),
        ("snake_case-and/path", ["snake", "case", "and", "path"]),
        ("RED Mug", ["red", "mug"]),
        ("4x4 mp3", ["4x4", "mp3"]),
        ("", []),
        ("—…!?", []),
        ("😀", []),
    ],
)
def test_words_are_runs_of_letters_and_digits_in_lower_case(text: str, words: list[str]) -> None:
    assert split_words(text) == words


@pytest.mark.parametrize("text", ["dog's ball", "dog’s ball", "DOG'S BALL"])
def test_every_apostrophe_splits_alike(text: str) -> None:
    assert split_words(text) == ["dog", "s", "ball"]


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Café", "cafe"),
        ("Cafe\u0301", "cafe"),
        ("crème brûlée", "creme brulee"),
        ("Ünïcödé", "unicode"),
        ("İstanbul", "istanbul"),
        ("Straße", "strasse"),
        ("ﬁsh", "fish"),
        ("Ｆｕｌｌ２０２４", "full2024"),
    ],
)
def test_accents_case_and_width_are_folded(text: str, folded: str) -> None:
    assert searchable(text) == folded


@pytest.mark.parametrize("text", ["ωμέγα", "йод", "नमस्ते", "สวัสดี", "مرحبا"])
def test_marks_of_other_scripts_stay(text: str) -> None:
    assert searchable(text) == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("日", ["日"]),
        ("日落", ["日落", "日", "落"]),
        ("海边日落", ["海边", "边日", "日落", "海", "边", "日", "落"]),
        ("ラーメン", ["ラー", "ーメ", "メン", "ラ", "ー", "メ", "ン"]),
        ("ﾃｽﾄ", ["テス", "スト", "テ", "ス", "ト"]),
        ("한국어", ["한국", "국어", "한", "국", "어"]),
        ("食べる", ["食べ", "べる", "食", "べ", "る"]),
        ("か\u3099き", ["がき", "が", "き"]),
    ],
)
def test_cjk_text_becomes_bigrams_and_single_characters(text: str, words: list[str]) -> None:
    assert split_words(text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("iPhone手机", ["iphone", "手机", "手", "机"]),
        ("2019年海", ["2019", "年海", "年", "海"]),
        ("Tシャツ", ["t", "シャ", "ャツ", "シ", "ャ", "ツ"]),
        ("红色mug海", ["红色", "mug", "海", "红", "色"]),
    ],
)
def test_scripts_are_parted_where_they_meet(text: str, words: list[str]) -> None:
    assert split_words(text) == words


def test_a_chinese_query_without_spaces_shares_words_with_what_it_is_part_of() -> None:
    assert set(split_words("日落")) <= set(split_words("一张海边日落的照片"))


def test_a_word_without_end_is_cut() -> None:
    assert split_words("x" * 5000) == ["x" * 100]


@pytest.mark.parametrize("text", ["A red mug", "Café 海边日落", "dog's_ball 2019年"])
def test_splitting_latin_words_again_changes_nothing(text: str) -> None:
    assert set(split_words(searchable(text))) == set(split_words(text))


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("夏天的东京2020年夜景", "东京2020年"),
        ("东京Tokyo塔", "东京Tokyo塔"),
        ("桌上的手机iPhone", "手机iPhone"),
        ("红色，杯子", "红色 杯子"),
        ("カメラ2台", "カメラ2台"),
        ("red mug, 红杯子", "mug 红杯子"),
        ("今年2020年 东京塔", "年2020年 东京"),
        ("猫 dog", "猫 dog"),
        ("一只猫", "猫"),
    ],
)
def test_words_of_a_phrase_stand_side_by_side_where_scripts_and_runs_meet(text: str, phrase: str) -> None:
    assert f" {split_for_phrase(phrase)} " in f" {searchable(text)} "
