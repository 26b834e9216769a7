"""How many threads embed: set on purpose, for each use, here."""

import os

# A search is one short text, and searches come side by side: more threads for each only wait for one another. torch
# with two threads on two busy cores took 100 ms for one query, with one 11.
FOR_ONE_QUERY = 1
# A library is millions of sentences, and nobody waits: each core takes batches of its own.
FOR_BULK = os.cpu_count() or 1
