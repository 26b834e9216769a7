-- name: sample_entries
-- Return entries in an order that is random and always the same, each with its sentences and with the lexemes it has
-- from elsewhere: keywords, visible text, names.
SELECT e.image_id, e.sentences, e.sentence_embeddings, coalesce(c.captioner, '') AS captioner,
       tsvector_to_array(ts_filter(e.lexemes, '{{b,c,d}}')) AS other_lexemes
FROM entry e
LEFT JOIN caption c ON c.id = e.caption_id
WHERE e.generation_id = {generation}
ORDER BY hashint8extended(e.image_id, 4), e.image_id
LIMIT %(limit)s;

-- name: find_lexemes
-- Return what the text index makes of each word, and what that is worth in a query of the generation; no row for the
-- words that it leaves out.
SELECT w.word, t.lexeme, q.idf
FROM unnest(%(words)s::text[]) AS w (word)
CROSS JOIN LATERAL unnest(to_tsvector('english', w.word)) AS t
JOIN query_terms(%(generation_id)s, %(words)s) AS q ON q.lexeme = t.lexeme;

-- name: store_calibration
-- Keep what was fitted, and at how many entries.
UPDATE generation
SET calibration = %(calibration)s, calibrated_entries = %(entries)s, calibrated_at = now()
WHERE id = %(generation_id)s;
