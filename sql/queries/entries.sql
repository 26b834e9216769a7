-- name: find_documents
-- Return what the stale entries of a generation are to be made of, oldest image first: the best caption of each image
-- (a correction, then the highest rank, then the generation's own captioner) and the names it is found under.
SELECT i.id AS image_id, i.changes, c.id AS caption_id, k.id IS NOT NULL AS corrected,
       coalesce(k.sentences, c.sentences) AS sentences, coalesce(c.keywords, '{{}}') AS keywords,
       coalesce(c.visible_text, '') AS visible_text, l.names
FROM image i
JOIN generation g ON g.id = {generation}
LEFT JOIN entry e ON e.generation_id = {generation} AND e.image_id = i.id
LEFT JOIN correction k ON k.image_id = i.id AND k.kind = 'retrieval'
LEFT JOIN LATERAL (
    SELECT c.id, c.sentences, c.keywords, c.visible_text
    FROM caption c
    WHERE c.image_id = i.id AND c.kind = 'retrieval' AND c.quarantine IS NULL
    ORDER BY c.rank DESC,
             (c.captioner, c.model) = (g.captioner, g.model) AND c.prompt_id IS NOT DISTINCT FROM g.prompt_id DESC,
             c.id DESC
    LIMIT 1
) c ON true
JOIN LATERAL (
    SELECT array_agg(l.relative_path ORDER BY l.id) AS names FROM location l WHERE l.image_id = i.id
) l ON l.names IS NOT NULL
WHERE i.changes > 0 AND e.changes IS DISTINCT FROM i.changes AND (c.id IS NOT NULL OR k.id IS NOT NULL)
ORDER BY i.id
LIMIT %(limit)s;

-- name: count_missing
-- Count how many of these images have captions, and no entry that is made of them.
SELECT count(*) AS missing
FROM image i
LEFT JOIN entry e ON e.generation_id = {generation} AND e.image_id = i.id
WHERE i.id = ANY(%(image_ids)s) AND e.changes IS DISTINCT FROM i.changes
  AND EXISTS (SELECT FROM location l WHERE l.image_id = i.id)
  AND is_servable(i.id);

-- name: write_entries
-- Write an image's entry in a generation, or write it again; run once for each of a batch.
INSERT INTO entry (generation_id, image_id, changes, caption_id, corrected, sentences, embedding, sentence_embeddings,
                   lexemes)
VALUES (%(generation_id)s, %(image_id)s, %(changes)s, %(caption_id)s, %(corrected)s, %(sentences)s, %(embedding)s,
        %(sentence_embeddings)s,
        setweight(to_tsvector('english', %(caption_words)s), 'A')
        || setweight(to_tsvector('english', %(keyword_words)s), 'B')
        || setweight(to_tsvector('english', %(visible_words)s), 'C')
        || setweight(to_tsvector('english', %(name_words)s), 'D'))
ON CONFLICT (generation_id, image_id) DO UPDATE
    SET changes = EXCLUDED.changes, caption_id = EXCLUDED.caption_id, corrected = EXCLUDED.corrected,
        sentences = EXCLUDED.sentences, embedding = EXCLUDED.embedding,
        sentence_embeddings = EXCLUDED.sentence_embeddings, lexemes = EXCLUDED.lexemes, written_at = now();

-- name: drop_unservable
-- Take images out of a generation that are at no location any more, or whose last good caption is good no more; what was
-- said of them stays.
DELETE FROM entry e
USING image i
WHERE e.generation_id = {generation} AND i.id = e.image_id
  AND (NOT EXISTS (SELECT FROM location l WHERE l.image_id = e.image_id)
       OR (e.changes <> i.changes AND NOT is_servable(i.id)));

-- name: search_entries
-- Rank a generation's entries for one query: candidates from the vector index and from the rarest of the query's words
-- (until 3 percent of the entries are reached: RESEARCH 1; where even the rarest is in more, the vectors find them),
-- scored together by F = w * cosine + (1 - w) * matched_share, the share of the query's IDF mass that an entry's lexemes
-- hold; a word no entry has counts with the greatest IDF.
WITH term AS MATERIALIZED (
    SELECT t.lexeme, min(w.word) AS word, coalesce(max(l.entries), 0) AS entries,
           ln(1 + (max(g.entries) - coalesce(max(l.entries), 0) + 0.5) / (coalesce(max(l.entries), 0) + 0.5))::float8 AS idf,
           (quote_literal(replace(t.lexeme, '\', '\\')))::tsquery AS query
    FROM generation g
    CROSS JOIN unnest(%(words)s::text[]) AS w (word)
    CROSS JOIN LATERAL unnest(to_tsvector('english', w.word)) AS t
    LEFT JOIN lexeme l ON l.generation_id = {generation} AND l.lexeme = t.lexeme
    WHERE g.id = {generation}
    GROUP BY t.lexeme
), mass AS MATERIALIZED (
    SELECT coalesce(sum(idf), 0::float8) AS idf FROM term
), rare AS MATERIALIZED (
    SELECT string_agg(query::text, ' | ')::tsquery AS query
    FROM (SELECT query, row_number() OVER rarest AS number, sum(entries) OVER rarest AS reached
          FROM term WHERE entries > 0 WINDOW rarest AS (ORDER BY entries, lexeme)) t
    WHERE reached <= greatest(1000, 0.03 * (SELECT entries FROM generation WHERE id = {generation}))
       OR (number = 1 AND NOT %(use_vector)s)
), lexical AS (
    SELECT e.image_id,
           (SELECT sum(t.idf) FROM term t WHERE e.lexemes @@ t.query) / (SELECT idf FROM mass) AS matched_share
    FROM (SELECT image_id, lexemes FROM entry
          WHERE generation_id = {generation} AND %(use_words)s AND lexemes @@ (SELECT query FROM rare)
          LIMIT 5000) e
    ORDER BY matched_share DESC, e.image_id
    LIMIT %(window)s
), dense AS (
    SELECT e.image_id
    FROM entry e
    WHERE e.generation_id = {generation} AND %(use_vector)s
    ORDER BY e.embedding::halfvec({dimensions}) <=> %(vector)s::halfvec({dimensions})
    LIMIT %(window)s
), scored AS (
    SELECT e.image_id,
           CASE WHEN %(use_vector)s
                THEN 1 - (e.embedding::halfvec({dimensions}) <=> %(vector)s::halfvec({dimensions})) END AS similarity,
           CASE WHEN %(use_words)s AND (SELECT idf FROM mass) > 0
                THEN coalesce((SELECT sum(t.idf) FROM term t WHERE e.lexemes @@ t.query), 0)
                     / (SELECT idf FROM mass) END AS matched_share
    FROM entry e
    WHERE e.generation_id = {generation}
      AND e.image_id IN (SELECT image_id FROM lexical UNION SELECT image_id FROM dense)
), ranked AS (
    SELECT image_id, similarity, matched_share,
           CASE WHEN matched_share IS NULL THEN similarity
                WHEN similarity IS NULL THEN matched_share
                ELSE %(dense_weight)s::float8 * similarity + (1 - %(dense_weight)s::float8) * matched_share END AS score,
           rank() OVER (ORDER BY similarity DESC NULLS LAST) AS dense_rank,
           rank() OVER (ORDER BY matched_share DESC NULLS LAST) AS lexical_rank
    FROM scored
)
SELECT r.image_id, r.score, r.similarity, r.matched_share,
       CASE WHEN r.similarity IS NOT NULL THEN r.dense_rank END AS dense_rank,
       CASE WHEN r.matched_share > 0 THEN r.lexical_rank END AS lexical_rank,
       ARRAY(SELECT t.word FROM term t WHERE e.lexemes @@ t.query ORDER BY t.idf DESC, t.word) AS matched_terms,
       ARRAY(SELECT t.lexeme FROM term t WHERE e.lexemes @@ t.query) AS matched_lexemes,
       e.sentences, e.sentence_embeddings, e.corrected,
 c.captioner, c.model, p.revision AS prompt_revision,
       i.origin, i.width, i.height,
       (SELECT l.relative_path FROM location l WHERE l.image_id = r.image_id ORDER BY l.found_at DESC, l.id LIMIT 1)
           AS location
FROM ranked r
JOIN entry e ON e.generation_id = {generation} AND e.image_id = r.image_id
JOIN image i ON i.id = r.image_id
LEFT JOIN caption c ON c.id = e.caption_id
LEFT JOIN prompt p ON p.id = c.prompt_id
ORDER BY r.score DESC, r.image_id
LIMIT %(limit)s;
