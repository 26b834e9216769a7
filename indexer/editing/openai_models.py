"""What each of OpenAI's image models takes, so that what it cannot do is said before anything is sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import regex

from indexer.editing.editor import Parameters
from indexer.models import counted

DALL_E_2 = "dall-e-2"
MOST_COUNT = 10
_COUNT, _SIZE = "n", "size"
_GPT = ("gpt-image", "chatgpt-image")
_SQUARES = ("256x256", "512x512", "1024x1024")
_STANDARD = ("auto", "1024x1024", "1536x1024", "1024x1536")
_QUALITIES = ("auto", "low", "medium", "high")
_BACKGROUNDS = ("auto", "opaque", "transparent")
_FORMATS = ("png", "webp", "jpeg")
_FIDELITIES = ("high", "low")
_PIXELS = regex.compile(r"(\d{1,5})x(\d{1,5})")
_LONGEST_SIDE, _MOST_PIXELS, _SIDES_ARE_TIMES, _MOST_STRETCHED = 3840, 3840 * 2160, 16, 3
_ANY_SIZE = (
    "`auto` or WIDTHxHEIGHT, both multiples of 16, neither over 3840 nor three times the other, together no more "
    "pixels than 3840x2160"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRules:
    """What a model takes; `choices` names its parameters beside `n`, and their values, None for any text."""

    most_images: int = 16
    longest_instruction: int = 32_000
    makes_variations: bool = False
    # The GPT models refuse this parameter; everything else is asked by it for bytes in place of an address.
    takes_response_format: bool = True
    takes_any_size: bool = False
    choices: Mapping[str, tuple[str, ...] | None]


def rules_of(model: str) -> ModelRules:
    """Return what a model takes; a model that is not OpenAI's takes any value of the parameters that theirs know."""
    name = model.rpartition("/")[2]
    if name == DALL_E_2:
        return ModelRules(most_images=1, longest_instruction=1000, makes_variations=True, choices={_SIZE: _SQUARES})
    if not name.startswith(_GPT):
        free = dict.fromkeys((_SIZE, "quality", "background", "output_format", "input_fidelity"))
        return ModelRules(choices=free)
    is_second = name.startswith("gpt-image-2")
    choices: dict[str, tuple[str, ...] | None] = {
        _SIZE: None if is_second or not name.startswith("gpt-image") else _STANDARD,
        "quality": (*_QUALITIES, "xhigh", "max") if name.startswith("gpt-image-2.") else _QUALITIES,
        "background": _BACKGROUNDS,
        "output_format": _FORMATS,
    }
    if not is_second:  # those look at their pictures as closely as they can, and refuse to be told
        choices["input_fidelity"] = ("low",) if name.startswith("gpt-image-1-mini") else _FIDELITIES
    return ModelRules(choices=choices, takes_response_format=False, takes_any_size=is_second)


def find_fault(model: str, *, images: int, turns: Sequence[str], has_mask: bool, parameters: Parameters) -> str | None:
    """Return why a model cannot do a request, as a clause; None where it can."""
    rules = rules_of(model)
    if images < 1:
        return "there is no image to be edited"
    if images > rules.most_images:
        return f"{model} takes {counted(rules.most_images, 'image', 'images')} at a time, and {images} are given"
    if fault := _fault_of_turns(model, rules, turns, has_mask=has_mask):
        return fault
    return next((fault for name in parameters if (fault := _fault_of(model, rules, name, parameters))), None)


def _fault_of_turns(model: str, rules: ModelRules, turns: Sequence[str], *, has_mask: bool) -> str | None:
    is_variation = not any(turn.strip() for turn in turns)
    if is_variation and not rules.makes_variations:
        return f"there is no instruction, and {model} makes no variations: say what is to be changed"
    if is_variation:
        return f"there is a mask and no instruction, and a variation by {model} takes no mask" if has_mask else None
    if not all(turn.strip() for turn in turns):
        return "one of the turns has no instruction"
    longest = max(map(len, turns))
    if longest > rules.longest_instruction:
        return f"the instruction has {longest:,} characters, and {model} takes {rules.longest_instruction:,} at most"
    return None


def count_of(parameters: Parameters) -> int:
    """Return how many images are asked for."""
    return int(parameters.get(_COUNT, 1))


def _fault_of(model: str, rules: ModelRules, name: str, parameters: Parameters) -> str | None:
    value = str(parameters[name])
    if name == _COUNT:
        is_count = value.isascii() and value.isdigit() and 1 <= int(value) <= MOST_COUNT
        return None if is_count else f"n is {value}: it must be a whole number from 1 to {MOST_COUNT}"
    if name not in rules.choices:
        return f"{model} knows no parameter {name}: it takes {', '.join((_COUNT, *rules.choices))}"
    choices = rules.choices[name]
    if choices is not None and value not in choices:
        return f"{name} is {value}: {model} takes {', '.join(choices)}"
    if name == _SIZE and rules.takes_any_size and not _is_size(value):
        return f"size is {value}: {model} takes {_ANY_SIZE}"
    if name == "background" and value == "transparent" and parameters.get("output_format") == "jpeg":
        return "a JPEG has no transparent background: take output_format png or webp"
    return None


def _is_size(value: str) -> bool:
    match = _PIXELS.fullmatch(value)
    if match is None:
        return value == "auto"
    short, long = sorted(int(side) for side in match.groups())
    return (
        short > 0
        and long <= min(_LONGEST_SIDE, _MOST_STRETCHED * short)
        and short * long <= _MOST_PIXELS
        and short % _SIDES_ARE_TIMES == long % _SIDES_ARE_TIMES == 0
    )
