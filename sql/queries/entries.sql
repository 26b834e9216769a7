-- name: find_documents
-- Return what the stale entries of a generation are to be made of, oldest image first: the best caption of each image
-- (a correction, then what is worth most to the generation) and the names it is found under; without fallback, of images
-- with a caption of the generation's own making alone.
WITH stale AS MATERIALIZED (
    SELECT o.id
    FROM (
        SELECT i.id, g
        FROM image i
        JOIN generation g ON g.id = {generation}
        LEFT JOIN entry e ON e.generation_id = {generation} AND e.image_id = i.id
        WHERE i.changes > 0 AND e.changes IS DISTINCT FROM i.changes
          AND EXISTS (SELECT FROM location l WHERE l.image_id = i.id)
        ORDER BY i.id
        OFFSET 0 -- sorted first: captions are looked at until there are enough, not those of all images
    ) o
    WHERE EXISTS (SELECT FROM caption c
                  WHERE c.image_id = o.id AND c.kind = 'retrieval' AND c.quarantine IS NULL
                    AND CASE WHEN %(fallback)s THEN caption_worth(c, o.g) IS NOT NULL ELSE is_own(c, o.g) END)
       OR (%(fallback)s AND EXISTS (SELECT FROM correction k WHERE k.image_id = o.id AND k.kind = 'retrieval'))
    ORDER BY o.id
    LIMIT %(limit)s
)
SELECT i.id AS image_id, i.changes, c.id AS caption_id, k.id IS NOT NULL AS corrected,
       coalesce(k.sentences, c.sentences) AS sentences, coalesce(c.keywords, '{{}}') AS keywords,
       coalesce(c.visible_text, '') AS visible_text, l.names,
       array_remove(ARRAY[i.title, i.description], NULL) AS descriptions, i.keywords AS own_keywords,
       ARRAY(SELECT DISTINCT said FROM edit_output o CROSS JOIN unnest(edit_instructions(o.edit_id)) AS said
             WHERE o.image_id = i.id) AS instructions
FROM stale s
JOIN image i ON i.id = s.id
JOIN generation g ON g.id = {generation}
LEFT JOIN correction k ON k.image_id = i.id AND k.kind = 'retrieval'
LEFT JOIN LATERAL (
    SELECT c.id, c.sentences, c.keywords, c.visible_text
    FROM caption c
    WHERE c.image_id = i.id AND c.kind = 'retrieval' AND c.quarantine IS NULL AND caption_worth(c, g) IS NOT NULL
    ORDER BY caption_worth(c, g) DESC
    LIMIT 1
) c ON true
CROSS JOIN LATERAL (
    SELECT array_agg(concat_ws('/', l.folders[cardinality(l.folders)], l.relative_path) ORDER BY l.id) AS names
    FROM location l WHERE l.image_id = i.id
) l
ORDER BY i.id;

-- name: mark_outdated
-- Make those entries of a generation stale whose caption turned out to be of no use, or is not of the generation's own
-- making where one came since that is.
UPDATE entry e SET changes = -1
FROM generation g
WHERE e.generation_id = {generation} AND g.id = {generation} AND e.changes >= 0
  AND (EXISTS (SELECT FROM caption c WHERE c.id = e.caption_id AND c.quarantine IS NOT NULL)
       OR (NOT EXISTS (SELECT FROM caption c WHERE c.id = e.caption_id AND is_own(c, g))
           AND EXISTS (SELECT FROM caption o
                       WHERE o.image_id = e.image_id AND o.kind = 'retrieval' AND o.quarantine IS NULL AND is_own(o, g)
                         AND caption_worth(o, g) > coalesce(
                             (SELECT caption_worth(c, g) FROM caption c WHERE c.id = e.caption_id), '{{}}'))));

-- name: count_missing
-- Count how many of these images have captions that the generation can use, and no entry that is made of them.
SELECT count(*) AS missing
FROM image i
JOIN generation g ON g.id = {generation}
LEFT JOIN entry e ON e.generation_id = {generation} AND e.image_id = i.id
WHERE i.id = ANY(%(image_ids)s) AND e.changes IS DISTINCT FROM i.changes
  AND EXISTS (SELECT FROM location l WHERE l.image_id = i.id)
  AND (EXISTS (SELECT FROM correction k WHERE k.image_id = i.id AND k.kind = 'retrieval')
       OR EXISTS (SELECT FROM caption c WHERE c.image_id = i.id AND c.kind = 'retrieval' AND c.quarantine IS NULL
                                          AND caption_worth(c, g) IS NOT NULL));

-- name: count_written
-- Count how many of these images have an entry that was written since a run began, by whichever process.
SELECT count(*) AS written
FROM entry e
JOIN run r ON r.id = %(run_id)s
WHERE e.generation_id = {generation} AND e.image_id = ANY(%(image_ids)s::bigint[]) AND e.written_at >= r.started_at;

-- name: write_entries
-- Write an image's entry in a generation, or write it again; run once for each of a batch.
INSERT INTO entry (generation_id, image_id, changes, caption_id, corrected, sentences, embedding, sentence_embeddings,
                   lexemes, tags)
VALUES (%(generation_id)s, %(image_id)s, %(changes)s, %(caption_id)s, %(corrected)s, %(sentences)s, %(embedding)s,
        %(sentence_embeddings)s,
        setweight(to_tsvector('english', %(caption_words)s), 'A')
        || setweight(to_tsvector('english', %(keyword_words)s), 'B')
        || setweight(to_tsvector('english', %(visible_words)s), 'C')
        || setweight(to_tsvector('english', %(name_words)s), 'D'),
        %(tags)s)
ON CONFLICT (generation_id, image_id) DO UPDATE
    SET changes = EXCLUDED.changes, caption_id = EXCLUDED.caption_id, corrected = EXCLUDED.corrected,
        sentences = EXCLUDED.sentences, embedding = EXCLUDED.embedding,
        sentence_embeddings = EXCLUDED.sentence_embeddings, lexemes = EXCLUDED.lexemes,
        tags = EXCLUDED.tags, written_at = now();

-- name: drop_unservable
-- Take images out of a generation that are at no location any more, or whose last caption that it could use is good no
-- more; what was said of them stays.
DELETE FROM entry e
USING image i, generation g
WHERE e.generation_id = {generation} AND i.id = e.image_id AND g.id = {generation}
  AND (NOT EXISTS (SELECT FROM location l WHERE l.image_id = i.id)
       OR (e.changes <> i.changes
           AND NOT EXISTS (SELECT FROM correction k WHERE k.image_id = i.id AND k.kind = 'retrieval')
           AND NOT EXISTS (SELECT FROM caption c WHERE c.image_id = i.id AND c.kind = 'retrieval' AND c.quarantine IS NULL
                                                   AND caption_worth(c, g) IS NOT NULL)));
