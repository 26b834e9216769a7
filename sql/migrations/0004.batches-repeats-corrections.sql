-- Batches that outlive their run, replies that repeat, and corrections that make an image searchable by themselves.

-- Requests that wait in an endpoint's batch stay claimed when their run has ended: `request.batch` is our key in the
-- batch's metadata until the endpoint has answered with the batch's id, then that id.

CREATE INDEX request_batch ON request (batch) WHERE outcome IS NULL AND batch IS NOT NULL;

-- What was asked when it failed: asking for anything else is no second try. Null where no prompt was.
ALTER TABLE failure ADD COLUMN prompt_ids bigint[];

-- A caption that is asked for without indexing anything is in the ledger, too.
ALTER TABLE request ALTER COLUMN image_id DROP NOT NULL;

-- Open a request for an image and return its id; null when any of the captions asked for is there, when a living run or
-- a batch is asking for one of them (for retrieval, of whatever revision, captioner and model: any will do), or (unless
-- p_retry) when all of them were refused or quarantined. As in 0001, but for the batches, and but that nothing is bought
-- again together with something else.
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
            JOIN prompt theirs ON theirs.id = ANY(r.prompt_ids)
            JOIN prompt ours ON ours.id = ANY(p_prompt_ids)
            WHERE r.image_id = p_image_id AND r.outcome IS NULL
              AND (ours.id = theirs.id OR (ours.kind = 'retrieval' AND theirs.kind = 'retrieval'))
              AND (r.batch IS NOT NULL OR r.run_id = p_run_id OR run_is_alive(r.run_id)))
      AND NOT EXISTS (
            SELECT FROM caption c
            WHERE c.image_id = p_image_id AND c.prompt_id = ANY(p_prompt_ids)
              AND c.captioner = p_captioner AND c.model = p_model
              AND (c.quarantine IS NULL OR NOT p_retry))
      AND (p_retry OR NOT EXISTS (
            SELECT FROM failure f
            WHERE f.image_id = p_image_id AND f.stage = 'caption' AND NOT f.retryable
              AND (f.prompt_ids IS NULL OR p_prompt_ids <@ f.prompt_ids)
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

-- Tell whether an image has a caption that may serve of each of these kinds (null: of any) that it has captions of.
CREATE FUNCTION image_serves(p_image_id bigint, p_kinds text[]) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT coalesce(bool_and(k.is_usable), false)
    FROM (SELECT bool_or(c.quarantine IS NULL OR EXISTS (SELECT FROM correction r
                                                         WHERE r.image_id = c.image_id AND r.kind = c.kind)) AS is_usable
          FROM caption c
          WHERE c.image_id = p_image_id AND (p_kinds IS NULL OR c.kind = ANY(p_kinds))
          GROUP BY c.kind) k
$$;

-- Tell whether a failure still means something: not where a caption serves in place of a quarantined one, nor where a
-- person wrote what a captioner would not.
CREATE FUNCTION failure_stands(f failure) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN f.stage <> 'caption' THEN true
        WHEN f.quarantined THEN NOT (image_serves(f.image_id, NULL) OR record_serves(f.record_id))
        ELSE NOT EXISTS (SELECT FROM correction k WHERE k.image_id = f.image_id AND k.kind = 'retrieval')
    END
$$;

-- Name those of the kinds wanted that an image need not be asked for: a retrieval caption of any revision will do, other
-- kinds want their own; a quarantined caption is one only to the captioner and model that wrote it, and with p_retry to
-- none.
DROP FUNCTION captioned_kinds(bigint, text[], bigint[], integer, boolean);
CREATE FUNCTION captioned_kinds(
    p_image_id bigint, p_kinds text[], p_prompt_ids bigint[], p_rank integer, p_captioner text, p_model text,
    p_retry boolean
) RETURNS text[]
LANGUAGE sql STABLE AS $$
    SELECT ARRAY(SELECT w.kind FROM unnest(p_kinds, p_prompt_ids) AS w (kind, prompt_id)
                 WHERE EXISTS (SELECT FROM caption c
                               WHERE c.image_id = p_image_id AND c.kind = w.kind AND c.rank >= p_rank
                                 AND (w.kind = 'retrieval' OR w.prompt_id IS NULL OR c.prompt_id = w.prompt_id)
                                 AND (c.quarantine IS NULL
                                      OR (NOT p_retry AND c.captioner = p_captioner AND c.model = p_model))))
$$;
