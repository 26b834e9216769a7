from dataclasses import replace

import pytest

from indexer.catalog.store.generations import Coverage
from indexer.pipelines.reindexing.gate import Evidence, Terms, Verdict, decide

FULL = Coverage(images=1000, entries=1000, fresh=1000)
MEASURED = Evidence(before=FULL, after=FULL, lost=0, asked=True, recall_before=0.912, recall_after=0.947, queries=120)
UNMEASURED = replace(MEASURED, recall_before=None, recall_after=None, queries=0)
GAIN = "recall@10 rose from 0.912 to 0.947 over 120 queries."


def covered(entries: int, fresh: int) -> Coverage:
    return Coverage(images=1000, entries=entries, fresh=fresh)


def test_a_better_generation_passes_with_its_gain() -> None:
    assert decide(MEASURED, Terms()) == Verdict(
        passes=True, reason="recall@10 rose from 0.912 to 0.947 over 120 queries.", is_measured=True
    )


def test_a_worse_generation_is_refused() -> None:
    assert decide(replace(MEASURED, recall_after=0.5), Terms()) == Verdict(
        passes=False, reason="recall@10 fell from 0.912 to 0.500 over 120 queries.", is_measured=True
    )


def test_an_equal_generation_passes() -> None:
    evidence = replace(MEASURED, recall_before=0.1 + 0.2, recall_after=0.3, queries=1)

    verdict = decide(evidence, Terms())

    assert (verdict.passes, verdict.reason) == (True, "recall@10 stayed at 0.300 over 1 query.")


@pytest.mark.parametrize(
    ("tolerance", "passes", "reason"),
    [
        (0.012, True, "recall@10 fell from 0.912 to 0.900 over 120 queries."),
        (0.01, False, "recall@10 fell from 0.912 to 0.900 over 120 queries, more than the tolerance of 0.01."),
    ],
)
def test_a_loss_within_the_tolerance_is_borne(tolerance: float, passes: bool, reason: str) -> None:
    verdict = decide(replace(MEASURED, recall_after=0.9), Terms(tolerance=tolerance))

    assert (verdict.passes, verdict.reason) == (passes, reason)


def test_a_small_change_is_told_with_enough_digits() -> None:
    verdict = decide(replace(MEASURED, recall_before=0.91234, recall_after=0.91233), Terms())

    assert verdict.reason == "recall@10 fell from 0.912340 to 0.912330 over 120 queries."


def test_an_unmeasured_generation_of_new_captions_passes_and_says_so() -> None:
    verdict = decide(replace(UNMEASURED, after=covered(1000, 998)), Terms())

    assert verdict == Verdict(
        passes=True,
        reason="It was not measured: no golden queries and no judgements with relevant images; "
        "99.8% of its entries are made of the new captions.",
        is_measured=False,
    )


@pytest.mark.parametrize(("fresh", "share", "hint"), [(0, "0.0%", "0"), (989, "98.9%", "0.989"), (500, "50.0%", "0.5")])
def test_too_few_new_captions_are_refused(fresh: int, share: str, hint: str) -> None:
    verdict = decide(replace(UNMEASURED, after=covered(1000, fresh)), Terms())

    assert not verdict.passes
    assert verdict.reason == (
        f"Only {share} of its entries are made of the new captions; --min-fresh {hint} would accept that."
    )
    assert decide(replace(UNMEASURED, after=covered(1000, fresh)), Terms(min_fresh=float(hint))).passes


def test_a_share_is_never_rounded_up_to_what_was_asked_for() -> None:
    after = Coverage(images=10000, entries=10000, fresh=9899)

    verdict = decide(replace(UNMEASURED, after=after), Terms())

    assert "Only 98.9% " in verdict.reason
    assert decide(replace(UNMEASURED, after=replace(after, fresh=9900)), Terms()).passes


def test_without_new_captions_as_many_of_its_own_as_before_are_enough() -> None:
    evidence = replace(UNMEASURED, asked=False, before=covered(1000, 400))

    assert decide(replace(evidence, after=covered(1000, 400)), Terms()).passes
    assert decide(replace(evidence, after=covered(1000, 399)), Terms()).reason == (
        "Only 39.9% of its entries are made with its own prompt and model; --min-fresh 0.399 would accept that."
    )


def test_a_lost_image_is_refused() -> None:
    assert decide(replace(MEASURED, after=covered(999, 999), lost=1), Terms()) == Verdict(
        passes=False, reason=f"1 image of the live index would be lost. {GAIN}", is_measured=True
    )


def test_images_that_neither_generation_has_are_not_lost() -> None:
    assert decide(replace(MEASURED, before=covered(900, 900), after=covered(900, 900)), Terms()).passes


def test_a_lower_coverage_is_accepted_where_asked_for_and_told() -> None:
    evidence = replace(MEASURED, after=covered(988, 988), lost=12)

    verdict = decide(evidence, Terms(min_coverage=0.988))

    assert verdict.passes
    assert verdict.reason.endswith("over 120 queries. 12 images of the live index would be lost.")
    assert decide(evidence, Terms(min_coverage=0.99)) == Verdict(
        passes=False, reason=f"It covers 98.8% of the images; --min-coverage asks for 0.99. {GAIN}", is_measured=True
    )


def test_all_faults_are_told_together() -> None:
    verdict = decide(replace(MEASURED, after=covered(988, 0), lost=12, recall_after=0.1), Terms())

    assert verdict.reason == (
        "12 images of the live index would be lost. "
        "Only 0.0% of its entries are made of the new captions; --min-fresh 0 would accept that. "
        "recall@10 fell from 0.912 to 0.100 over 120 queries."
    )


def test_a_generation_without_entries_is_refused() -> None:
    verdict = decide(replace(UNMEASURED, before=covered(0, 0), after=covered(0, 0)), Terms())

    assert (verdict.passes, verdict.reason) == (False, "It has no entries.")


def test_a_gain_in_order_alone_is_told() -> None:
    evidence = replace(MEASURED, recall_before=1.0, recall_after=1.0, mrr_before=0.83, mrr_after=1.0)

    assert decide(evidence, Terms()).reason == (
        "recall@10 stayed at 1.000 and MRR rose from 0.830 to 1.000 over 120 queries."
    )


def test_queries_that_find_nothing_in_either_measure_nothing() -> None:
    verdict = decide(replace(MEASURED, recall_before=0.0, recall_after=0.0), Terms())

    assert (verdict.passes, verdict.is_measured) == (True, False)
    assert verdict.reason.startswith("It was not measured: none of 120 queries finds its images in either index; ")


def test_images_that_are_nowhere_any_more_do_not_count_against_it() -> None:
    verdict = decide(replace(MEASURED, after=covered(1000, 980), gone=20), Terms())

    assert verdict.passes
    assert verdict.reason.endswith(
        "20 images are nowhere any more and could not be asked about: the older captions stay."
    )


def test_what_was_taken_back_is_not_switched_on_again_unmeasured() -> None:
    unmeasured, measured = replace(UNMEASURED, taken_back=True), replace(MEASURED, taken_back=True)

    assert decide(measured, Terms()).passes
    assert not decide(unmeasured, Terms()).passes
    assert decide(unmeasured, Terms()).reason.startswith("It was live before and was taken back: ")
