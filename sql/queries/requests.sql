-- name: claim_request
-- Open a request for one image before it is sent, or return null.
SELECT claim_request(%(run_id)s, %(image_id)s, %(prompt_ids)s, %(captioner)s, %(model)s, %(retry)s) AS request_id;

-- name: open_repair
-- Open a second request for an image or a record whose first is still open: its answer could not be used.
INSERT INTO request (run_id, image_id, record_id, prompt_ids, captioner, model)
VALUES (%(run_id)s, %(image_id)s, %(record_id)s, %(prompt_ids)s, %(captioner)s, %(model)s)
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
    WHERE outcome IS NULL AND NOT run_is_alive(run_id)
    RETURNING id
)
SELECT count(*) AS lost FROM lost;

-- name: find_claimed_elsewhere
-- Return which of these images, alone or as the first of a record, another living run is asking for.
SELECT DISTINCT r.image_id, r.record_id
FROM request r
WHERE r.image_id = ANY(%(image_ids)s) AND r.outcome IS NULL AND r.run_id <> %(run_id)s AND run_is_alive(r.run_id);
