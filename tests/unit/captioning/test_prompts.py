from pathlib import Path

import pytest

from indexer.captioning.prompts import (
    SHIPPED,
    Wording,
    copy_shipped,
    get_prompt,
    load_prompts,
    revision_sha256,
    unified_diff,
)
from indexer.errors import NotFoundError, SettingsError
from tests.factories import make_prompt

TOML = """
text = "Describe the image."
max_tokens = 300
image_detail = "low"

[schema]
type = "object"
required = ["captions"]
"""


def write_prompt(folder: Path, toml: str, kind: str = "retrieval") -> Path:
    path = folder / f"{kind}.toml"
    path.write_text(toml, encoding="utf-8")
    return path


def test_every_shipped_prompt_can_be_used(tmp_path: Path) -> None:
    prompts = load_prompts(tmp_path)

    assert sorted(prompts) == sorted(path.stem for path in SHIPPED.glob("*.toml"))
    assert "retrieval" in prompts


def test_the_shipped_retrieval_prompt_asks_for_what_is_parsed(tmp_path: Path) -> None:
    prompt = get_prompt(tmp_path, "retrieval")

    assert set(prompt.schema["properties"]) == {"captions", "keywords", "visible_text", "uncertain"}


def test_a_file_of_the_users_overrides_the_shipped_one(tmp_path: Path) -> None:
    write_prompt(tmp_path, TOML)

    prompt = get_prompt(tmp_path, "retrieval")

    assert (prompt.kind, prompt.text) == ("retrieval", "Describe the image.")
    assert (prompt.max_tokens, prompt.image_detail) == (300, "low")
    assert prompt.schema == {"type": "object", "required": ["captions"]}
    assert (prompt.id, prompt.revision) == (None, None)


def test_a_file_of_another_kind_is_added(tmp_path: Path) -> None:
    write_prompt(tmp_path, TOML, kind="haiku")

    assert {"haiku", "retrieval"} <= set(load_prompts(tmp_path))


def test_the_default_folder_need_not_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert load_prompts(Path("prompts")) == load_prompts(tmp_path)


def test_a_mistyped_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="is no folder of prompts"):
        load_prompts(tmp_path / "promts")


def test_a_kind_without_a_prompt_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"There is no prompt of kind limerick; there are: .*retrieval"):
        get_prompt(tmp_path, "limerick")


@pytest.mark.parametrize(
    "same",
    [
        f"# A comment changes nothing.\n{TOML}",
        TOML.replace('"Describe the image."', '"""\nDescribe the image.\n"""'),
        TOML.replace("300", "3_00"),
        TOML.replace('type = "object"\nrequired = ["captions"]', 'required = [\n  "captions",\n]\ntype = "object"'),
    ],
    ids=["comment", "layout", "spelling", "order"],
)
def test_what_means_the_same_is_the_same_revision(same: str, tmp_path: Path) -> None:
    write_prompt(tmp_path, TOML, kind="before")
    write_prompt(tmp_path, same, kind="after")

    prompts = load_prompts(tmp_path)

    assert prompts["before"].sha256 == prompts["after"].sha256


@pytest.mark.parametrize(
    "other",
    [
        TOML.replace("Describe the image.", "Describe the image!"),
        TOML.replace("300", "301"),
        TOML.replace("low", "high"),
        TOML.replace('["captions"]', '["captions", "keywords"]'),
    ],
    ids=["text", "max_tokens", "image_detail", "schema"],
)
def test_what_means_something_else_is_another_revision(other: str, tmp_path: Path) -> None:
    write_prompt(tmp_path, TOML, kind="before")
    write_prompt(tmp_path, other, kind="after")

    prompts = load_prompts(tmp_path)

    assert prompts["before"].sha256 != prompts["after"].sha256


def test_the_revision_of_given_values_never_changes() -> None:
    # Fixed for good: another hash here would caption every library anew.
    sha256 = revision_sha256("Beschreibe das Bild, 描述图片", {"type": "object"}, 300, "auto")

    assert sha256.hex() == "c3018af2a62c10eeb2e62de370df1012d256c82bc94b4e914c35b9a70b7ba8a2"


@pytest.mark.parametrize(
    ("toml", "reason"),
    [
        ("text = ", r"TOML: "),
        (TOML.replace('text = "Describe the image."', ""), r"text: Field required"),
        (TOML.replace('"Describe the image."', '""'), r"text: "),
        (TOML.replace("300", "1"), r"max_tokens: "),
        (TOML.replace("300", '"many"'), r"max_tokens: "),
        (TOML.replace("low", "sharp"), r"image_detail: "),
        (TOML.split("[schema]", maxsplit=1)[0], r"schema: Field required"),
        (f"temperature = 1\n{TOML}", r"temperature: "),
    ],
)
def test_a_file_that_cannot_be_used_is_an_error_that_names_it(toml: str, reason: str, tmp_path: Path) -> None:
    write_prompt(tmp_path, toml)

    with pytest.raises(SettingsError, match=rf"retrieval\.toml is no usable prompt: {reason}"):
        load_prompts(tmp_path)


def test_a_file_that_is_not_utf_8_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "retrieval.toml").write_bytes(b'text = "\xff"')

    with pytest.raises(SettingsError, match=r"retrieval\.toml is no usable prompt"):
        load_prompts(tmp_path)


def test_the_copies_of_the_shipped_prompts_are_the_same_revisions(tmp_path: Path) -> None:
    shipped = load_prompts(tmp_path)

    written = copy_shipped(tmp_path / "prompts")

    assert [path.name for path in written] == sorted(path.name for path in SHIPPED.glob("*.toml"))
    assert load_prompts(tmp_path / "prompts") == shipped


def test_a_file_that_is_there_is_never_written_over(tmp_path: Path) -> None:
    path = write_prompt(tmp_path, TOML)

    written = copy_shipped(tmp_path)

    assert path not in written
    assert path.read_text(encoding="utf-8") == TOML


def test_a_diff_shows_what_differs_and_nothing_else() -> None:
    before, after = make_prompt("Describe.\nBe brief."), make_prompt("Describe.\nBe exact.")

    lines = unified_diff(before, after)

    assert [line for line in lines if line[:1] in "+-"][2:] == ["-Be brief.", "+Be exact."]
    assert unified_diff(before, before) == []


def test_languages_are_asked_for_in_a_wording_and_a_revision_of_their_own() -> None:
    english = get_prompt(SHIPPED, "retrieval")
    both = get_prompt(SHIPPED, "retrieval", Wording(languages=("en", "zh")))

    assert both.text.startswith(english.text)
    assert "in each of these languages (ISO 639 codes): en and zh." in both.text
    assert both.sha256 != english.sha256
    assert get_prompt(SHIPPED, "retrieval", Wording()).sha256 == english.sha256
