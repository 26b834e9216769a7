-- name: keep_lines
-- Keep lines of a manifest as they are written; one that was written otherwise before is another record.
INSERT INTO manifest_line (manifest, position, written, image_location)
SELECT %(manifest)s, l.position, l.written, l.image_location
FROM unnest(%(positions)s::integer[], %(written)s::text[], %(image_locations)s::text[])
    AS l (position, written, image_location)
ON CONFLICT (manifest, position) DO UPDATE
    SET written = EXCLUDED.written, image_location = EXCLUDED.image_location, record_id = NULL
    WHERE manifest_line.written <> EXCLUDED.written;

-- name: drop_other_lines
-- Forget the lines of a manifest that are no more, and its failures but those of records that are where they were.
WITH dropped AS (
    DELETE FROM manifest_line l WHERE l.manifest = %(manifest)s AND l.position <> ALL(%(positions)s::integer[])
)
DELETE FROM failure f
WHERE starts_with(f.location, %(manifest)s || ':') AND (f.stage = 'record' OR f.record_id IS NOT NULL)
  AND NOT EXISTS (
        SELECT FROM manifest_line l
        WHERE l.manifest = %(manifest)s AND l.position = substring(f.location FROM ':(\d{1,9})$')::integer
          AND l.position = ANY(%(positions)s::integer[]) AND l.record_id = f.record_id);

-- name: find_known
-- Return which of these lines hold a record that is known, which of the kinds wanted it need not be asked for, and why
-- one of them may not serve.
SELECT l.manifest, l.position, r.id AS record_id, r.key,
       answered_kinds(r.id, %(kinds)s, %(captioner)s, %(model)s, %(retry)s) AS answered,
       why_quarantined(r.id, %(kinds)s, %(captioner)s, %(model)s) AS reason
FROM unnest(%(manifests)s::text[], %(positions)s::integer[]) AS w (manifest, position)
JOIN manifest_line l USING (manifest, position)
JOIN record r ON r.id = l.record_id;

-- name: register_record
-- Add a record with its images, and say at which line it is; return what find_known does.
WITH registered AS (
    INSERT INTO record (key, text) VALUES (%(key)s, %(text)s)
    ON CONFLICT (key) DO UPDATE SET key = EXCLUDED.key
    RETURNING id, key
), pictured AS (
    INSERT INTO record_image (record_id, position, image_id)
    SELECT r.id, i.position, i.image_id
    FROM registered r, unnest(%(image_ids)s::bigint[]) WITH ORDINALITY AS i (image_id, position)
    ON CONFLICT DO NOTHING
), placed AS (
    UPDATE manifest_line SET record_id = (SELECT id FROM registered)
    WHERE manifest = %(manifest)s AND position = %(position)s
), cleared AS (
    DELETE FROM failure f
    WHERE f.location = %(manifest)s || ':' || %(position)s
      AND f.record_id IS DISTINCT FROM (SELECT id FROM registered)
)
SELECT %(manifest)s::text AS manifest, %(position)s::integer AS position, r.id AS record_id, r.key,
       answered_kinds(r.id, %(kinds)s, %(captioner)s, %(model)s, %(retry)s) AS answered,
       why_quarantined(r.id, %(kinds)s, %(captioner)s, %(model)s) AS reason
FROM registered r;

-- name: claim_record
-- Open a request for one record before it is sent, or return null.
SELECT claim_record(%(run_id)s, %(record_id)s, %(kinds)s, %(captioner)s, %(model)s, %(retry)s) AS request_id;

-- name: store_answer
-- Keep captions of one record, complete its request and clear its failures, all or nothing. The retrieval caption of a
-- record with one image is that image's too, where no captioner of its rank or a higher has one.
WITH completed AS (
    UPDATE request
    SET outcome = %(outcome)s, answered_at = now(), attempts = %(attempts)s, input_tokens = %(input_tokens)s,
        output_tokens = %(output_tokens)s, cost_usd = %(cost_usd)s
    WHERE id = %(request_id)s
), stored AS (
    INSERT INTO record_caption (record_id, kind, captioner, model, sentences, keywords, visible_text, uncertain, fields,
                                quarantine, max_edge, request_id)
    SELECT %(record_id)s, a.kind, %(captioner)s, %(model)s, a.sentences, a.keywords, a.visible_text, a.uncertain,
           a.fields, a.quarantine, %(max_edge)s, %(request_id)s
    FROM jsonb_to_recordset(%(captions)s) AS a (
        kind text, sentences text[], keywords text[], visible_text text, uncertain boolean, fields jsonb,
        quarantine text)
    ON CONFLICT (record_id, kind, captioner, model) DO UPDATE
        SET sentences = EXCLUDED.sentences, keywords = EXCLUDED.keywords, visible_text = EXCLUDED.visible_text,
            uncertain = EXCLUDED.uncertain, fields = EXCLUDED.fields, quarantine = EXCLUDED.quarantine,
            max_edge = EXCLUDED.max_edge, request_id = EXCLUDED.request_id, created_at = now()
    RETURNING kind, sentences, keywords, visible_text, uncertain, quarantine
), shared AS (
    INSERT INTO caption (image_id, kind, captioner, model, sentences, keywords, visible_text, uncertain, max_edge,
                         request_id)
    SELECT i.image_id, s.kind, %(captioner)s, %(model)s, s.sentences, s.keywords, s.visible_text, s.uncertain,
           %(max_edge)s, %(request_id)s
    FROM stored s
    JOIN record_image i ON i.record_id = %(record_id)s AND i.position = 1
    WHERE s.kind = 'retrieval' AND s.quarantine IS NULL
      AND NOT EXISTS (SELECT FROM record_image o WHERE o.record_id = %(record_id)s AND o.position > 1)
      AND NOT EXISTS (SELECT FROM caption c
                      WHERE c.image_id = i.image_id AND c.kind = s.kind AND c.quarantine IS NULL
                        AND c.rank >= %(rank)s AND live_worth(c) IS NOT NULL)
    ON CONFLICT DO NOTHING
    RETURNING image_id
), changed AS (
    UPDATE image SET changes = changes + 1 WHERE id IN (SELECT image_id FROM shared)
)
DELETE FROM failure f
WHERE f.image_id IN (SELECT image_id FROM shared)
   OR (f.record_id = %(record_id)s AND EXISTS (SELECT FROM stored)
       AND NOT EXISTS (SELECT FROM stored WHERE quarantine IS NOT NULL));

-- name: find_lines
-- Return lines of one manifest, or of all, in their order, with what was answered last for one kind: the record's own
-- caption, or for a plain file the image's.
SELECT l.manifest, l.position, l.written, coalesce(a.sentences, p.sentences) AS sentences,
       coalesce(a.fields, p.fields) AS fields
FROM manifest_line l
LEFT JOIN LATERAL (
    SELECT c.sentences, c.fields
    FROM record_caption c
    WHERE c.record_id = l.record_id AND c.kind = %(kind)s AND c.quarantine IS NULL
    ORDER BY c.created_at DESC, c.id DESC
    LIMIT 1
) a ON true
LEFT JOIN LATERAL (
    SELECT coalesce(k.sentences, c.sentences) AS sentences, c.fields
    FROM location o
    LEFT JOIN correction k ON k.image_id = o.image_id AND k.kind = %(kind)s
    LEFT JOIN caption c ON c.image_id = o.image_id AND c.kind = %(kind)s AND c.quarantine IS NULL
        AND live_worth(c) IS NOT NULL
    WHERE o.location = l.image_location AND l.record_id IS NULL
    ORDER BY live_worth(c) DESC NULLS LAST
    LIMIT 1
) p ON true
WHERE (%(manifest)s::text IS NULL OR l.manifest = %(manifest)s)
  AND (l.manifest, l.position) > (%(after_manifest)s, %(after_position)s)
ORDER BY l.manifest, l.position
LIMIT %(limit)s;

-- name: count_bare_images
-- Count the images of these manifests' records that have no caption of their own, the record having several images.
SELECT count(DISTINCT i.image_id) AS images
FROM manifest_line l
JOIN record_image i ON i.record_id = l.record_id
WHERE l.manifest = ANY(%(manifests)s) AND NOT is_servable(i.image_id)
  AND EXISTS (SELECT FROM record_image o WHERE o.record_id = l.record_id AND o.position > 1);
