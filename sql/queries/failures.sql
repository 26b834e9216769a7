-- name: record_failure
-- Remember that an image could not be done, once per location; what was refused to other prompts stays refused.
INSERT INTO failure (run_id, image_id, record_id, location, stage, captioner, model, prompt_ids, reason, retryable,
                     quarantined, size_bytes, modified_ns)
VALUES (%(run_id)s, %(image_id)s, %(record_id)s, %(location)s, %(stage)s, %(captioner)s, %(model)s, %(prompt_ids)s,
        %(reason)s, %(retryable)s, %(quarantined)s, %(size_bytes)s, %(modified_ns)s)
ON CONFLICT (location) DO UPDATE
    SET run_id = EXCLUDED.run_id, image_id = EXCLUDED.image_id, record_id = EXCLUDED.record_id,
        stage = EXCLUDED.stage, captioner = EXCLUDED.captioner, model = EXCLUDED.model,
        prompt_ids = CASE
            WHEN (failure.image_id, failure.captioner, failure.model) = (EXCLUDED.image_id, EXCLUDED.captioner, EXCLUDED.model)
                 AND NOT (failure.retryable OR EXCLUDED.retryable)
                THEN ARRAY(SELECT DISTINCT unnest(failure.prompt_ids || EXCLUDED.prompt_ids))
            ELSE EXCLUDED.prompt_ids END,
        reason = EXCLUDED.reason,
        retryable = EXCLUDED.retryable, quarantined = EXCLUDED.quarantined, size_bytes = EXCLUDED.size_bytes,
        modified_ns = EXCLUDED.modified_ns, attempts = failure.attempts + %(was_tried)s::boolean::integer, last_at = now();

-- name: find_standing
-- Return the failures of these locations that only a changed file or --retry-failed would mend: what is asked now is
-- what was asked then.
SELECT f.location, f.stage, f.reason, f.size_bytes, f.modified_ns, f.quarantined
FROM failure f
WHERE f.location = ANY(%(locations)s) AND NOT f.retryable
  AND (f.stage = 'read'
       OR (f.captioner = %(captioner)s AND f.model = %(model)s
           AND (f.prompt_ids IS NULL OR %(prompt_ids)s::bigint[] <@ f.prompt_ids)))
  AND failure_stands(f);

-- name: find_reason
-- Return why an image or a record that may not be asked about again has no caption; nothing where it has one.
SELECT f.reason, f.quarantined, f.retryable, f.prompt_ids
FROM failure f
WHERE f.stage = 'caption' AND failure_stands(f)
  AND (f.record_id = %(record_id)s
       OR (%(record_id)s::bigint IS NULL AND f.image_id = %(image_id)s AND NOT image_serves(f.image_id, NULL)))
ORDER BY f.id DESC
LIMIT 1;

-- name: find_failures
-- Return what could not be done, the latest first; what has a caption that serves instead is not among it.
SELECT f.location, f.stage, f.reason, f.attempts, f.retryable, f.quarantined, f.last_at
FROM failure f
WHERE failure_stands(f)
ORDER BY f.last_at DESC, f.id DESC
LIMIT %(limit)s;

-- name: find_locations_of
-- Return the locations of all failures of one stage.
SELECT location FROM failure WHERE stage = %(stage)s;

-- name: forget_failures
-- Forget the failures of these locations.
DELETE FROM failure WHERE location = ANY(%(locations)s);
