-- name: record_failure
-- Remember that an image could not be done, once per location.
INSERT INTO failure (run_id, image_id, uri, stage, reason, retryable, quarantined, size_bytes, modified_ns)
VALUES (%(run_id)s, %(image_id)s, %(uri)s, %(stage)s, %(reason)s, %(retryable)s, %(quarantined)s, %(size_bytes)s,
        %(modified_ns)s)
ON CONFLICT (uri) DO UPDATE
    SET run_id = EXCLUDED.run_id, image_id = EXCLUDED.image_id, stage = EXCLUDED.stage, reason = EXCLUDED.reason,
        retryable = EXCLUDED.retryable, quarantined = EXCLUDED.quarantined, size_bytes = EXCLUDED.size_bytes,
        modified_ns = EXCLUDED.modified_ns, attempts = failure.attempts + 1, last_at = now();

-- name: find_standing
-- Return the failures of these locations that only a changed file or --retry-failed would mend.
SELECT f.uri, f.stage, f.reason, f.size_bytes, f.modified_ns, f.quarantined
FROM failure f
WHERE f.uri = ANY(%(uris)s) AND NOT f.retryable AND (NOT f.quarantined OR NOT EXISTS (
    SELECT FROM caption c WHERE c.image_id = f.image_id AND c.kind = 'retrieval' AND c.quarantine IS NULL));

-- name: find_failures
-- Return what could not be done, the latest first; a quarantined image that has a servable caption is not among them.
SELECT f.uri AS location, f.stage, f.reason, f.attempts, f.retryable, f.quarantined, f.last_at
FROM failure f
WHERE NOT f.quarantined OR NOT EXISTS (
    SELECT FROM caption c WHERE c.image_id = f.image_id AND c.kind = 'retrieval' AND c.quarantine IS NULL)
ORDER BY f.last_at DESC, f.id DESC;

-- name: clear_import_failures
-- Forget what was wrong with the lines of a captions file, before it is read again.
DELETE FROM failure WHERE stage = 'import' AND starts_with(uri, %(prefix)s);
