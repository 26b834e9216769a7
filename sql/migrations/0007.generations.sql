-- Generations that are built beside the live one: what each caption is worth to which, and who may ask for what.

ALTER TABLE generation DROP CONSTRAINT generation_state_check;
ALTER TABLE generation ADD CHECK (state IN ('building', 'ready', 'live', 'retired', 'dropping'));
ALTER TABLE generation ADD COLUMN verdict text;   -- what the gate said of it
ALTER TABLE generation ADD COLUMN retired_at timestamptz; -- when another one last took its place; null: it never was live
ALTER TABLE generation ADD COLUMN taken_back boolean NOT NULL DEFAULT false; -- whether that was by a rollback

CREATE VIEW known_generation AS
SELECT g.id, g.prompt_id, p.revision AS prompt_revision, g.captioner, g.model, g.embedder, g.dimensions, g.state,
       g.entries, g.calibration, g.calibrated_entries, g.created_at, g.activated_at, g.retired_at, g.taken_back,
       g.verdict
FROM generation g
LEFT JOIN prompt p ON p.id = g.prompt_id;

-- Make a generation the live one and retire the one before it; false, and nothing done, unless it is ready or retired and
-- (where p_instead_of is given) that one is still live. Activations queue up, and each sees what the one before it did.
CREATE FUNCTION activate_generation(p_id bigint, p_instead_of bigint) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(7204, 4); -- of its own: batches are held for hours
    IF p_instead_of IS NOT NULL AND NOT EXISTS (
            SELECT FROM generation WHERE id = p_instead_of AND state = 'live') THEN
        RETURN false;
    END IF;
    PERFORM FROM generation WHERE id = p_id AND state IN ('ready', 'retired') FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE generation SET state = 'retired', retired_at = clock_timestamp() WHERE state = 'live';
    -- The clock, not the transaction's start: whoever waited above went live after the one that it waited for.
    UPDATE generation SET state = 'live', activated_at = clock_timestamp(), taken_back = false WHERE id = p_id;
    RETURN true;
END
$$;

-- A renewal is what a reindex asks for: it is of the generation that is being built, and no other's business.
ALTER TABLE request ADD COLUMN renewal boolean NOT NULL DEFAULT false;
ALTER TABLE caption ADD COLUMN renewal boolean NOT NULL DEFAULT false;

-- Tell whether a generation is made of captions like this one.
CREATE FUNCTION is_own(c caption, g generation) RETURNS boolean
LANGUAGE sql STABLE
RETURN (c.captioner, c.model) = (g.captioner, g.model) AND c.prompt_id IS NOT DISTINCT FROM g.prompt_id;

-- Tell whether a generation has a prompt of its own, and this is another. One index has one wording: what takes no prompt,
-- or one without words, is asked whatever the wording.
CREATE FUNCTION is_replaced(p_prompt_id bigint, g generation) RETURNS boolean
LANGUAGE sql STABLE
RETURN coalesce(p_prompt_id <> g.prompt_id, false)
    AND NOT EXISTS (SELECT FROM prompt WHERE id IN (p_prompt_id, g.prompt_id) AND text = '');

-- What a caption is worth to a generation: the greatest serves, null never does. Captions of its own making are the best
-- of their rank. What came after the generation went live is worth nothing to it where it is a renewal, which another
-- generation asked for, or a late answer to a replaced prompt; when the generation goes live again, it does not come late
-- any more. Renewals fill gaps alone even then where they came after the generation was made, or where nothing of their
-- making ever was live. Captions that a request did not bring came late only where another generation has their prompt.
CREATE FUNCTION caption_worth(c caption, g generation) RETURNS bigint[]
LANGUAGE sql STABLE
RETURN CASE
    WHEN is_own(c, g) THEN ARRAY[c.rank, 1, c.id]
    WHEN c.created_at > g.activated_at AND (
        c.renewal
        OR (is_replaced(c.prompt_id, g)
            AND (c.request_id IS NOT NULL OR EXISTS (SELECT FROM generation o WHERE o.prompt_id = c.prompt_id)))) THEN NULL
    WHEN c.renewal AND (c.created_at > g.created_at OR NOT EXISTS (
        SELECT FROM generation o WHERE is_own(c, o) AND (o.state = 'live' OR o.retired_at IS NOT NULL)))
        THEN ARRAY[-1, c.rank, c.id]
    ELSE ARRAY[c.rank, 0, c.id]
END;

-- What a caption is worth now: to the live generation where it is for retrieval, else by its rank and age.
CREATE FUNCTION live_worth(c caption) RETURNS bigint[]
LANGUAGE sql STABLE
RETURN CASE
    WHEN c.kind = 'retrieval' AND EXISTS (SELECT FROM generation WHERE state = 'live')
        THEN (SELECT caption_worth(c, g) FROM generation g WHERE g.state = 'live')
    ELSE ARRAY[c.rank, 0, c.id]
END;

-- Tell whether an image has a caption that may serve of each of these kinds (null: of any) that it has captions of.
CREATE OR REPLACE FUNCTION image_serves(p_image_id bigint, p_kinds text[]) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT coalesce(bool_and(k.is_usable), false)
    FROM (SELECT bool_or((c.quarantine IS NULL AND live_worth(c) IS NOT NULL)
                         OR EXISTS (SELECT FROM correction r
                                    WHERE r.image_id = c.image_id AND r.kind = c.kind)) AS is_usable
          FROM caption c
          WHERE c.image_id = p_image_id AND (p_kinds IS NULL OR c.kind = ANY(p_kinds))
          GROUP BY c.kind) k
$$;

-- Name those of the kinds wanted that an image need not be asked for: a retrieval caption of any revision will do that is
-- worth something to the live generation, other kinds want their own; a quarantined caption is one only to the captioner
-- and model that wrote it, and with p_retry to none.
CREATE OR REPLACE FUNCTION captioned_kinds(
    p_image_id bigint, p_kinds text[], p_prompt_ids bigint[], p_rank integer, p_captioner text, p_model text,
    p_retry boolean
) RETURNS text[]
LANGUAGE sql STABLE AS $$
    SELECT ARRAY(SELECT w.kind FROM unnest(p_kinds, p_prompt_ids) AS w (kind, prompt_id)
                 WHERE EXISTS (SELECT FROM caption c
                               WHERE c.image_id = p_image_id AND c.kind = w.kind AND c.rank >= p_rank
                                 AND CASE WHEN w.kind = 'retrieval' THEN live_worth(c) IS NOT NULL
                                          ELSE w.prompt_id IS NULL OR c.prompt_id = w.prompt_id END
                                 AND (c.quarantine IS NULL
                                      OR (NOT p_retry AND c.captioner = p_captioner AND c.model = p_model))))
$$;

-- Open a request for an image and return its id; null when any of the captions asked for is there, when a living run or
-- a batch is asking for one of them (for retrieval, of whatever revision, captioner and model: any will do), when the
-- live generation has another prompt, or (unless p_retry) when all of them were refused or quarantined. Renewals and
-- other requests stand in each other's way only where they ask for the very same; so do those with p_renew and captions.
-- A renewal that is there, worth nothing to the live generation, joins it when somebody else asks for the same.
DROP FUNCTION claim_request(bigint, bigint, bigint[], text, text, boolean);
CREATE FUNCTION claim_request(
    p_run_id bigint, p_image_id bigint, p_prompt_ids bigint[], p_captioner text, p_model text, p_retry boolean,
    p_renew boolean
) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    claimed bigint;
BEGIN
    PERFORM FROM image WHERE id = p_image_id FOR NO KEY UPDATE;
    IF NOT p_renew THEN
        UPDATE caption c SET renewal = false
        FROM generation live
        WHERE live.state = 'live' AND c.image_id = p_image_id AND c.prompt_id = ANY(p_prompt_ids)
          AND c.captioner = p_captioner AND c.model = p_model AND c.kind = 'retrieval'
          AND c.renewal AND c.quarantine IS NULL AND caption_worth(c, live) IS NULL AND NOT is_replaced(c.prompt_id, live);
        IF FOUND THEN
            UPDATE image SET changes = changes + 1 WHERE id = p_image_id;
        END IF;
    END IF;
    INSERT INTO request (run_id, image_id, prompt_ids, captioner, model, renewal)
    SELECT p_run_id, p_image_id, p_prompt_ids, p_captioner, p_model, p_renew
    WHERE NOT EXISTS (
            SELECT FROM request r
            JOIN prompt theirs ON theirs.id = ANY(r.prompt_ids)
            JOIN prompt ours ON ours.id = ANY(p_prompt_ids)
            WHERE r.image_id = p_image_id AND r.outcome IS NULL
              AND CASE WHEN p_renew OR r.renewal
                       THEN ours.id = theirs.id AND r.captioner = p_captioner AND r.model = p_model
                       ELSE ours.id = theirs.id OR (ours.kind = 'retrieval' AND theirs.kind = 'retrieval') END
              AND (r.batch IS NOT NULL OR r.run_id = p_run_id OR run_is_alive(r.run_id)))
      AND NOT EXISTS (
            SELECT FROM caption c
            WHERE c.image_id = p_image_id AND c.prompt_id = ANY(p_prompt_ids)
              AND c.captioner = p_captioner AND c.model = p_model
              AND (c.quarantine IS NULL OR NOT p_retry))
      AND (p_renew OR NOT EXISTS (
            SELECT FROM generation live
            JOIN prompt ours ON ours.id = ANY(p_prompt_ids) AND ours.kind = 'retrieval'
            WHERE live.state = 'live' AND is_replaced(ours.id, live)))
      AND (p_retry OR NOT EXISTS (
            SELECT FROM failure f
            WHERE f.image_id = p_image_id AND f.stage = 'caption' AND NOT f.retryable
              AND (f.prompt_ids IS NULL OR p_prompt_ids <@ f.prompt_ids)
              AND f.captioner = p_captioner AND f.model = p_model))
    RETURNING id INTO claimed;
    RETURN claimed;
END
$$;

-- Tell whether captions of a kind are wanted of an image that is somewhere: it has some, or somebody asked for them.
CREATE FUNCTION is_of_kind(i image, p_kind text) RETURNS boolean
LANGUAGE sql STABLE
RETURN EXISTS (SELECT FROM location l WHERE l.image_id = i.id)
    AND (EXISTS (SELECT FROM caption c WHERE c.image_id = i.id AND c.kind = p_kind)
         OR EXISTS (SELECT FROM correction k WHERE k.image_id = i.id AND k.kind = p_kind)
         OR EXISTS (SELECT FROM request r JOIN prompt p ON p.id = ANY(r.prompt_ids)
                    WHERE r.image_id = i.id AND r.record_id IS NULL AND r.outcome IS NULL AND p.kind = p_kind)
         OR EXISTS (SELECT FROM failure f JOIN prompt p ON p.id = ANY(f.prompt_ids)
                    WHERE f.image_id = i.id AND f.stage = 'caption' AND p.kind = p_kind));

-- Tell whether an image is to be asked for captions of a kind anew: captions of that kind it has, or somebody asked for them,
-- but none of this making. What was refused is left alone unless p_retry, and so is what has a caption of a higher rank.
CREATE FUNCTION is_stale(
    i image, p_kind text, p_prompt_id bigint, p_captioner text, p_model text, p_rank integer, p_retry boolean
) RETURNS boolean
LANGUAGE sql STABLE
RETURN is_of_kind(i, p_kind)
    AND NOT EXISTS (SELECT FROM caption c
                    WHERE c.image_id = i.id AND c.kind = p_kind
                      AND ((c.quarantine IS NULL AND c.rank > p_rank)
                           OR (c.prompt_id IS NOT DISTINCT FROM p_prompt_id AND c.captioner = p_captioner
                               AND c.model = p_model AND (c.quarantine IS NULL OR NOT p_retry))))
    AND (p_retry OR NOT EXISTS (
             SELECT FROM failure f
             WHERE f.image_id = i.id AND f.stage = 'caption' AND NOT f.retryable
               AND f.captioner = p_captioner AND f.model = p_model
               AND (f.prompt_ids IS NULL OR p_prompt_id = ANY(f.prompt_ids))));
