-- name: count_lost
-- Count the images that have a location and an entry in one generation, and none in the other; not those whose entry is
-- younger than so many seconds.
SELECT count(*) AS lost
FROM entry b
WHERE b.generation_id = %(before)s AND b.written_at <= now() - make_interval(secs => %(younger_s)s)
  AND EXISTS (SELECT FROM location l WHERE l.image_id = b.image_id)
  AND NOT EXISTS (SELECT FROM entry a WHERE a.generation_id = %(after)s AND a.image_id = b.image_id);

-- name: count_differing
-- Count the images that are in both generations, and those of them whose captions differ.
SELECT count(*) AS shared, count(*) FILTER (WHERE b.sentences <> a.sentences) AS differing
FROM entry b
JOIN entry a ON a.generation_id = %(after)s AND a.image_id = b.image_id
WHERE b.generation_id = %(before)s;

-- name: find_differing
-- Return images whose captions differ between two generations, spread over the library and always the same ones.
SELECT b.image_id, b.sentences AS before, a.sentences AS after,
       (SELECT l.relative_path FROM location l WHERE l.image_id = b.image_id ORDER BY l.found_at DESC, l.id LIMIT 1)
           AS location
FROM entry b
JOIN entry a ON a.generation_id = %(after)s AND a.image_id = b.image_id
WHERE b.generation_id = %(before)s AND b.sentences <> a.sentences
  AND EXISTS (SELECT FROM location l WHERE l.image_id = b.image_id)
ORDER BY md5(b.image_id::text)
LIMIT %(limit)s;

-- name: find_own_captions
-- Return first sentences that people wrote, or that were imported, of images that both generations have; spread over the
-- library and always the same ones.
SELECT s.text
FROM (
    SELECT k.image_id, k.sentences[1] AS text FROM correction k WHERE k.kind = 'retrieval'
    UNION ALL
    SELECT c.image_id, c.sentences[1] FROM caption c
    WHERE c.kind = 'retrieval' AND c.captioner = 'import' AND c.quarantine IS NULL
      AND NOT EXISTS (SELECT FROM correction k WHERE k.image_id = c.image_id AND k.kind = 'retrieval')
) s
JOIN entry b ON b.generation_id = %(before)s AND b.image_id = s.image_id
JOIN entry a ON a.generation_id = %(after)s AND a.image_id = s.image_id
ORDER BY md5(s.image_id::text)
LIMIT %(limit)s;

-- name: get_size
-- Measure what a generation's entries take with their indexes, in bytes, and tell whether its vectors are indexed.
SELECT coalesce(pg_total_relation_size(t.name), 0)::bigint AS size_bytes,
       EXISTS (SELECT FROM pg_index x
               JOIN pg_class c ON c.oid = x.indexrelid
               JOIN pg_am m ON m.oid = c.relam
               WHERE x.indrelid = t.name AND x.indisvalid AND m.amname = 'hnsw') AS is_indexed
FROM (SELECT to_regclass('entry_' || %(generation_id)s::bigint)) t (name);

-- name: sum_own_costs
-- Sum what was asked and paid for captions of a generation's own prompt, captioner and model; `combined` requests asked
-- for other kinds in the same call.
SELECT coalesce(sum(r.attempts), 0)::bigint AS requests,
       coalesce(sum(r.input_tokens), 0)::bigint AS input_tokens,
       coalesce(sum(r.output_tokens), 0)::bigint AS output_tokens,
       coalesce(sum(r.cost_usd), 0)::float8 AS cost_usd,
       count(*) FILTER (WHERE r.outcome = 'answered' AND r.cost_usd IS NULL) AS unpriced,
       count(*) FILTER (WHERE cardinality(r.prompt_ids) > 1) AS combined
FROM generation g
JOIN request r ON g.prompt_id = ANY(r.prompt_ids) AND (r.captioner, r.model) = (g.captioner, g.model)
WHERE g.id = %(generation_id)s AND r.outcome IS NOT NULL;
