"""What an ingest would do, ask and cost; looking at files and the catalogue only, sending and writing nothing."""

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import Literal, get_args

from indexer.captioning.estimating import Estimate, fit_picture
from indexer.catalog.store.captions import StoredCaption
from indexer.catalog.store.images import KnownLocation, Registered
from indexer.catalog.store.requests import Pace
from indexer.imaging.sizes import scaled
from indexer.models import RETRIEVAL, Caption, Found, ImageId, Prompt, Subject, ids_of
from indexer.pipelines.inspecting import Inspected, InspectedRecord, inspect
from indexer.pipelines.jobs import Job
from indexer.pipelines.look_ahead import LookAhead
from indexer.pipelines.outcomes import Outcome
from indexer.pipelines.preparing import Preparing
from indexer.pipelines.run import Run

_CHUNK = 64
LEAST_REQUESTS = 20  # fewer say little about the next
_USUAL_ANSWER_S = 5.0  # until requests of one's own tell it

Standing = Literal["new", "changed", "moved", "known", "failed", "batched"]


@dataclass(slots=True)
class Plan:
    """Counts of images, and what their requests would take; cost is None where a price is not known."""

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(get_args(Standing), 0))
    failures: list[Outcome] = field(default_factory=list)
    to_do: int = 0
    requests: int = 0
    tokens: float = 0.0
    cost_usd: float | None = 0.0
    most_cost_usd: float | None = 0.0
    answers_s: float = 0.0
    is_measured: bool = True

    def add_request(self, estimate: Estimate, pace: Pace | None, price_share: float) -> None:
        """Count one request: as earlier ones turned out where there were any, else as estimated."""
        self.add_requests(1, estimate, pace, price_share)

    def add_requests(self, count: int, estimate: Estimate, pace: Pace | None, price_share: float) -> None:
        """Count requests that are all alike."""
        tokens: float = estimate.input_tokens + estimate.output_tokens
        cost_usd, answer_s = estimate.cost_usd, _USUAL_ANSWER_S
        if pace is not None:
            tokens = (pace.input_tokens or 0.0) + (pace.output_tokens or 0.0)
            cost_usd, answer_s = pace.cost_usd, pace.seconds or _USUAL_ANSWER_S
        self.requests += count
        self.tokens += count * tokens
        self.cost_usd = _plus(self.cost_usd, cost_usd, count * price_share)
        self.most_cost_usd = _plus(self.most_cost_usd, estimate.most_cost_usd, count * 0.5 * (1 + price_share))
        self.answers_s += count * answer_s
        self.is_measured = self.is_measured and pace is not None


class Planning:
    """Tells what each found file is, and adds up what asking about it takes."""

    def __init__(self, run: Run, preparing: Preparing, *, price_share: float = 1.0) -> None:
        self._run = run
        self._preparing = preparing
        self._price_share = price_share
        self._seen: set[bytes] = set()
        self._paces: dict[tuple[str, ...], Pace | None] = {}

    def plan(self, found: Iterable[Found]) -> Plan:
        """Return the plan for these files and records."""
        plan = Plan()
        with ThreadPoolExecutor(max(2, os.cpu_count() or 2), "inspect") as readers:
            inspecting: LookAhead[Found | Job, Inspected | InspectedRecord | Job] = LookAhead(
                readers, inspect, 2 * _CHUNK
            )
            ahead = inspecting.over(self._preparing.sort_out(found))
            while chunk := list(islice(ahead, _CHUNK)):
                self._add_chunk(plan, chunk)
        return plan

    def _add_chunk(self, plan: Plan, chunk: Sequence[Inspected | InspectedRecord | Job | Outcome]) -> None:
        inspected = [item for item in chunk if isinstance(item, Inspected)]
        wanted = self._preparing.wanted
        at = self._run.store.images.find_known([item.file.location for item in inspected], wanted)
        images = self._run.store.images.find_by_content([item.sha256 for item in inspected], wanted)
        batched = self._run.store.requests.find_batched([image.image_id for image in images.values()])
        for item in chunk:
            match item:
                case Outcome(status="failed"):
                    plan.counts["failed"] += 1
                    plan.failures.append(item)
                case Outcome():
                    plan.counts["known"] += 1
                case Job():
                    plan.counts["known"] += 1
                    plan.to_do += self._says_more(item.subject, item.image_id)
                case InspectedRecord():
                    self._add_record(plan, item)
                case Inspected():
                    image = images.get(item.sha256)
                    if image is not None and image.image_id in batched:
                        plan.counts["batched"] += 1
                    else:
                        self._add(plan, item, at.get(item.file.location), image)

    def _add(self, plan: Plan, item: Inspected, at: KnownLocation | None, image: Registered | None) -> None:
        is_copy = item.sha256 in self._seen
        self._seen.add(item.sha256)
        plan.counts["known" if is_copy else _standing(item, at, image)] += 1
        lacking = _lacking(self._run.prompts, image)
        if is_copy or not self._is_asked(item, image, lacking):
            return
        plan.to_do += 1
        if self._run.captioner.is_paid:
            estimate = self._run.captioner.estimate([self._sent_size(item.size)], lacking)
            plan.add_request(estimate, self._pace(lacking), self._price_share)

    def _add_record(self, plan: Plan, item: InspectedRecord) -> None:
        """Count a record that is to be asked; one that stands twice is asked once."""
        is_copy = item.key in self._seen
        self._seen.add(item.key)
        plan.counts["known" if is_copy else "new"] += 1
        if not is_copy and self._run.captioner.takes_questions:
            plan.to_do += 1
            sizes = [self._sent_size(size) for size in item.sizes]
            estimate = self._run.captioner.estimate(sizes, self._run.prompts, item.text)
            plan.add_request(estimate, self._pace(self._run.prompts), self._price_share)

    def _is_asked(self, item: Inspected, image: Registered | None, lacking: Sequence[Prompt]) -> bool:
        if self._run.captioner.max_edge is None:
            return self._says_more(_subject(item), image.image_id if image else None)
        if image is None:
            return True
        is_captioned = not lacking if self._run.prompts else RETRIEVAL in image.captioned
        why = self._run.store.failures.find_reason(image.image_id)
        is_over = why is not None and not self._run.retry_failed and why.stands_against(lacking)
        return not is_captioned and not is_over

    def _says_more(self, subject: Subject, image_id: ImageId | None) -> bool:
        """Tell whether a captioner that needs no picture has a caption that is not there yet."""
        answer = self._run.captioner.caption(subject, ())
        if answer is None or image_id is None:
            return answer is not None
        said = {_words(caption) for caption in answer.captions}
        stored = self._run.store.captions.find_captions(image_id)
        return not said <= {_words(caption) for caption in stored if caption.captioner == self._run.captioner.name}

    def _sent_size(self, size: tuple[int, int]) -> tuple[int, int]:
        return scaled(size, fit_picture(self._run.captioner.model, *size, self._run.captioner.max_edge or max(size)))

    def _pace(self, prompts: Sequence[Prompt]) -> Pace | None:
        kinds = tuple(prompt.kind for prompt in prompts)
        if kinds not in self._paces:
            captioner = self._run.captioner
            pace = self._run.store.requests.get_pace(ids_of(prompts), captioner=captioner.name, model=captioner.model)
            self._paces[kinds] = pace if pace and pace.requests >= LEAST_REQUESTS else None
        return self._paces[kinds]


def _standing(item: Inspected, at: KnownLocation | None, image: Registered | None) -> Standing:
    if at is not None:
        return "known" if at.sha256 == item.sha256 else "changed"
    if image is None:
        return "new"
    return "known" if any(os.path.lexists(location) for location in image.elsewhere) else "moved"


def _lacking(prompts: Sequence[Prompt], image: Registered | None) -> list[Prompt]:
    return [prompt for prompt in prompts if image is None or prompt.kind not in image.captioned]


def _subject(item: Inspected) -> Subject:
    return Subject(sha256=item.sha256, location=item.file.location, relative_path=item.file.relative_path)


def _words(caption: Caption | StoredCaption) -> tuple[object, ...]:
    return tuple(caption.sentences), tuple(caption.keywords), caption.visible_text


def _plus(total: float | None, cost: float | None, share: float) -> float | None:
    return None if total is None or cost is None else total + share * cost
