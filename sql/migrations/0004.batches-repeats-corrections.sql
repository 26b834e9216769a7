-- Batches that outlive their run, replies that repeat, and corrections that make an image searchable by themselves.

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

-- What a picture looks like: images whose hashes differ in more than 10 of the 64 bits are unlike.
ALTER TABLE image ADD COLUMN perceptual_hash bigint;

-- SHA-256 of a whole retrieval reply; null where no prompt asked for it.
ALTER TABLE caption ADD COLUMN digest bytea;
CREATE INDEX caption_digest ON caption (digest) WHERE digest IS NOT NULL;

-- Tell whether an image has a retrieval caption that may serve: a model's, or a person's.
CREATE OR REPLACE FUNCTION is_servable(p_image_id bigint) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM caption c
                   WHERE c.image_id = p_image_id AND c.kind = 'retrieval' AND c.quarantine IS NULL)
        OR EXISTS (SELECT FROM correction k WHERE k.image_id = p_image_id AND k.kind = 'retrieval')
$$;
