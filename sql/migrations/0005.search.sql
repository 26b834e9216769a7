-- What search needs beside vectors and words: terms that are scored fast, and what filters look at.

-- A lexeme's place in a sparse vector. pgvector counts to a thousand million: two lexemes of one library that share a
-- place are rare, and cost no more than a slightly wrong score.
CREATE FUNCTION term_place(p_lexeme text) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT mod(('x' || substr(md5(p_lexeme), 1, 8))::bit(32)::bigint, 1000000000) + 1
$$;

-- The lexemes of a document, each once: the inner product with a query's weights is the weight that both share.
-- A sparse vector holds 16,000 at the most.
CREATE FUNCTION term_vector(p_lexemes tsvector) RETURNS sparsevec
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT ('{' || coalesce(string_agg(t.place || ':1', ','), '') || '}/1000000000')::sparsevec
    FROM (SELECT DISTINCT term_place(l.lexeme) AS place FROM unnest(tsvector_to_array(p_lexemes)) AS l (lexeme)
          LIMIT 16000) t
$$;

-- Keywords of captions and of the files themselves, in lower case.
ALTER TABLE entry ADD COLUMN tags text[] NOT NULL DEFAULT '{}';
-- Words with the weight C were read in the picture.
ALTER TABLE entry ADD COLUMN has_text boolean NOT NULL
    GENERATED ALWAYS AS (ts_filter(lexemes, '{c}') <> ''::tsvector) STORED;
ALTER TABLE entry ADD COLUMN terms sparsevec NOT NULL GENERATED ALWAYS AS (term_vector(lexemes)) STORED;
CREATE INDEX entry_tags ON entry USING gin (tags);

UPDATE entry e
SET tags = ARRAY(SELECT DISTINCT lower(k) FROM unnest(coalesce(c.keywords, '{}') || i.keywords) AS k)
FROM image i
LEFT JOIN caption c ON c.image_id = i.id AND c.kind = 'retrieval'
WHERE i.id = e.image_id AND c.id IS NOT DISTINCT FROM e.caption_id;

-- Titles, descriptions and keywords inside the files become searchable words, whoever captioned the image.
UPDATE image SET changes = changes + 1
WHERE changes > 0 AND (title IS NOT NULL OR description IS NOT NULL OR keywords <> '{}');

-- The folders that an image lies in, in lower case.
ALTER TABLE location ADD COLUMN folders text[] NOT NULL
    GENERATED ALWAYS AS (string_to_array(lower(regexp_replace(location, '/[^/]*$', '')), '/')) STORED;
CREATE INDEX location_folders ON location USING gin (folders);

CREATE INDEX image_taken ON image (taken_at) WHERE taken_at IS NOT NULL;
CREATE INDEX image_added ON image (added_at);
CREATE INDEX image_derived ON image (origin) WHERE origin <> 'original';
