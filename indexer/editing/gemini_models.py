"""What Gemini's image models take, so that what they cannot do is said before anything is sent."""

from collections.abc import Sequence

from indexer.editing.editor import Parameters
from indexer.models import counted

SIZE, DEFAULT_SIZE = "image_size", "1K"
_NAMED = {"size": SIZE}  # what other formats call it
_RATIO = "aspect_ratio"
_RATIOS = ("1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9")
_NARROW_RATIOS = ("1:4", "4:1", "1:8", "8:1")
_NEVER_NARROW = ("gemini-2", "gemini-3-pro")
_SIZES, _ONE_SIZE = ("1K", "2K", "4K"), "gemini-2"
_MOST_IMAGES, _LONGEST_INSTRUCTION = 14, 250_000


def name_parameters(parameters: Parameters) -> Parameters:
    """Return parameters under the names that Gemini has for them."""
    return {_NAMED.get(name, name): value for name, value in parameters.items()}


def find_fault(model: str, *, images: int, turns: Sequence[str], has_mask: bool, parameters: Parameters) -> str | None:
    """Return why a model cannot do a request, as a clause; None where it can."""
    if images < 1:
        return "there is no image to be edited"
    if images > _MOST_IMAGES:
        return f"{model} takes {counted(_MOST_IMAGES, 'image', 'images')} at a time, and {images} are given"
    if has_mask:
        return "gemini takes no mask: say in the instruction what is to be changed, or use a model of the openai format"
    if not turns or not all(turn.strip() for turn in turns):
        return "there is no instruction, and gemini makes no variations: say what is to be changed"
    longest = max(map(len, turns))
    if longest > _LONGEST_INSTRUCTION:
        return f"the instruction has {longest:,} characters, and gemini takes {_LONGEST_INSTRUCTION:,} at most"
    name = model.rpartition("/")[2]
    named = name_parameters(parameters).items()
    return next((fault for key, value in named if (fault := _fault_of(name, key, str(value)))), None)


def _fault_of(model: str, name: str, value: str) -> str | None:
    choices = {_RATIO: _RATIOS, SIZE: _SIZES}
    if name == "n":
        return "gemini makes one image a call: leave n out, and ask again for another"
    if name not in choices:
        return f"gemini knows no parameter {name}: it takes aspect_ratio and size"
    if not model.startswith(_NEVER_NARROW):
        choices[_RATIO] += _NARROW_RATIOS
    if model.startswith(_ONE_SIZE):
        choices[SIZE] = (DEFAULT_SIZE,)
    said = name.removeprefix("image_")
    return None if value in choices[name] else f"{said} is {value}: {model} takes {', '.join(choices[name])}"
