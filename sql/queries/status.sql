-- name: count_everything
-- Count what the catalogue holds; failures as find_failures lists them.
WITH standing AS (
    SELECT f.quarantined FROM failure f
    WHERE NOT f.quarantined OR NOT EXISTS (
        SELECT FROM caption c WHERE c.image_id = f.image_id AND c.kind = 'retrieval' AND c.quarantine IS NULL)
)
SELECT (SELECT count(*) FROM image i WHERE EXISTS (SELECT FROM location l WHERE l.image_id = i.id)) AS images,
       (SELECT count(*) FROM location) AS locations,
       (SELECT count(DISTINCT image_id) FROM caption WHERE quarantine IS NULL) AS captions,
       (SELECT coalesce(sum(attempts), 0)::bigint FROM request WHERE outcome IS NOT NULL) AS requests,
       (SELECT count(*) FROM standing) AS failures,
       (SELECT count(*) FROM standing WHERE quarantined) AS quarantined,
       (SELECT coalesce(sum(cost_usd), 0)::float8 FROM request) AS cost_usd,
       (SELECT count(*) FROM request WHERE input_tokens IS NOT NULL AND cost_usd IS NULL) AS requests_without_price;

-- name: count_captioners
-- Count a generation's entries by the captioner whose caption they are made of.
SELECT coalesce(c.captioner, 'correction') AS captioner, coalesce(c.model, '') AS model, count(*) AS entries
FROM entry e
LEFT JOIN caption c ON c.id = e.caption_id
WHERE e.generation_id = %(generation_id)s
GROUP BY 1, 2
ORDER BY 3 DESC, 1, 2;

-- name: get_versions
-- Name the server and its pgvector.
SELECT current_setting('server_version') AS postgres,
       (SELECT extversion FROM pg_extension WHERE extname = 'vector') AS pgvector;
