-- name: find_stale
-- Return images whose captions of a kind are to be asked for anew, after the image `after`, in the order of their ids.
SELECT i.id AS image_id, i.sha256,
       ARRAY(SELECT l.location FROM location l WHERE l.image_id = i.id ORDER BY l.found_at DESC, l.id) AS locations,
       ARRAY(SELECT l.relative_path FROM location l WHERE l.image_id = i.id ORDER BY l.found_at DESC, l.id)
           AS relative_paths
FROM image i
WHERE i.id > %(after)s
  AND is_stale(i, %(kind)s, %(prompt_id)s, %(captioner)s, %(model)s, %(rank)s, %(retry)s)
ORDER BY i.id
LIMIT %(limit)s;

-- name: count_stale
-- Count the images whose captions of a kind are to be asked for anew, by their sizes; apart from them, those that were
-- asked about already and wait in a batch.
SELECT i.width, i.height, count(*) FILTER (WHERE NOT w.is_batched) AS images,
       count(*) FILTER (WHERE w.is_batched) AS batched
FROM image i
CROSS JOIN LATERAL (
    SELECT EXISTS (SELECT FROM request r
                   WHERE r.image_id = i.id AND r.outcome IS NULL AND r.batch IS NOT NULL
                     AND %(prompt_id)s::bigint = ANY(r.prompt_ids)
                     AND r.captioner = %(captioner)s AND r.model = %(model)s) AS is_batched
) w
WHERE is_stale(i, %(kind)s, %(prompt_id)s, %(captioner)s, %(model)s, %(rank)s, %(retry)s)
GROUP BY i.width, i.height;

-- name: count_kind
-- Count the images that are at a location and have, or are to have, captions of a kind.
SELECT count(*) AS images FROM image i WHERE is_of_kind(i, %(kind)s);

-- name: count_sentences
-- Count the sentences that images are found by, about: of the live generation's entries.
SELECT coalesce(sum(cardinality(e.sentences)), 0)::bigint AS sentences
FROM entry e JOIN generation g ON g.id = e.generation_id
WHERE g.state = 'live';

-- name: sample_sentences
-- Return sentences that images are found by, to time an embedder with.
SELECT unnest(c.sentences) AS sentence FROM caption c
WHERE c.kind = 'retrieval' AND c.quarantine IS NULL
ORDER BY c.id
LIMIT %(limit)s;
