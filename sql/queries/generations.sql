-- name: get_live
-- Return the generation that answers searches.
SELECT * FROM known_generation WHERE state = 'live';

-- name: get_generation
-- Return one generation, live or not.
SELECT * FROM known_generation WHERE id = %(generation_id)s;

-- name: find_generations
-- Return every generation, the oldest first.
SELECT * FROM known_generation ORDER BY id;

-- name: is_first_due
-- Tell whether there are captions, but no generation yet to hold them.
SELECT NOT EXISTS (SELECT FROM generation) AND (
           EXISTS (SELECT FROM caption WHERE kind = 'retrieval' AND quarantine IS NULL)
           OR EXISTS (SELECT FROM correction WHERE kind = 'retrieval')) AS due;

-- name: add_generation
-- Add a generation; its partition is made in the same transaction.
INSERT INTO generation (prompt_id, captioner, model, embedder, dimensions, state, activated_at)
VALUES (%(prompt_id)s, %(captioner)s, %(model)s, %(embedder)s, %(dimensions)s, %(state)s,
        CASE WHEN %(state)s = 'live' THEN now() END)
RETURNING id;

-- name: mark_ready
-- Note that a generation holds all that it is to hold, and has its indexes; a retired one is taken up as if it had never
-- been live.
UPDATE generation SET state = 'ready', activated_at = NULL
WHERE id = %(generation_id)s AND state IN ('building', 'retired');

-- name: mark_taken_back
-- Note that a generation gave its place back in a rollback.
UPDATE generation SET taken_back = true WHERE id = %(generation_id)s AND state <> 'live';

-- name: note_verdict
-- Keep what was found out when a generation was to take the live one's place.
UPDATE generation SET verdict = %(verdict)s WHERE id = %(generation_id)s;

-- name: activate
-- Make a generation the live one, where that is still wanted.
SELECT activate_generation(%(generation_id)s, %(instead_of)s::bigint) AS activated;

-- name: mark_dropping
-- Note that a generation is to go, which no search and no activation will use from now on; the live one stays.
UPDATE generation SET state = 'dropping' WHERE id = %(generation_id)s AND state <> 'live';

-- name: delete_generation
-- Forget a generation whose partition is gone, with its lexemes.
DELETE FROM generation WHERE id = %(generation_id)s AND state = 'dropping';

-- name: hold_reindexing
-- Try to become the one process that builds generations; held until this connection ends.
SELECT pg_try_advisory_lock(7204, 1) AS held;

-- name: hold_indexing
-- Try to become the one process that writes a generation's entries (0: that makes the first); held until this connection
-- ends or lets go.
SELECT pg_try_advisory_lock(7205, %(generation_id)s) AS held;

-- name: release_indexing
-- Let others write a generation's entries.
SELECT pg_advisory_unlock(7205, %(generation_id)s);

-- name: get_sample
-- Return the first sentence of a generation's oldest image with its vector.
SELECT sentences[1] AS sentence, sentence_embeddings[1] AS vector
FROM entry
WHERE generation_id = %(generation_id)s
ORDER BY image_id
LIMIT 1;

-- name: count_coverage
-- Count the images that have a location, those with an entry in the generation, and the entries of its own making.
SELECT count(*) AS images, count(e.image_id) AS entries,
       count(*) FILTER (WHERE is_own(c, g)) AS fresh
FROM image i
JOIN generation g ON g.id = %(generation_id)s
LEFT JOIN entry e ON e.image_id = i.id AND e.generation_id = %(generation_id)s
LEFT JOIN caption c ON c.id = e.caption_id
WHERE EXISTS (SELECT FROM location l WHERE l.image_id = i.id);

-- name: find_holdings
-- Count what each generation holds of the images that have a location, reading all of them once, and its size on disk.
WITH present AS MATERIALIZED (
    SELECT DISTINCT image_id FROM location
), counted AS (
    SELECT e.generation_id, count(*) AS entries, count(*) FILTER (WHERE is_own(c, g)) AS fresh
    FROM entry e
    JOIN present p ON p.image_id = e.image_id
    JOIN generation g ON g.id = e.generation_id
    LEFT JOIN caption c ON c.id = e.caption_id
    GROUP BY 1
)
SELECT g.id AS generation_id, (SELECT count(*) FROM present) AS images, coalesce(n.entries, 0) AS entries,
       coalesce(n.fresh, 0) AS fresh, coalesce(pg_total_relation_size(to_regclass('entry_' || g.id)), 0) AS size_bytes
FROM generation g
LEFT JOIN counted n ON n.generation_id = g.id;

-- name: refresh_lexemes
-- Count again how many of a generation's entries hold each lexeme.
WITH counted AS (
    SELECT word, ndoc FROM ts_stat(format('SELECT lexemes FROM entry WHERE generation_id = %%s', %(generation_id)s::bigint))
), gone AS (
    DELETE FROM lexeme l WHERE l.generation_id = %(generation_id)s AND NOT EXISTS (
        SELECT FROM counted WHERE word = l.lexeme)
    RETURNING 1
), kept AS (
    INSERT INTO lexeme (generation_id, lexeme, entries)
    SELECT %(generation_id)s, word, ndoc FROM counted
    ON CONFLICT (generation_id, lexeme) DO UPDATE SET entries = EXCLUDED.entries
        WHERE lexeme.entries <> EXCLUDED.entries
    RETURNING 1
), total AS MATERIALIZED (
    -- Counted before the generation's row is written: an activation would wait for that row as long as this takes.
    SELECT count(*) AS entries, (SELECT count(*) FROM gone) + (SELECT count(*) FROM kept) AS changes
    FROM entry WHERE generation_id = %(generation_id)s
)
UPDATE generation SET entries = (SELECT entries FROM total WHERE changes >= 0)
WHERE id = %(generation_id)s;
