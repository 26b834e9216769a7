-- name: find_hits
-- Rank a generation's entries for one query, keep the best {window} twice over, and describe the first `limit`. Where few
-- entries may be shown at all (or `image_ids` names them), all are scored; else the candidates are the nearest vectors, the
-- entries that hold the rarest of the words or all of them, and those with all of them written in the picture. The score is
-- F = w * cosine + (1 - w) * lexical, the share of the query's IDF mass that an entry holds, each lexeme weighed by its worth
-- there (term_vector); w is `dense_weight`, less 0.1 for queries of up to three lexemes (docs/search-quality.md).
WITH library AS MATERIALIZED (
    SELECT entries, {is_filtered} OR entries <= {few} AS few FROM generation WHERE id = {generation}
), term AS MATERIALIZED (
    SELECT t.*, term_place(t.lexeme) AS place, quote_literal(replace(t.lexeme, '\', '\\'))::tsquery AS query
    FROM query_terms({generation}, %(words)s) t
), every AS MATERIALIZED (
    SELECT string_agg(query::text, ' & ')::tsquery AS query, string_agg(query::text || ':C', ' & ')::tsquery AS visible,
           min(entries) AS rarest, sum(idf) AS idf, count(*) AS lexemes
    FROM term
), rare AS MATERIALIZED (
    SELECT string_agg(t.query::text, ' | ')::tsquery AS query
    FROM (SELECT query, row_number() OVER rarest AS number, sum(entries) OVER rarest AS reached
          FROM term WHERE entries > 0 WINDOW rarest AS (ORDER BY entries, lexeme)) t, library l
    WHERE t.reached <= least(greatest(1000, {reach} * l.entries), {most_reached}) OR (t.number = 1 AND NOT {use_vector})
), asked AS MATERIALIZED (
    SELECT (SELECT ('{{' || coalesce(string_agg(p.place || ':' || p.share, ','), '') || '}}/1000000000')::sparsevec
            FROM (SELECT place, (sum(idf) / every.idf)::float4 AS share FROM term GROUP BY place) p) AS terms,
           -- All words together: where even the rarest is common, the vectors find as much, and sooner.
           CASE WHEN every.rarest > 0.1 * l.entries AND {use_vector} THEN rare.query
                WHEN rare.query IS NULL THEN every.query ELSE rare.query || every.query END AS reaching,
           every.query AS every, every.visible, phraseto_tsquery('english', %(phrase)s) AS phrase,
           %(dense_weight)s::float8 - CASE WHEN every.lexemes <= 3 THEN 0.1 ELSE 0 END AS dense_weight
    FROM library l, every, rare
), allowed AS MATERIALIZED (
    SELECT e.image_id FROM entry e JOIN image i ON i.id = e.image_id
    WHERE e.generation_id = {generation} AND {conditions} AND (SELECT few FROM library)
      AND %(image_ids)s::bigint[] IS NULL
    LIMIT {few} + 1
), chosen AS MATERIALIZED (
    SELECT image_id FROM allowed WHERE (SELECT count(*) FROM allowed) <= {few}
    UNION ALL
    SELECT unnest(%(image_ids)s::bigint[])
), many AS MATERIALIZED (
    SELECT %(image_ids)s::bigint[] IS NULL
       AND (NOT (SELECT few FROM library) OR (SELECT count(*) FROM allowed) > {few}) AS found
), lexical AS (
    SELECT f.image_id
    FROM (SELECT e.image_id, e.terms FROM {source}
          WHERE e.generation_id = {generation} AND {conditions} AND {use_words} AND (SELECT found FROM many)
            AND e.lexemes @@ (SELECT reaching FROM asked)
          LIMIT {most_reached}) f
    ORDER BY f.terms <#> (SELECT terms FROM asked), f.image_id
    LIMIT {window}
), visible AS (
    -- What the pictures themselves say, and not only if its words are rare.
    SELECT f.image_id
    FROM (SELECT e.image_id, e.terms FROM {source}
          WHERE e.generation_id = {generation} AND {conditions} AND {use_words} AND (SELECT found FROM many)
            AND e.has_text AND ts_filter(e.lexemes, '{{c}}') @@ (SELECT every FROM asked)
          LIMIT {most_reached}) f
    ORDER BY f.terms <#> (SELECT terms FROM asked), f.image_id
    LIMIT {window}
), dense AS MATERIALIZED (
    SELECT e.image_id FROM {source}
    WHERE e.generation_id = {generation} AND {walking} AND {use_vector} AND (SELECT found FROM many)
    ORDER BY e.embedding::halfvec({dimensions}) <=> %(vector)s::halfvec({dimensions})
    LIMIT {window}
), far AS (
    -- The nearest vectors were all ones that may not be shown: a filter never starves the result.
    SELECT e.image_id FROM {source}
    WHERE e.generation_id = {generation} AND {conditions} AND {use_vector} AND (SELECT found FROM many)
      AND {is_filtered} AND (SELECT count(*) FROM dense) < {window}
    ORDER BY (e.embedding::halfvec({dimensions}) <=> %(vector)s::halfvec({dimensions})) + 0
    LIMIT {window}
), scored AS MATERIALIZED (
    SELECT e.image_id, 1 - (e.embedding::halfvec({dimensions}) <=> %(vector)s::halfvec({dimensions})) AS similarity,
           CASE WHEN {use_words} THEN -(e.terms <#> a.terms) END AS lexical_score,
           {use_words} AND coalesce(e.lexemes @@ a.every AND (
               e.lexemes @@ a.visible OR (numnode(a.phrase) > 1 AND e.lexemes @@ a.phrase)), false) AS is_exact
    FROM entry e, asked a
    WHERE e.generation_id = {generation}
      AND e.image_id IN (SELECT image_id FROM chosen UNION SELECT image_id FROM lexical
                         UNION SELECT image_id FROM visible
                         UNION SELECT image_id FROM dense UNION SELECT image_id FROM far)
), ranked AS (
    SELECT s.*, rank() OVER (ORDER BY similarity DESC NULLS LAST) AS dense_rank,
           rank() OVER (ORDER BY lexical_score DESC NULLS LAST) AS lexical_rank,
           row_number() OVER (ORDER BY score DESC, image_id) AS place
    FROM (SELECT image_id, similarity, lexical_score, is_exact, a.dense_weight,
                 CASE WHEN lexical_score IS NULL THEN similarity WHEN similarity IS NULL THEN lexical_score
                      ELSE a.dense_weight * similarity + (1 - a.dense_weight) * lexical_score END AS score
          FROM scored, asked a) s
    WHERE score IS NOT NULL AND ({use_vector} OR lexical_score > 0)
), kept AS MATERIALIZED (
    SELECT * FROM ranked WHERE place <= 2 * {window}
)
SELECT k.image_id, k.score, k.similarity, k.lexical_score, k.dense_weight, k.is_exact,
       CASE WHEN k.similarity IS NOT NULL THEN k.dense_rank END AS dense_rank,
       CASE WHEN k.lexical_score > 0 THEN k.lexical_rank END AS lexical_rank, d.*
FROM kept k
LEFT JOIN LATERAL (
    SELECT m.terms AS matched_terms, m.lexemes AS matched_lexemes, m.weights AS matched_weights,
           ARRAY(SELECT 1 - (s.embedding::halfvec({dimensions}) <=> %(vector)s::halfvec({dimensions}))
                 FROM unnest(e.sentence_embeddings) WITH ORDINALITY AS s (embedding, number)
                 ORDER BY s.number) AS sentence_similarities,
           e.sentences, e.corrected, c.captioner, p.revision AS prompt_revision, i.origin, i.width, i.height,
           (SELECT l.relative_path FROM location l WHERE l.image_id = k.image_id ORDER BY l.found_at DESC, l.id LIMIT 1)
               AS location,
           CASE WHEN i.origin = 'edit' THEN
               (SELECT edit_instructions(min(o.edit_id)) FROM edit_output o WHERE o.image_id = k.image_id)
           ELSE '{{}}' END AS instructions
    FROM entry e
    JOIN image i ON i.id = e.image_id
    LEFT JOIN caption c ON c.id = e.caption_id
    LEFT JOIN prompt p ON p.id = c.prompt_id
    CROSS JOIN LATERAL (
        SELECT array_agg(t.word ORDER BY t.idf DESC, t.word) AS terms,
               array_agg(t.lexeme ORDER BY t.idf DESC, t.word) AS lexemes,
               array_agg(-(e.terms <#> ('{{' || t.place || ':1}}/1000000000')::sparsevec) ORDER BY t.idf DESC, t.word)
                   AS weights
        FROM term t WHERE e.lexemes @@ t.query
    ) m
    WHERE e.generation_id = {generation} AND e.image_id = k.image_id AND k.place <= %(limit)s
    LIMIT 1  -- one by one, and only those: joined, all would be looked up
) d ON true
ORDER BY k.place;

-- name: list_hits
-- Return what may be shown, the image added last first, after the image `before` where one is named.
SELECT e.image_id, i.origin, i.width, i.height, e.sentences, e.corrected, c.captioner, p.revision AS prompt_revision,
       (SELECT l.relative_path FROM location l WHERE l.image_id = e.image_id ORDER BY l.found_at DESC, l.id LIMIT 1)
           AS location,
       CASE WHEN i.origin = 'edit' THEN
           (SELECT edit_instructions(min(o.edit_id)) FROM edit_output o WHERE o.image_id = e.image_id)
       ELSE '{{}}' END AS instructions
FROM entry e
JOIN image i ON i.id = e.image_id
LEFT JOIN caption c ON c.id = e.caption_id
LEFT JOIN prompt p ON p.id = c.prompt_id
WHERE e.generation_id = {generation} AND {conditions} AND (%(before)s::bigint IS NULL OR e.image_id < %(before)s)
ORDER BY e.image_id DESC
LIMIT %(limit)s;

-- name: is_let_through
-- Tell whether an entry fulfils conditions; nothing where the image has no entry.
SELECT {conditions} AS passes
FROM entry e
JOIN image i ON i.id = e.image_id
WHERE e.generation_id = {generation} AND e.image_id = %(image_id)s;

-- name: explain_terms
-- Return what a query's words are worth in a generation, the rarest first.
SELECT lexeme, word, entries, idf FROM query_terms(%(generation_id)s, %(words)s) ORDER BY idf DESC, lexeme;
