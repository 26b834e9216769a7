-- name: create_partition
-- Make a table of entries and attach it while it is empty: no search is ever held up, as by a partition made in place. A
-- statement that waits for a lock has every new search wait behind it, so this one gives up soon.
SET LOCAL lock_timeout = '100ms';
CREATE TABLE {partition} (LIKE entry INCLUDING ALL);
ALTER TABLE entry ATTACH PARTITION {partition} FOR VALUES IN ({generation});

-- name: index_partition
-- Index a generation's vectors and words, of a new one after its entries were loaded.
CREATE INDEX IF NOT EXISTS {vector_index} ON {partition} USING hnsw ((embedding::halfvec({dimensions})) halfvec_cosine_ops)
    WITH (m = 16, ef_construction = 128);
CREATE INDEX IF NOT EXISTS {word_index} ON {partition} USING gin (lexemes);

-- name: hold_dropping
-- Try to become the one process that takes partitions away; held until this connection ends. Whoever waited in a statement
-- would be waited for by the one that detaches.
SELECT pg_try_advisory_lock(7204, 3) AS held;

-- name: find_steps
-- Name what is left to do before a generation's partition is gone: nothing, once no table is left. One interrupted
-- detaching stands in the way of all others.
SELECT p.generation_id,
       CASE WHEN i.inhdetachpending THEN 'finish_detaching'
            WHEN i.inhrelid IS NOT NULL THEN 'detach_partition'
            ELSE 'drop_partition' END AS step
FROM (SELECT id AS generation_id, to_regclass('entry_' || id) AS oid FROM generation) p
LEFT JOIN pg_inherits i ON i.inhrelid = p.oid AND i.inhparent = 'entry'::regclass
WHERE p.oid IS NOT NULL AND (p.generation_id = %(generation_id)s OR i.inhdetachpending)
ORDER BY i.inhdetachpending IS NOT TRUE;

-- name: detach_partition
-- Take a generation's table out of `entry`: waits for the searches before, holds none up.
ALTER TABLE entry DETACH PARTITION {partition} CONCURRENTLY;

-- name: finish_detaching
-- Finish what an interrupted detaching left.
ALTER TABLE entry DETACH PARTITION {partition} FINALIZE;

-- name: drop_partition
-- Remove a detached table; its foreign keys want the tables that they refer to for a moment.
DROP TABLE {partition};
