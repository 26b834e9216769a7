-- What computes a column is bound to what it calls when it is made: a dump is restored, and an index built, with an empty
-- search_path, where a body that is read each time finds neither the function nor the type that it names. As in 0005 otherwise.

CREATE OR REPLACE FUNCTION term_place(p_lexeme text) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN mod(('x' || substr(md5(p_lexeme), 1, 8))::bit(32)::bigint, 1000000000) + 1;

CREATE OR REPLACE FUNCTION term_vector(p_lexemes tsvector) RETURNS sparsevec
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
