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
-- Return what the text index makes of each word, and how many entries of the generation hold it; no row for the words
-- it leaves out.
SELECT w.word, t.lexeme, coalesce(l.entries, 0) AS entries
FROM unnest(%(words)s::text[]) AS w (word)
CROSS JOIN LATERAL unnest(to_tsvector('english', w.word)) AS t
LEFT JOIN lexeme l ON l.generation_id = %(generation_id)s AND l.lexeme = t.lexeme;

-- name: store_calibration
-- Keep what was fitted, and at how many entries.
UPDATE generation
SET calibration = %(calibration)s, calibrated_entries = %(entries)s, calibrated_at = now()
WHERE id = %(generation_id)s;
