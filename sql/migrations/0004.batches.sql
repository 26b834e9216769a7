-- Requests that wait in an endpoint's batch stay claimed when their run has ended: `request.batch` is our key in the
-- batch's metadata until the endpoint has answered with the batch's id, then that id.

CREATE INDEX request_batch ON request (batch) WHERE outcome IS NULL AND batch IS NOT NULL;

-- A caption that is asked for without indexing anything is in the ledger, too.
ALTER TABLE request ALTER COLUMN image_id DROP NOT NULL;

-- As in 0001, and an open request in a batch is a claim whether or not its run lives.
CREATE OR REPLACE FUNCTION claim_request(
    p_run_id bigint, p_image_id bigint, p_prompt_ids bigint[], p_captioner text, p_model text, p_retry boolean
) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    claimed bigint;
BEGIN
    PERFORM FROM image WHERE id = p_image_id FOR NO KEY UPDATE;
    INSERT INTO request (run_id, image_id, prompt_ids, captioner, model)
    SELECT p_run_id, p_image_id, p_prompt_ids, p_captioner, p_model
    WHERE NOT EXISTS (
            SELECT FROM request r
            WHERE r.image_id = p_image_id AND r.outcome IS NULL AND r.prompt_ids && p_prompt_ids
              AND r.captioner = p_captioner AND r.model = p_model
              AND (r.batch IS NOT NULL OR r.run_id = p_run_id OR run_is_alive(r.run_id)))
      AND EXISTS (
            SELECT FROM unnest(p_prompt_ids) AS asked (prompt_id)
            WHERE NOT EXISTS (
                SELECT FROM caption c
                WHERE c.image_id = p_image_id AND c.prompt_id = asked.prompt_id
                  AND c.captioner = p_captioner AND c.model = p_model
                  AND (c.quarantine IS NULL OR NOT p_retry)))
      AND (p_retry OR NOT EXISTS (
            SELECT FROM failure f
            WHERE f.image_id = p_image_id AND f.stage = 'caption' AND NOT f.retryable
              AND f.captioner = p_captioner AND f.model = p_model))
    RETURNING id INTO claimed;
    RETURN claimed;
END
$$;
