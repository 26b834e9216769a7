-- name: register_prompt
-- Number a new revision of its kind; nothing where this revision is known.
INSERT INTO prompt (kind, revision, sha256, text, settings)
SELECT %(kind)s, coalesce(max(revision), 0) + 1, %(sha256)s, %(text)s, %(settings)s
FROM prompt WHERE kind = %(kind)s
HAVING count(*) FILTER (WHERE sha256 = %(sha256)s) = 0
ON CONFLICT DO NOTHING;

-- name: find_prompts
-- Return every revision, the newest of each kind first.
SELECT id, kind, revision, sha256, text, settings, created_at
FROM prompt
ORDER BY kind, revision DESC;

-- name: get_prompt
-- Return one stored revision.
SELECT id, kind, revision, sha256, text, settings, created_at FROM prompt WHERE id = %(prompt_id)s;
