"""What may be indexed: mend what code can mend, and say why the rest may not serve."""

from collections.abc import Mapping, Sequence

import regex

from indexer.models import clean_text

LONGEST_SENTENCE = 1000
_MOST_SENTENCES, _MOST_KEYWORDS, _LONGEST_KEYWORD = 20, 50, 100
# Answers that speak of the model, or of the connection to it, not of the image.
_REFUSAL = regex.compile(
    r"^\W*(i['’]?m (sorry|unable|not able)|i am (sorry|unable|not able)|i can(no|['’])t|sorry[,.]|as an ai\b|"
    r"unfortunately,? i|null$|none$|n/?a$|error(:|$| \d))",
    regex.IGNORECASE,
)
_PICTURE = "(?:image|picture|photo|photograph|pic|scene|snapshot|caption|description)"
_SHOWS = "(?:shows?|depicts?|features?|displays?|captures?|presents?|portrays?|contains?|is of|of|showing|depicting)"
_OPENER = regex.compile(
    rf"^(?:in )?(?:(?:the|this|that|a|an) )?(?:(?:close-?up|stock|colou?r|black[- ]and[- ]white) )?{_PICTURE}"
    rf"(?:\s*:\s*|,? (?:(?:we|you|one) (?:can )?see |there (?:is|are) )| (?:clearly |vividly )?{_SHOWS} )",
    regex.IGNORECASE,
)
_REPEATED = regex.compile(r"\b(\w+(?:\W+\w+){0,7}?)(?:\W+\1\b){3,}", regex.IGNORECASE)
_SHORTEST_LEAK = 30
# Scripts that a caption in a language is written in; others need no entry to be taken for Latin.
_SCRIPTS: Mapping[str, str] = {
    "ar": r"\p{Arabic}",
    "bg": r"\p{Cyrillic}",
    "el": r"\p{Greek}",
    "fa": r"\p{Arabic}",
    "he": r"\p{Hebrew}",
    "hi": r"\p{Devanagari}",
    "ja": r"\p{Han}\p{Hiragana}\p{Katakana}",
    "ko": r"\p{Hangul}\p{Han}",
    "ru": r"\p{Cyrillic}",
    "th": r"\p{Thai}",
    "uk": r"\p{Cyrillic}",
    "ur": r"\p{Arabic}",
    "zh": r"\p{Han}",
}
_LEAST_SHARE_IN_SCRIPT = 0.5


def mend_sentence(sentence: str) -> str:
    """Return a sentence on one line without its boilerplate opener ("This image shows a dog" is "A dog")."""
    plain = " ".join(clean_text(sentence).split())
    cut = _OPENER.sub("", plain, count=1)
    return cut[:1].upper() + cut[1:] if cut and cut != plain else plain


def mend_sentences(sentences: Sequence[str]) -> tuple[str, ...]:
    """Return the sentences mended, equal ones merged."""
    return _distinct([mend_sentence(sentence) for sentence in sentences], _MOST_SENTENCES)


def mend_keywords(keywords: Sequence[str]) -> tuple[str, ...]:
    """Return the keywords cleaned, equal ones merged."""
    plain = [" ".join(clean_text(keyword).split())[:_LONGEST_KEYWORD] for keyword in keywords]
    return _distinct(plain, _MOST_KEYWORDS)


def find_fault(sentence: str, *, prompt_text: str, languages: Sequence[str]) -> str | None:
    """Return why a mended sentence may not be indexed, as a clause about the reply; None when it may."""
    if is_refusal(sentence):
        return "is a refusal"
    if len(sentence) > LONGEST_SENTENCE:
        return f"has a sentence of {len(sentence)} characters"
    if len(sentence) >= _SHORTEST_LEAK and _folded(sentence) in _folded(prompt_text):
        return "repeats the prompt"
    if _REPEATED.search(sentence):
        return "repeats itself"
    if not _is_in_script(sentence, languages):
        return f"is not written in {' or '.join(languages)}"
    return None


def is_refusal(text: str) -> bool:
    """Tell whether a text is about the model that should have answered, or is an error message."""
    return _REFUSAL.match(text) is not None


def _is_in_script(sentence: str, languages: Sequence[str]) -> bool:
    letters = regex.findall(r"\p{L}", sentence)
    if not letters:
        return True
    scripts = "".join(_SCRIPTS.get(language.lower().split("-")[0], r"\p{Latin}") for language in languages)
    inside = regex.findall(f"[{scripts}]", sentence)
    return len(inside) >= _LEAST_SHARE_IN_SCRIPT * len(letters)


def _folded(text: str) -> str:
    return " ".join(regex.findall(r"\w+", text.casefold()))


def _distinct(texts: Sequence[str], most: int) -> tuple[str, ...]:
    by_folded: dict[str, str] = {}
    for text in texts:
        by_folded.setdefault(text.casefold(), text)
    by_folded.pop("", None)
    return tuple(by_folded.values())[:most]
