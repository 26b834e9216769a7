-- name: write_correction
-- Keep a caption that a person wrote, in place of an earlier one.
WITH written AS (
    INSERT INTO correction (image_id, kind, sentences)
    VALUES (%(image_id)s, %(kind)s, %(sentences)s)
    ON CONFLICT (image_id, kind) DO UPDATE SET sentences = EXCLUDED.sentences, created_at = now()
    RETURNING image_id
)
UPDATE image SET changes = changes + 1 WHERE id IN (SELECT image_id FROM written);

-- name: undo_correction
-- Take a person's caption back, so that a captioner's serves again; return its image where there was one.
WITH undone AS (
    DELETE FROM correction WHERE image_id = %(image_id)s AND kind = %(kind)s RETURNING image_id
)
UPDATE image SET changes = changes + 1 WHERE id IN (SELECT image_id FROM undone) RETURNING id;
