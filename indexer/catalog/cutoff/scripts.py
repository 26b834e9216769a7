"""Which script a query is written in: embedders know some and not others."""

from collections import Counter

import regex

_SCRIPTS = ("Latin", "Cyrillic", "Greek", "Arabic", "Hebrew", "Devanagari", "Thai", "Hangul", "Han", "Kana")
_PATTERNS = {
    name: regex.compile(
        r"[\p{Hiragana}\p{Katakana}]" if name == "Kana" else rf"[\p{{{name}}}&&\p{{L}}]", regex.VERSION1
    )
    for name in _SCRIPTS
}
_LETTER = regex.compile(r"\p{L}")
OTHER = "other"
LATIN = "Latin"


def script_of(text: str) -> str:
    """Return the script of most of a text's letters; Latin for a text without letters.

    Han beside kana is Japanese, and counts as Kana.
    """
    counts = Counter({name: len(pattern.findall(text)) for name, pattern in _PATTERNS.items()})
    if counts["Kana"]:
        counts["Kana"] += counts.pop("Han")
    counts[OTHER] = len(_LETTER.findall(text)) - counts.total()
    name, most = counts.most_common(1)[0]
    return name if most else LATIN
