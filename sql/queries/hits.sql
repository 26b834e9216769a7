-- name: find_hits
-- Rank a generation's entries for one query, at most {window} of them, and describe the first `limit` and those that hold
-- the query word for word. Where few entries may be shown at all (or `image_ids` names them), all of them are scored;
-- else the candidates are the nearest vectors, and the entries that hold the rarest of the words or all of them. Scored
-- together by F = w * cosine + (1 - w) * matched_share, the share of the query's IDF mass that an entry's lexemes hold; a
-- word that no entry has counts with the greatest IDF.
WITH library AS MATERIALIZED (
    SELECT entries, least(greatest(1000, 0.03 * entries), 5000) AS reach, {is_filtered} OR entries <= {few} AS few
    FROM generation WHERE id = {generation}
), term AS MATERIALIZED (
    SELECT t.lexeme, min(w.word) AS word, coalesce(max(l.entries), 0) AS entries,
           ln(1 + (max(g.entries) - coalesce(max(l.entries), 0) + 0.5) / (coalesce(max(l.entries), 0) + 0.5))::float8 AS idf,
           (quote_literal(replace(t.lexeme, '\', '\\')))::tsquery AS query
    FROM library g
    CROSS JOIN unnest(%(words)s::text[]) AS w (word)
    CROSS JOIN LATERAL unnest(to_tsvector('english', w.word)) AS t
    LEFT JOIN lexeme l ON l.generation_id = {generation} AND l.lexeme = t.lexeme
    GROUP BY t.lexeme
), asked AS MATERIALIZED (
    SELECT (SELECT ('{{' || coalesce(string_agg(p.place || ':' || p.share, ','), '') || '}}/1000000000')::sparsevec
            FROM (SELECT term_place(t.lexeme) AS place, sum(t.idf / (SELECT sum(idf) FROM term))::float4 AS share
                  FROM term t GROUP BY 1) p) AS terms,
           (SELECT string_agg(query::text, ' | ')::tsquery
            FROM (SELECT query, row_number() OVER rarest AS number, sum(entries) OVER rarest AS reached
                  FROM term WHERE entries > 0 WINDOW rarest AS (ORDER BY entries, lexeme)) t
            WHERE reached <= (SELECT reach FROM library) OR (number = 1 AND NOT {use_vector})) AS rare,
           (SELECT string_agg(query::text, ' & ')::tsquery FROM term) AS every,
           (SELECT string_agg(query::text || ':C', ' & ')::tsquery FROM term) AS visible,
           phraseto_tsquery('english', %(phrase)s) AS phrase
), allowed AS MATERIALIZED (
    SELECT e.image_id FROM entry e JOIN image i ON i.id = e.image_id
    WHERE e.generation_id = {generation} AND {conditions} AND (SELECT few FROM library) AND %(image_ids)s::bigint[] IS NULL
    LIMIT {few} + 1
), chosen AS MATERIALIZED (
    SELECT image_id FROM allowed WHERE (SELECT count(*) FROM allowed) <= {few}
    UNION ALL
    SELECT unnest(%(image_ids)s::bigint[])
), many AS MATERIALIZED (
    SELECT %(image_ids)s::bigint[] IS NULL AND (NOT (SELECT few FROM library) OR (SELECT count(*) FROM allowed) > {few}) AS found
), lexical AS (
    SELECT f.image_id
    FROM (SELECT e.image_id, e.terms FROM entry e JOIN image i ON i.id = e.image_id
          WHERE e.generation_id = {generation} AND {conditions} AND {use_words} AND (SELECT found FROM many)
            AND e.lexemes @@ (SELECT CASE WHEN rare IS NULL THEN every ELSE rare || every END FROM asked)
          LIMIT 5000) f
    ORDER BY f.terms <#> (SELECT terms FROM asked), f.image_id
    LIMIT {window}
), dense AS MATERIALIZED (
    SELECT e.image_id FROM entry e JOIN image i ON i.id = e.image_id
    WHERE e.generation_id = {generation} AND {conditions} AND {use_vector} AND (SELECT found FROM many)
    ORDER BY e.embedding::halfvec({dimensions}) <=> %(vector)s::halfvec({dimensions})
    LIMIT {window}
), far AS (
    -- The nearest vectors were all ones that may not be shown: a filter never starves the result.
    SELECT e.image_id FROM entry e JOIN image i ON i.id = e.image_id
    WHERE e.generation_id = {generation} AND {conditions} AND {use_vector} AND (SELECT found FROM many)
      AND (SELECT count(*) FROM dense) < {window}
    ORDER BY (e.embedding::halfvec({dimensions}) <=> %(vector)s::halfvec({dimensions})) + 0
    LIMIT {window}
), scored AS MATERIALIZED (
    SELECT e.image_id, 1 - (e.embedding::halfvec({dimensions}) <=> %(vector)s::halfvec({dimensions})) AS similarity,
           CASE WHEN {use_words} THEN -(e.terms <#> (SELECT terms FROM asked)) END AS matched_share
    FROM entry e
    WHERE e.generation_id = {generation}
      AND e.image_id IN (SELECT image_id FROM chosen UNION SELECT image_id FROM lexical
                         UNION SELECT image_id FROM dense UNION SELECT image_id FROM far)
), ranked AS (
    SELECT s.*, rank() OVER (ORDER BY similarity DESC NULLS LAST) AS dense_rank,
           rank() OVER (ORDER BY matched_share DESC NULLS LAST) AS lexical_rank,
           row_number() OVER (ORDER BY score DESC, image_id) AS place
    FROM (SELECT image_id, similarity, matched_share,
                 CASE WHEN matched_share IS NULL THEN similarity
                      WHEN similarity IS NULL THEN matched_share
                      ELSE %(dense_weight)s::float8 * similarity + (1 - %(dense_weight)s::float8) * matched_share END AS score
          FROM scored) s
    WHERE score IS NOT NULL AND ({use_vector} OR matched_share > 0)
), exact AS (
    SELECT r.*, coalesce(r.matched_share > 0.999, false) AND EXISTS (
               SELECT FROM entry e, asked a
               WHERE e.generation_id = {generation} AND e.image_id = r.image_id
                 AND (e.lexemes @@ a.visible OR (numnode(a.phrase) > 1 AND e.lexemes @@ a.phrase))) AS is_exact
    FROM ranked r
    WHERE r.place <= 2 * {window}
)
SELECT x.image_id, x.score, x.similarity, x.matched_share, x.is_exact,
       CASE WHEN x.similarity IS NOT NULL THEN x.dense_rank END AS dense_rank,
       CASE WHEN x.matched_share > 0 THEN x.lexical_rank END AS lexical_rank, d.*
FROM exact x
LEFT JOIN LATERAL (
    SELECT ARRAY(SELECT t.word FROM term t WHERE e.lexemes @@ t.query ORDER BY t.idf DESC, t.word) AS matched_terms,
           ARRAY(SELECT t.lexeme FROM term t WHERE e.lexemes @@ t.query) AS matched_lexemes,
           ARRAY(SELECT 1 - (s.embedding::halfvec({dimensions}) <=> %(vector)s::halfvec({dimensions}))
                 FROM unnest(e.sentence_embeddings) WITH ORDINALITY AS s (embedding, number)
                 ORDER BY s.number) AS sentence_similarities,
           e.sentences, e.corrected, c.captioner, p.revision AS prompt_revision, i.origin, i.width, i.height,
           (SELECT l.relative_path FROM location l WHERE l.image_id = x.image_id ORDER BY l.found_at DESC, l.id LIMIT 1)
               AS location
    FROM entry e
    JOIN image i ON i.id = e.image_id
    LEFT JOIN caption c ON c.id = e.caption_id
    LEFT JOIN prompt p ON p.id = c.prompt_id
    WHERE e.generation_id = {generation} AND e.image_id = x.image_id AND (x.place <= %(limit)s OR x.is_exact)
) d ON true
ORDER BY x.place;

-- name: list_hits
-- Return what may be shown, the image added last first, after the image `before` where one is named.
SELECT e.image_id, i.origin, i.width, i.height, e.sentences, e.corrected, c.captioner, p.revision AS prompt_revision,
       (SELECT l.relative_path FROM location l WHERE l.image_id = e.image_id ORDER BY l.found_at DESC, l.id LIMIT 1)
           AS location
FROM entry e JOIN image i ON i.id = e.image_id
LEFT JOIN caption c ON c.id = e.caption_id
LEFT JOIN prompt p ON p.id = c.prompt_id
WHERE e.generation_id = {generation} AND {conditions} AND (%(before)s::bigint IS NULL OR e.image_id < %(before)s)
ORDER BY e.image_id DESC
LIMIT %(limit)s;

-- name: explain_terms
-- Return what a query's words are worth in a generation: how many entries hold each lexeme, and its IDF.
SELECT t.lexeme, min(w.word) AS word, coalesce(max(l.entries), 0) AS entries,
       ln(1 + (max(g.entries) - coalesce(max(l.entries), 0) + 0.5) / (coalesce(max(l.entries), 0) + 0.5))::float8 AS idf
FROM generation g
CROSS JOIN unnest(%(words)s::text[]) AS w (word)
CROSS JOIN LATERAL unnest(to_tsvector('english', w.word)) AS t
LEFT JOIN lexeme l ON l.generation_id = g.id AND l.lexeme = t.lexeme
WHERE g.id = %(generation_id)s
GROUP BY t.lexeme
ORDER BY idf DESC, t.lexeme;
