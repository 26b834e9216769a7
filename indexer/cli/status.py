"""`indexer status` and `indexer failures`: what is indexed, and what is not."""

from dataclasses import asdict

from indexer.cli.output import JsonFlag, print_json, print_table


def status(as_json: JsonFlag = False) -> None:
    """Show what is indexed, by which captioner, and what it cost."""
    from indexer.catalog.opening import open_store
    from indexer.pipelines.presenting import present_generation
    from indexer.settings import Settings

    with open_store(Settings.load()) as store:
        counts = store.status.count_everything()
        live = store.generations.get_live()
        coverage = store.generations.count_coverage(live.id) if live else None
        shares = store.status.count_captioners(live.id) if live else []
    entries = coverage.entries if coverage else 0
    generation = present_generation(live, coverage)
    if as_json:
        mix = [asdict(share) for share in shares]
        print_json({**asdict(counts), "entries": entries, "generation": generation, "building": None, "mix": mix})
        return
    rows: list[tuple[str, object]] = [
        ("images", f"{counts.images} at {counts.locations} locations"),
        ("captions", counts.captions),
        ("entries", entries),
        ("failures", counts.failures),
        ("quarantined", counts.quarantined),
        ("requests", counts.requests),
        (
            "cost",
            f"${counts.cost_usd:.4f}" + (" and requests of unknown price" if counts.requests_without_price else ""),
        ),
    ]
    if live and coverage:
        rows.append(("generation", f"{live.id}, by {live.captioner_name}, embedder {live.embedder}"))
        rows.append(("coverage", f"{coverage.share:.1%} of the images, {coverage.fresh_share:.1%} of them fresh"))
        rows += [("made of", f"{s.entries} by {s.captioner} {s.model}".rstrip()) for s in shares]
    print_table(("", ""), rows)


def failures(as_json: JsonFlag = False) -> None:
    """List what could not be done, and why."""
    from indexer.catalog.opening import open_store
    from indexer.settings import Settings

    with open_store(Settings.load()) as store:
        found = store.failures.find_failures()
    if as_json:
        for failure in found:
            print_json(asdict(failure))
    elif not found:
        print("Nothing failed.")
    else:
        for failure in found:
            tries = f"{failure.attempts} tries" if failure.attempts > 1 else "1 try"
            again = "the next run tries again" if failure.retryable else "tried again only with --retry-failed"
            print(f"{failure.location}\n    {failure.reason} ({failure.stage}, {tries}; {again})")
