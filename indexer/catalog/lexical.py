"""Split text into the words that the text index and its queries share."""

import unicodedata

import regex

# A run of letters, marks and digits of one script family; Han, kana and Hangul runs are cut further.
_RUN = regex.compile(r"[\p{L}\p{N}\p{M}]+")
_CJK = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}ー]+")
_LATIN_ACCENTS = regex.compile(r"(?<=[\p{Latin}])[\u0300-\u036f]+")
_MOST_INDEXED = 50_000  # characters of one field
_LONGEST = 100  # Postgres refuses lexemes over 2 KB; nobody searches for words of this length


def split_words(text: str) -> list[str]:
    """Return the words of a text in order: case and Latin accents folded, CJK runs as bigrams and single characters.

    Postgres then stems what is English. Doing the splitting here gives documents and queries of every script the same
    words: `beach_2019.jpg` has `beach`, and a Chinese query needs no spaces.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    plain = unicodedata.normalize("NFC", _LATIN_ACCENTS.sub("", unicodedata.normalize("NFD", folded)))
    words: list[str] = []
    for run in _RUN.findall(plain):
        for part in split_scripts(run):
            words += _bigrams(part) if is_cjk(part) else [part[:_LONGEST]]
    return words


def split_for_phrase(text: str) -> str:
    """Return a text's words in order and once, joined by spaces, for words that stand next to each other.

    Of CJK runs the bigrams alone: the single characters come after them in documents.
    """
    words: list[str] = []
    for word in text.split():
        parts = split_words(word)
        bigrams = [part for part in parts if len(part) > 1 or not is_cjk(part)]
        words += bigrams or parts
    return " ".join(words)


def searchable(text: str) -> str:
    """Return a text's words joined by single spaces, as the text index takes them.

    Of very long texts the beginning: Postgres takes a megabyte of them and no more.
    """
    return " ".join(split_words(text[:_MOST_INDEXED]))


def split_scripts(run: str) -> list[str]:
    """Cut a run where CJK characters begin or end."""
    parts, end = [], 0
    for match in _CJK.finditer(run):
        parts += [run[end : match.start()], match.group()]
        end = match.end()
    return [part for part in [*parts, run[end:]] if part]


def is_cjk(part: str) -> bool:
    """Tell whether a part of a run is written without spaces."""
    return _CJK.fullmatch(part) is not None


def is_mostly_cjk(text: str) -> bool:
    """Tell whether most letters of a text belong to scripts that are written without spaces."""
    letters = [c for c in text if c.isalpha()]
    return 2 * sum(is_cjk(c) for c in letters) > len(letters)


def _bigrams(part: str) -> list[str]:
    return [*(part[i : i + 2] for i in range(len(part) - 1)), *part]
