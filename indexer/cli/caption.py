"""`indexer caption`: caption one image and index nothing."""

from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from indexer.cli.output import ALL_DONE, SOME_FAILED, JsonFlag, print_json, say
from indexer.cli.prompts import FolderOption
from indexer.models import CaptionerName

if TYPE_CHECKING:
    from indexer.models import Answer, Caption


def caption(
    image: Annotated[str, typer.Argument(help="A path, or an address that begins with http:// or https://.")],
    kind: Annotated[str, typer.Option(help="What to ask for, with commas: retrieval,alt_text,…")] = "retrieval",
    captioner: Annotated[CaptionerName | None, typer.Option(help="As for ingest; chosen by what is set.")] = None,
    model: Annotated[str | None, typer.Option(help="The model to ask, as the endpoint names it.")] = None,
    max_edge: Annotated[
        int | None, typer.Option(min=64, max=8192, help="Longest side of the picture sent, in pixels.")
    ] = None,
    prompts: FolderOption = Path("prompts"),
    as_json: JsonFlag = False,
) -> None:
    """Try a prompt or a model on one image; what is asked is paid, and in the ledger, but not indexed."""
    from indexer.captioning.limiting import Limiter
    from indexer.catalog.opening import open_store
    from indexer.cli.stopping import stop_on_signals
    from indexer.errors import BadImageError, SettingsError
    from indexer.pipelines.asking import Asking
    from indexer.pipelines.choosing import build_captioner, register_prompts, split_kinds
    from indexer.pipelines.jobs import read_for
    from indexer.pipelines.trying_out import TryingOut
    from indexer.settings import Settings
    from indexer.sources.folders import find_files
    from indexer.sources.urls import downloaded, is_url

    kinds = split_kinds(kind)
    settings = Settings.load(captioner=captioner, model=model, max_edge=max_edge)
    chosen = build_captioner(settings, captions=None)
    with downloaded(image) if is_url(image) else nullcontext(Path(image)) as path:
        if path.is_dir():
            raise SettingsError(f"{path} is a folder; `indexer ingest` captions folders.")
        file = next(find_files([path]))
        try:
            read = read_for(chosen, file)
        except BadImageError as exc:
            raise SettingsError(f"{image} cannot be captioned: {exc.reason}.") from exc
    arguments = {"image": image, "kind": kind, "captioner": chosen.name, "model": chosen.model}
    with open_store(settings) as store, store.runs.running("caption", arguments) as run_id, stop_on_signals() as stop:
        ended = "failed"
        try:
            asked = register_prompts(store, settings, chosen, kinds, prompts)
            asking = Asking(Limiter(1), stop, tell=say)
            trying = TryingOut(store=store, captioner=chosen, run_id=run_id, asking=asking)
            answer = trying.caption(file, read, asked)
            ended = "done"
        finally:
            store.runs.finish_run(run_id, {"ended": ended})
    raise typer.Exit(_show(answer, as_json=as_json))


def _show(answer: "Answer | None", *, as_json: bool) -> int:
    captions, usage = (answer.captions, answer.usage) if answer else ((), None)
    for one in captions:
        if as_json:
            print_json({name: value for name, value in asdict(one).items() if name != "prompt_id"})
        else:
            _print(one, is_named=len(captions) > 1)
    if as_json:
        print_json({"captions": len(captions), **(asdict(usage) if usage else {})})
    elif usage and usage.input_tokens is not None:
        cost = "price unknown" if usage.cost_usd is None else f"${usage.cost_usd:.6f}"
        say(f"{usage.input_tokens + (usage.output_tokens or 0):,} tokens, {cost}.")
    bad = [one for one in captions if one.quarantine]
    for one in bad:
        say(f"{one.kind}: {one.quarantine}; it would not be indexed.")
    if not captions:
        say("The captioner has nothing to say of this image.")
    return SOME_FAILED if bad or not captions else ALL_DONE


def _print(caption: "Caption", *, is_named: bool) -> None:
    """Print what a caption says, a line for each sentence, under its kind where there are several."""
    if is_named:
        print(f"[{caption.kind}]")
    for line in caption.sentences:
        print(line)
    if caption.keywords:
        print(f"Keywords: {', '.join(caption.keywords)}")
    if caption.visible_text:
        print(f"Visible text: {caption.visible_text}")
    for name, value in (caption.fields or {}).items():
        print(f"{name}: {value}")
