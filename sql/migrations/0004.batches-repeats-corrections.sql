-- Batches that outlive their run, replies that repeat, and corrections that make an image searchable by themselves.

-- Requests that wait in an endpoint's batch stay claimed when their run has ended: `request.batch` is our key in the
-- batch's metadata until the endpoint has answered with the batch's id, then that id.

CREATE INDEX request_batch ON request (batch) WHERE outcome IS NULL AND batch IS NOT NULL;

-- A caption that is asked for without indexing anything is in the ledger, too.
ALTER TABLE request ALTER COLUMN image_id DROP NOT NULL;

-- Open a request for an image and return its id; null when any of the captions asked for is there, when a living run is
-- asking for one or a batch has it, or (unless p_retry) when they were refused or quarantined. As in 0001, but for the
-- batches, and for the captions that are there: none of them is bought again with the others.
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
      AND NOT EXISTS (
            SELECT FROM caption c
            WHERE c.image_id = p_image_id AND c.prompt_id = ANY(p_prompt_ids)
              AND c.captioner = p_captioner AND c.model = p_model
              AND (c.quarantine IS NULL OR NOT p_retry))
      AND (p_retry OR NOT EXISTS (
            SELECT FROM failure f
            WHERE f.image_id = p_image_id AND f.stage = 'caption' AND NOT f.retryable AND NOT f.quarantined
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

-- Tell whether an image has a caption that may serve of every kind that it has captions of.
CREATE FUNCTION image_serves(p_image_id bigint) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT coalesce(bool_and(k.is_usable), false)
    FROM (SELECT bool_or(c.quarantine IS NULL OR EXISTS (SELECT FROM correction r
                                                         WHERE r.image_id = c.image_id AND r.kind = c.kind)) AS is_usable
          FROM caption c WHERE c.image_id = p_image_id GROUP BY c.kind) k
$$;
