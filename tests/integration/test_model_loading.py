from concurrent.futures import ThreadPoolExecutor
from threading import Event

from indexer.model_loading import loading_quietly


def test_a_second_model_waits_until_the_first_is_loaded() -> None:
    """Two that transformers loads at once patch torch across each other, and leave weights unloaded from then on."""
    entered = Event()

    def load_another() -> None:
        with loading_quietly():
            entered.set()

    with ThreadPoolExecutor(1) as pool:
        with loading_quietly():
            second = pool.submit(load_another)
            entered_early = entered.wait(0.2)
        second.result(timeout=30)

    assert not entered_early
    assert entered.is_set()
