-- name: store_answer
-- Keep captions of one image, complete their request and clear the image's failures, all or nothing.
WITH completed AS (
    UPDATE request
    SET outcome = %(outcome)s, answered_at = now(), attempts = %(attempts)s, input_tokens = %(input_tokens)s,
        output_tokens = %(output_tokens)s, cost_usd = %(cost_usd)s
    WHERE id = %(request_id)s
), stored AS (
    INSERT INTO caption (image_id, kind, prompt_id, captioner, model, sentences, keywords, visible_text, uncertain,
                         fields, quarantine, max_edge, request_id)
    SELECT %(image_id)s, a.kind, a.prompt_id, %(captioner)s, %(model)s, a.sentences, a.keywords, a.visible_text,
           a.uncertain, a.fields, a.quarantine, %(max_edge)s, %(request_id)s
    FROM jsonb_to_recordset(%(captions)s) AS a (
        kind text, prompt_id bigint, sentences text[], keywords text[], visible_text text, uncertain boolean,
        fields jsonb, quarantine text)
    ON CONFLICT (image_id, kind, prompt_id, captioner, model) DO UPDATE
        SET sentences = EXCLUDED.sentences, keywords = EXCLUDED.keywords, visible_text = EXCLUDED.visible_text,
            uncertain = EXCLUDED.uncertain, fields = EXCLUDED.fields, quarantine = EXCLUDED.quarantine,
            max_edge = EXCLUDED.max_edge, request_id = EXCLUDED.request_id, created_at = now()
        WHERE (caption.sentences, caption.keywords, caption.visible_text, caption.uncertain, caption.quarantine)
              IS DISTINCT FROM
              (EXCLUDED.sentences, EXCLUDED.keywords, EXCLUDED.visible_text, EXCLUDED.uncertain, EXCLUDED.quarantine)
    RETURNING kind, quarantine
), cleared AS (
    DELETE FROM failure f
    WHERE f.image_id = %(image_id)s AND EXISTS (SELECT FROM stored WHERE quarantine IS NULL)
)
UPDATE image SET changes = changes + 1
WHERE id = %(image_id)s AND EXISTS (SELECT FROM stored WHERE kind = 'retrieval' AND quarantine IS NULL)
RETURNING id;

-- name: find_captions
-- Return every caption of an image, the one that serves first within its kind.
SELECT c.kind, c.captioner, c.model, p.revision AS prompt_revision, c.sentences, c.keywords, c.visible_text,
       c.uncertain, c.quarantine, c.created_at
FROM caption c
LEFT JOIN prompt p ON p.id = c.prompt_id
WHERE c.image_id = %(image_id)s
ORDER BY c.kind, c.quarantine IS NOT NULL, c.rank DESC, c.id DESC;
