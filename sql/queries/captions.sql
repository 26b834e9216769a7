-- name: store_answer
-- Keep captions of one image, complete their request and clear the image's failures, all or nothing; return a row where
-- a servable caption is new or changed. A renewal makes no entry stale (mark_outdated finds those that it is for), and what
-- once served without being one never becomes one.
WITH completed AS (
    UPDATE request
    SET outcome = %(outcome)s, answered_at = now(), attempts = %(attempts)s, input_tokens = %(input_tokens)s,
        output_tokens = %(output_tokens)s, cost_usd = %(cost_usd)s
    WHERE id = %(request_id)s
), stored AS (
    INSERT INTO caption (image_id, kind, prompt_id, captioner, model, sentences, keywords, visible_text, uncertain,
                         fields, quarantine, max_edge, request_id, digest, renewal)
    SELECT %(image_id)s, a.kind, a.prompt_id, %(captioner)s, %(model)s, a.sentences, a.keywords, a.visible_text,
           a.uncertain, a.fields, a.quarantine, %(max_edge)s, %(request_id)s, a.digest,
           coalesce((SELECT r.renewal FROM request r WHERE r.id = %(request_id)s), %(renewal)s)
    FROM jsonb_to_recordset(%(captions)s) AS a (
        kind text, prompt_id bigint, sentences text[], keywords text[], visible_text text, uncertain boolean,
        fields jsonb, quarantine text, digest bytea)
    ON CONFLICT (image_id, kind, prompt_id, captioner, model) DO UPDATE
        SET sentences = EXCLUDED.sentences, keywords = EXCLUDED.keywords, visible_text = EXCLUDED.visible_text,
            uncertain = EXCLUDED.uncertain, fields = EXCLUDED.fields, quarantine = EXCLUDED.quarantine,
            max_edge = EXCLUDED.max_edge, request_id = EXCLUDED.request_id, digest = EXCLUDED.digest,
            renewal = EXCLUDED.renewal AND (caption.renewal OR caption.quarantine IS NOT NULL), created_at = now()
        WHERE (caption.sentences, caption.keywords, caption.visible_text, caption.uncertain, caption.fields,
               caption.quarantine)
              IS DISTINCT FROM
              (EXCLUDED.sentences, EXCLUDED.keywords, EXCLUDED.visible_text, EXCLUDED.uncertain, EXCLUDED.fields,
               EXCLUDED.quarantine)
           OR (caption.renewal AND NOT EXCLUDED.renewal)
    RETURNING kind, prompt_id, captioner, model, quarantine, renewal
), cleared AS (
    DELETE FROM failure f
    WHERE f.image_id = %(image_id)s AND EXISTS (
        SELECT FROM stored s
        WHERE s.quarantine IS NULL AND (f.prompt_ids IS NULL OR s.prompt_id IS NULL OR s.prompt_id = ANY(f.prompt_ids)))
      AND NOT EXISTS (SELECT FROM stored s WHERE s.quarantine IS NOT NULL AND s.prompt_id = ANY(f.prompt_ids))
), servable AS (
    SELECT * FROM stored WHERE kind = 'retrieval' AND quarantine IS NULL
), touched AS (
    UPDATE image i SET changes = changes + 1
    FROM servable s
    WHERE i.id = %(image_id)s
      AND (NOT s.renewal OR i.changes = 0)
)
SELECT FROM servable;

-- name: find_captions
-- Return every caption of an image, the one that serves first within its kind: a person's is before all others.
SELECT c.kind, c.captioner, c.model, p.revision AS prompt_revision, c.sentences, c.keywords, c.visible_text,
       c.uncertain, c.quarantine, c.fields, c.created_at
FROM (
    SELECT k.kind, 'correction' AS captioner, '' AS model, NULL AS prompt_id, k.sentences, '{}'::text[] AS keywords,
           '' AS visible_text, false AS uncertain, NULL AS quarantine, NULL AS fields, k.created_at,
           ARRAY[1000]::bigint[] AS worth
    FROM correction k WHERE k.image_id = %(image_id)s
    UNION ALL
    SELECT c.kind, c.captioner, c.model, c.prompt_id, c.sentences, c.keywords, c.visible_text, c.uncertain,
           c.quarantine, c.fields, c.created_at, live_worth(c) AS worth
    FROM caption c WHERE c.image_id = %(image_id)s
) c
LEFT JOIN prompt p ON p.id = c.prompt_id
ORDER BY c.kind, c.quarantine IS NOT NULL, c.worth DESC NULLS LAST, c.created_at DESC;

-- name: find_repeats
-- Return the images, this one among them, that got the very reply of a captioner that this one got to one of these
-- prompts; what it said of the image before is good by itself.
SELECT o.image_id, i.perceptual_hash
FROM caption c
JOIN caption o ON o.digest = c.digest AND o.prompt_id = c.prompt_id AND o.captioner = c.captioner AND o.model = c.model
JOIN image i ON i.id = o.image_id
WHERE c.image_id = %(image_id)s AND c.prompt_id = ANY(%(prompt_ids)s) AND c.captioner = %(captioner)s
  AND c.model = %(model)s AND c.digest IS NOT NULL
ORDER BY o.id
LIMIT 50;

-- name: count_late
-- Count the captions of a run that came after another generation went live, too late for it; and those of them whose image
-- is to be asked about again.
SELECT g.id AS generation_id, count(*) AS captions,
       count(*) FILTER (WHERE captioned_kinds(c.image_id, '{retrieval}', ARRAY[g.prompt_id], c.rank, c.captioner, c.model,
                                              false) = '{}') AS unanswered
FROM run
JOIN generation g ON g.state = 'live' AND g.activated_at > run.started_at
JOIN request r ON r.run_id = run.id AND r.outcome IS NOT NULL
JOIN caption c ON c.image_id = r.image_id AND c.request_id = r.id
WHERE run.id = %(run_id)s AND c.kind = 'retrieval' AND c.quarantine IS NULL AND NOT c.renewal
  AND caption_worth(c, g) IS NULL
GROUP BY g.id;

-- name: quarantine_repeats
-- Quarantine this image's reply to these prompts wherever it was given, as a failure of each of its images; return those that served
-- until now, and whether they were captioned in this run.
WITH found AS (
    SELECT o.id
    FROM caption c
    JOIN caption o ON o.digest = c.digest AND o.prompt_id = c.prompt_id AND o.captioner = c.captioner AND o.model = c.model
    WHERE c.image_id = %(image_id)s AND c.prompt_id = ANY(%(prompt_ids)s) AND c.captioner = %(captioner)s
      AND c.model = %(model)s AND o.quarantine IS NULL
    ORDER BY o.id
    FOR NO KEY UPDATE OF o
), suspect AS (
    UPDATE caption o SET quarantine = %(reason)s
    FROM found WHERE o.id = found.id AND o.quarantine IS NULL
    RETURNING o.image_id, o.request_id, o.prompt_id, o.renewal
), touched AS (
    UPDATE image SET changes = changes + 1 WHERE id IN (SELECT image_id FROM suspect WHERE NOT renewal)
), noted AS (
    INSERT INTO failure (run_id, image_id, location, stage, captioner, model, prompt_ids, reason, retryable, quarantined,
                         size_bytes, modified_ns)
    SELECT DISTINCT ON (l.image_id) %(run_id)s, l.image_id, l.location, 'caption', %(captioner)s, %(model)s,
           ARRAY[s.prompt_id], %(reason)s, false, true, l.size_bytes, l.modified_ns
    FROM suspect s
    JOIN location l ON l.image_id = s.image_id
    ORDER BY l.image_id, l.id
    ON CONFLICT (location) DO UPDATE
        SET run_id = EXCLUDED.run_id, image_id = EXCLUDED.image_id, stage = EXCLUDED.stage,
            captioner = EXCLUDED.captioner, model = EXCLUDED.model, prompt_ids = EXCLUDED.prompt_ids,
            reason = EXCLUDED.reason, retryable = EXCLUDED.retryable, quarantined = EXCLUDED.quarantined, size_bytes = EXCLUDED.size_bytes,
            modified_ns = EXCLUDED.modified_ns, attempts = failure.attempts + 1, last_at = now()
)
SELECT s.image_id,
       coalesce(r.answered_at >= (SELECT started_at FROM run WHERE id = %(run_id)s), false) AS in_this_run
FROM suspect s
LEFT JOIN request r ON r.id = s.request_id;
