-- name: claim_request
-- Open a request for one image before it is sent, or return null.
SELECT claim_request(%(run_id)s, %(image_id)s, %(prompt_ids)s, %(captioner)s, %(model)s, %(retry)s,
                     %(renew)s) AS request_id;

-- name: open_request
-- Open a request without a claim: a repair of one that is still open, or a caption that is tried out.
INSERT INTO request (run_id, image_id, record_id, prompt_ids, captioner, model, renewal)
VALUES (%(run_id)s, %(image_id)s, %(record_id)s, %(prompt_ids)s, %(captioner)s, %(model)s, %(renew)s)
RETURNING id AS request_id;

-- name: close_request
-- Complete a request that brought no caption.
UPDATE request
SET outcome = %(outcome)s, answered_at = now(), attempts = %(attempts)s, input_tokens = %(input_tokens)s,
    output_tokens = %(output_tokens)s, cost_usd = %(cost_usd)s
WHERE id = %(request_id)s;

-- name: lose_abandoned
-- Close the requests of runs that died; what they were asking for is free again. Return how many there were.
WITH lost AS (
    UPDATE request SET outcome = 'lost', answered_at = now()
    WHERE outcome IS NULL AND batch IS NULL AND NOT run_is_alive(run_id)
    RETURNING id
)
SELECT count(*) AS lost FROM lost;

-- name: find_claimed_elsewhere
-- Return which of these images, alone or as the first of a record, another living run is asking for; of renewals, only
-- those with one of these prompts (null: with any).
SELECT DISTINCT r.image_id, r.record_id
FROM request r
WHERE r.image_id = ANY(%(image_ids)s) AND r.outcome IS NULL AND r.run_id <> %(run_id)s AND run_is_alive(r.run_id)
  AND (NOT r.renewal OR %(prompt_ids)s::bigint[] IS NULL OR r.prompt_ids && %(prompt_ids)s::bigint[]);

-- name: get_pace
-- Average what the latest answered requests with these prompts took: tokens, USD, and seconds from claim to answer.
SELECT count(*) AS requests, avg(r.input_tokens)::float8 AS input_tokens, avg(r.output_tokens)::float8 AS output_tokens,
       avg(r.cost_usd)::float8 AS cost_usd,
       (percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM r.answered_at - r.sent_at)))::float8 AS seconds
FROM (SELECT * FROM request
      WHERE outcome = 'answered' AND batch IS NULL AND captioner = %(captioner)s AND model = %(model)s
        AND prompt_ids = %(prompt_ids)s::bigint[]
      ORDER BY id DESC LIMIT 500) r;

-- name: hold_batches
-- Take the right to send and collect batches, one process at a time, until this connection ends.
SELECT pg_try_advisory_lock(7204, 2) AS held;

-- name: put_in_batch
-- Note under which key these requests are about to be sent as a batch.
UPDATE request SET batch = %(batch)s WHERE id = ANY(%(request_ids)s);

-- name: name_batch
-- Note the id that the endpoint gave to the batch of a key.
UPDATE request SET batch = %(batch)s WHERE batch = %(key)s AND outcome IS NULL;

-- name: find_batches
-- Return the batches that are not collected yet, the oldest first.
SELECT batch, captioner, model, count(*) AS requests
FROM request
WHERE outcome IS NULL AND batch IS NOT NULL
GROUP BY batch, captioner, model
ORDER BY min(sent_at), batch;

-- name: find_batched
-- Return which of these images wait in a batch.
SELECT DISTINCT image_id
FROM request
WHERE image_id = ANY(%(image_ids)s) AND outcome IS NULL AND batch IS NOT NULL;

-- name: get_batched
-- Return one request of a batch, unless it was collected before.
SELECT id AS request_id, image_id, prompt_ids
FROM request
WHERE id = %(request_id)s AND batch = %(batch)s AND outcome IS NULL;

-- name: find_uncollected
-- Return the requests of a batch that are not collected.
SELECT id AS request_id, image_id, prompt_ids
FROM request
WHERE batch = %(batch)s AND outcome IS NULL
ORDER BY id;

-- name: close_batch
-- Close the requests of a batch that brought nothing, and return their images.
UPDATE request SET outcome = %(outcome)s, answered_at = now()
WHERE batch = %(batch)s AND outcome IS NULL
RETURNING image_id;

-- name: drop_unsent
-- Forget requests that were claimed and never sent.
DELETE FROM request WHERE id = ANY(%(request_ids)s) AND batch IS NULL AND outcome IS NULL;
