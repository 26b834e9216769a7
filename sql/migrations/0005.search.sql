-- What search needs beside vectors and words: terms that are scored fast, and what filters look at.

-- What computes a column is bound to what it calls when it is made (RETURN): a dump is restored, and an index built, with
-- an empty search_path, where a body that is read each time finds neither function nor type.

-- A lexeme's place in a sparse vector. pgvector counts to a thousand million: two lexemes of one library that share a
-- place are rare, and cost no more than a slightly wrong score.
CREATE FUNCTION term_place(p_lexeme text) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN mod(('x' || substr(md5(p_lexeme), 1, 8))::bit(32)::bigint, 1000000000) + 1;

-- What each lexeme of a document is worth in it, below 1: BM25 with k1 0.5 and b 0.4, over an average length of 32 words
-- in every library. A page full of print counts as four times that: a word of it is still worth half of a caption's.
-- The inner product with a query's weights is the lexical score. A sparse vector holds 16,000 lexemes at the most.
CREATE FUNCTION term_vector(p_lexemes tsvector) RETURNS sparsevec
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (
    SELECT ('{' || coalesce(string_agg(w.place || ':' || w.weight, ','), '') || '}/1000000000')::sparsevec
    FROM (SELECT term_place(t.lexeme) AS place,
                 max(t.often / (t.often + 0.5 * (0.6 + 0.4 * least(t.words / 32, 4))))::float4 AS weight
          FROM (SELECT lexeme, cardinality(positions)::float8 AS often,
                       sum(cardinality(positions)) OVER ()::float8 AS words
                FROM unnest(p_lexemes)) t
          GROUP BY 1
          LIMIT 16000) w
);

-- What a query's words are worth in a generation: how many entries hold each lexeme, and its IDF (BM25's, above 0). A word
-- that no entry has is worth the most. CJK text is asked for by bigrams and by characters: a bigram counts a third.
CREATE FUNCTION query_terms(p_generation_id bigint, p_words text[])
RETURNS TABLE (lexeme text, word text, entries bigint, idf float8)
LANGUAGE sql STABLE AS $$
    SELECT t.lexeme, min(w.word), coalesce(max(l.entries), 0),
           ln(1 + (max(g.entries) - coalesce(max(l.entries), 0) + 0.5) / (coalesce(max(l.entries), 0) + 0.5))::float8
               / CASE WHEN t.lexeme ~ '^[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{2}$' THEN 3 ELSE 1 END
    FROM generation g
    CROSS JOIN unnest(p_words) AS w (word)
    CROSS JOIN LATERAL unnest(to_tsvector('english', w.word)) AS t
    LEFT JOIN lexeme l ON l.generation_id = g.id AND l.lexeme = t.lexeme
    WHERE g.id = p_generation_id
    GROUP BY t.lexeme
$$;

-- Keywords of a caption and of the file itself, in lower case.
CREATE FUNCTION tags_of(p_image_id bigint, p_caption_id bigint) RETURNS text[]
LANGUAGE sql STABLE AS $$
    SELECT ARRAY(SELECT DISTINCT lower(t.tag)
                 FROM (SELECT unnest(i.keywords) AS tag FROM image i WHERE i.id = p_image_id
                       UNION ALL SELECT unnest(c.keywords) FROM caption c WHERE c.id = p_caption_id) t)
$$;

-- What every candidate is scored by stays in its row; what few are asked for may lie apart. The entries there are written
-- anew once, with all that is new; words with the weight C were read in the picture.
ALTER TABLE entry ALTER COLUMN embedding SET STORAGE MAIN;
ALTER TABLE entry ADD COLUMN tags text[] NOT NULL DEFAULT '{}';
ALTER TABLE entry
    ALTER COLUMN tags TYPE text[] USING tags_of(image_id, caption_id),
    ADD COLUMN has_text boolean NOT NULL GENERATED ALWAYS AS (ts_filter(lexemes, '{c}') <> ''::tsvector) STORED,
    ADD COLUMN terms sparsevec NOT NULL GENERATED ALWAYS AS (term_vector(lexemes)) STORED;
ALTER TABLE entry ALTER COLUMN terms SET STORAGE MAIN;
DROP FUNCTION tags_of;

CREATE INDEX entry_tags ON entry USING gin (tags);
-- What is written in pictures, by itself: such a hit always passes, also where its words are in every third caption.
CREATE INDEX entry_visible ON entry USING gin (ts_filter(lexemes, '{c}')) WHERE has_text;

-- Titles, descriptions and keywords inside the files become searchable words, whoever captioned the image.
UPDATE image SET changes = changes + 1
WHERE changes > 0 AND (title IS NOT NULL OR description IS NOT NULL OR keywords <> '{}');

-- The folders that an image lies in, in lower case: the ingested one by its name, and those below it. Where that one lies
-- is nobody's business.
ALTER TABLE location ADD COLUMN folders text[] NOT NULL GENERATED ALWAYS AS (
    string_to_array(lower(regexp_replace(
        regexp_replace(left(location, -length(relative_path) - 1), '^.*/', '') || '/' || relative_path, '/[^/]*$', '')), '/')
) STORED;
CREATE INDEX location_folders ON location USING gin (folders);

CREATE INDEX image_taken ON image (taken_at) WHERE taken_at IS NOT NULL;
CREATE INDEX image_added ON image (added_at);
CREATE INDEX image_derived ON image (origin) WHERE origin <> 'original';
