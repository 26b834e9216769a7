"""Run a fake by hand: python -m tests.fakes openai|gemini [--port N] [--latency S] [--busy SHARE] [--broken SHARE]."""

import argparse
import sys

from tests.fakes.edit_scripts import BROKEN, BUSY, Shares
from tests.fakes.edits import Edits
from tests.fakes.gemini_server import FakeGemini
from tests.fakes.openai_server import FakeOpenAI


def main() -> None:
    """Serve until the input ends, then say what was asked."""
    wanted = _parse()
    answer = Shares(((wanted.busy, BUSY), (wanted.broken, BROKEN)))
    edits = Edits(answer=answer, latency_s=wanted.latency)
    if wanted.protocol == "openai":
        made: FakeOpenAI | FakeGemini = FakeOpenAI(port=wanted.port, latency_s=wanted.latency, edits=edits)
    else:
        made = FakeGemini(port=wanted.port, edits=edits)
    with made as server:
        sys.stdout.write(f"base URL {server.base_url}, key {server.key}; end the input to stop\n")
        sys.stdout.flush()
        sys.stdin.read()
        twice = sum(count - 1 for count in edits.paid_for().values())
        sys.stdout.write(f"{len(edits.accepted)} edits asked, {twice} paid twice\n")
        sys.stdout.writelines(f"refused: {reason}\n" for reason in server.refused)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fakes", description="A fake endpoint, on this machine only.")
    parser.add_argument("protocol", choices=["openai", "gemini"])
    parser.add_argument("--port", type=int, default=0, help="any free one by default")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--busy", type=float, default=0.0, help="share of edits answered with 429")
    parser.add_argument("--broken", type=float, default=0.0, help="share of edits answered with 500")
    return parser.parse_args()


if __name__ == "__main__":
    main()
