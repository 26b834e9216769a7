"""Prompt revisions as they were used."""

import json
from dataclasses import replace

from psycopg.rows import DictRow

from indexer.catalog.store.database import Database
from indexer.errors import NotFoundError
from indexer.models import Prompt, PromptId


class Prompts:
    """Queries of sql/queries/prompts.sql."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def register_prompt(self, prompt: Prompt) -> Prompt:
        """Return the prompt with its id and revision number, numbering it where it is new."""
        while True:
            self._database.execute(
                "prompts",
                "register_prompt",
                kind=prompt.kind,
                sha256=prompt.sha256,
                text=prompt.text,
                settings=json.dumps(
                    {
                        "schema": prompt.schema,
                        "max_tokens": prompt.max_tokens,
                        "image_detail": prompt.image_detail,
                    }
                ),
            )
            # Not there when another process took the same number at the same moment: number it again.
            if (stored := self.look_up(prompt)).revision is not None:
                return stored

    def look_up(self, prompt: Prompt) -> Prompt:
        """Return the prompt as it is stored; one that is not has the id 0, which no caption has, and no revision."""
        for stored in self.find_prompts():
            if (stored.kind, stored.sha256) == (prompt.kind, prompt.sha256):
                return stored
        return replace(prompt, id=PromptId(0))

    def find_prompts(self) -> list[Prompt]:
        """Return every revision, the newest of each kind first."""
        return [_prompt(row) for row in self._database.fetch("prompts", "find_prompts")]

    def find_fields(self, kind: str) -> set[str]:
        """Name what replies of a kind have, over all its revisions."""
        schemas = [stored.schema for stored in self.find_prompts() if stored.kind == kind]
        return {field for schema in schemas for field in schema.get("properties", ())}

    def get_revision(self, kind: str, revision: int) -> Prompt:
        """Return a stored revision by its number; raises NotFoundError."""
        for stored in self.find_prompts():
            if (stored.kind, stored.revision) == (kind, revision):
                return stored
        raise NotFoundError("prompt revision", f"{kind} {revision}")

    def get_prompt(self, prompt_id: PromptId) -> Prompt:
        """Return one stored revision; raises NotFoundError."""
        row = self._database.fetch_one("prompts", "get_prompt", prompt_id=prompt_id)
        if row is None:
            raise NotFoundError("prompt", prompt_id)
        return _prompt(row)


def _prompt(row: DictRow) -> Prompt:
    return Prompt(
        id=row["id"],
        kind=row["kind"],
        revision=row["revision"],
        sha256=row["sha256"],
        text=row["text"],
        **row["settings"],
    )
