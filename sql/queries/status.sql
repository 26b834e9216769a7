-- name: count_everything
-- Count what the catalogue holds; failures as find_failures lists them.
WITH standing AS (
    SELECT f.quarantined FROM failure f
    WHERE failure_stands(f)
)
SELECT (SELECT count(*) FROM image i WHERE EXISTS (SELECT FROM location l WHERE l.image_id = i.id)) AS images,
       (SELECT count(*) FROM image i
        WHERE i.origin = 'edit' AND EXISTS (SELECT FROM location l WHERE l.image_id = i.id)) AS edits,
       (SELECT count(*) FROM location) AS locations,
       (SELECT count(DISTINCT image_id) FROM caption WHERE quarantine IS NULL) AS captions,
       (SELECT coalesce(sum(attempts), 0)::bigint FROM request WHERE outcome IS NOT NULL) AS requests,
       (SELECT count(*) FROM request WHERE outcome IS NULL AND batch IS NOT NULL) AS batched,
       (SELECT count(*) FROM standing) AS failures,
       (SELECT count(*) FROM standing WHERE quarantined) AS quarantined,
       (SELECT coalesce(sum(cost_usd), 0)::float8 FROM request) AS cost_usd,
       (SELECT count(*) FROM request WHERE outcome = 'answered' AND cost_usd IS NULL) AS requests_without_price;

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

-- name: sum_costs
-- Sum what was asked and paid, by day, model and prompt revisions; cost of the requests whose price is known.
SELECT r.sent_at::date AS day, r.captioner, r.model,
       ARRAY(SELECT p.kind || ' ' || p.revision FROM prompt p WHERE p.id = ANY(r.prompt_ids) ORDER BY p.kind, p.revision)
           AS prompts,
       r.edit_id IS NOT NULL AS edits,
       count(*) AS requests, sum(r.attempts)::bigint AS attempts,
       count(*) FILTER (WHERE r.outcome = 'answered') AS answered,
       coalesce(sum(r.input_tokens), 0)::bigint AS input_tokens,
       coalesce(sum(r.output_tokens), 0)::bigint AS output_tokens,
       coalesce(sum(r.cost_usd), 0)::float8 AS cost_usd,
       count(*) FILTER (WHERE r.outcome = 'answered' AND r.cost_usd IS NULL) AS unpriced
FROM request r
WHERE r.outcome IS NOT NULL
GROUP BY 1, 2, 3, 4, 5
ORDER BY 1 DESC, 2, 3, 4, 5;

-- name: find_runs
-- Return the latest runs and how they ended.
SELECT id, command, arguments, started_at, finished_at, summary, run_is_alive(id) AS alive
FROM run
ORDER BY id DESC
LIMIT %(limit)s;

-- name: sum_paid
-- Sum what was asked and paid, by model, purpose and outcome.
SELECT captioner, model, edit_id IS NOT NULL AS edits, outcome,
       coalesce(sum(attempts), 0)::bigint AS attempts,
       coalesce(sum(input_tokens), 0)::bigint AS input_tokens,
       coalesce(sum(output_tokens), 0)::bigint AS output_tokens,
       coalesce(sum(cost_usd), 0)::float8 AS cost_usd
FROM request
WHERE outcome IS NOT NULL
GROUP BY 1, 2, 3, 4
ORDER BY 1, 2, 3, 4;
