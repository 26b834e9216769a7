"""How requests name kinds of caption: with commas between them."""

from fastapi import Query

KINDS = Query(
    pattern=r"^[a-z0-9_]{1,50}(,[a-z0-9_]{1,50}){0,9}$",
    description="kinds of caption, with commas",
    examples=["alt_text", "retrieval,alt_text"],
)
