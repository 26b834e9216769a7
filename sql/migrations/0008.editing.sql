-- Edits: a row for each turn that an editor was asked, what it was made of, and the images that came back.

DROP TABLE edit_source, edit; -- nothing was ever written to them

CREATE TABLE edit (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key          bytea NOT NULL CHECK (octet_length(key) = 32), -- inputs, instructions to this turn, model, parameters
    take         integer NOT NULL CHECK (take > 0),   -- above 1: asked for once more on purpose
    after_id     bigint REFERENCES edit,              -- the turn before, whose result it edits
    turn         integer NOT NULL CHECK (turn > 0),
    instruction  text NOT NULL,                       -- empty: a variation
    conversation jsonb NOT NULL,                      -- all turns, as they were asked
    api_format   text NOT NULL CHECK (api_format IN ('openai', 'gemini')),
    model        text NOT NULL,
    parameters   jsonb NOT NULL,
    state        text NOT NULL DEFAULT 'accepted' CHECK (state IN ('accepted', 'sent', 'done', 'failed')),
    is_queued    boolean NOT NULL DEFAULT false,      -- a last turn whose request the service is to do
    worker_id    bigint REFERENCES run,               -- the service's run that does the request
    run_id       bigint REFERENCES run,               -- who does it; while that run lives, nobody else does
    reason       text,
    retryable    boolean NOT NULL DEFAULT true,
    reply        jsonb,                               -- the endpoint's own words, which the next turn gives back to it
    created_at   timestamptz NOT NULL DEFAULT now(),
    finished_at  timestamptz,
    UNIQUE (key, take)
);
CREATE INDEX edit_after ON edit (after_id);
CREATE INDEX edit_queued ON edit (id) WHERE is_queued;

-- A parent is never deleted from under its edits: the reference refuses it.
CREATE TABLE edit_source (
    edit_id  bigint NOT NULL REFERENCES edit ON DELETE CASCADE,
    position integer NOT NULL,
    image_id bigint NOT NULL REFERENCES image,
    role     text NOT NULL CHECK (role IN ('input', 'mask', 'reference')),
    file     text,                                    -- of a mask: as no image of the index it has no location
    PRIMARY KEY (edit_id, position)
);
CREATE INDEX edit_source_image ON edit_source (image_id);

CREATE TABLE edit_output (
    edit_id  bigint NOT NULL REFERENCES edit ON DELETE CASCADE,
    position integer NOT NULL,
    image_id bigint NOT NULL REFERENCES image,
    PRIMARY KEY (edit_id, position)
);
CREATE INDEX edit_output_image ON edit_output (image_id);

-- Calls of editors are in the ledger, too.
ALTER TABLE request ADD COLUMN edit_id bigint REFERENCES edit ON DELETE SET NULL;
CREATE INDEX request_edit ON request (edit_id) WHERE edit_id IS NOT NULL;

-- Return the edit of a key: the finished one where there is one, else the last; a new one where there is none. With
-- p_force, the last one if it is neither finished nor at work, else a new one. One at work is never changed.
CREATE FUNCTION register_edit(
    p_key bytea, p_force boolean, p_after_id bigint, p_turn integer, p_instruction text, p_conversation jsonb,
    p_api_format text, p_model text, p_parameters jsonb
) RETURNS edit
LANGUAGE plpgsql AS $$
DECLARE
    found edit;
    is_idle boolean;
BEGIN
    PERFORM pg_advisory_xact_lock(7206, hashtext(encode(p_key, 'hex'))); -- others wait with the same edit
    SELECT * INTO found FROM edit
    WHERE key = p_key
    ORDER BY state = 'done' AND NOT p_force DESC, take DESC
    LIMIT 1
    FOR UPDATE; -- so that nobody claims it meanwhile
    is_idle := found.state IN ('accepted', 'failed') OR found.state = 'sent' AND NOT run_is_alive(found.run_id);
    IF found.id IS NULL OR (p_force AND NOT is_idle) THEN
        INSERT INTO edit (key, take, after_id, turn, instruction, conversation, api_format, model, parameters)
        VALUES (p_key, coalesce(found.take, 0) + 1, p_after_id, p_turn, p_instruction, p_conversation, p_api_format,
                p_model, p_parameters)
        RETURNING * INTO found;
    ELSIF is_idle AND found.after_id IS DISTINCT FROM p_after_id THEN
        UPDATE edit SET after_id = p_after_id WHERE id = found.id RETURNING * INTO found;
    END IF;
    RETURN found;
END
$$;

-- Open a request for an edit, note what it is made of, and return the request's id; null when it is finished, when a
-- living run is doing it, or (unless p_retry) when it was refused.
CREATE FUNCTION claim_edit(
    p_edit_id bigint, p_run_id bigint, p_retry boolean, p_after_id bigint, p_sources jsonb
) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    claimed bigint;
BEGIN
    UPDATE edit SET state = 'sent', run_id = p_run_id, after_id = p_after_id, reason = NULL
    WHERE id = p_edit_id
      AND CASE state WHEN 'done' THEN false
                     WHEN 'sent' THEN run_id <> p_run_id AND NOT run_is_alive(run_id)
                     WHEN 'failed' THEN retryable OR p_retry
                     ELSE true END;
    IF FOUND THEN
        INSERT INTO edit_source (edit_id, position, image_id, role, file)
        SELECT p_edit_id, s.position, s.image_id, s.role, s.file
        FROM jsonb_to_recordset(p_sources) AS s (position integer, image_id bigint, role text, file text)
        ON CONFLICT (edit_id, position) DO UPDATE SET image_id = EXCLUDED.image_id, file = EXCLUDED.file;
        INSERT INTO request (run_id, edit_id, prompt_ids, captioner, model)
        SELECT p_run_id, id, '{}', api_format, model FROM edit WHERE id = p_edit_id
        RETURNING id INTO claimed;
    END IF;
    RETURN claimed;
END
$$;

-- An edit and the turns before it.
CREATE FUNCTION edit_turns(p_edit_id bigint) RETURNS SETOF edit
LANGUAGE sql STABLE AS $$
    WITH RECURSIVE turn AS (
        SELECT id, after_id FROM edit WHERE id = p_edit_id
        UNION
        SELECT e.id, e.after_id FROM turn t JOIN edit e ON e.id = t.after_id
    )
    SELECT e.* FROM turn JOIN edit e ON e.id = turn.id
$$;

-- What was asked of an edit, from the first turn to its own: what an image that it returned may be found by.
CREATE FUNCTION edit_instructions(p_edit_id bigint) RETURNS text[]
LANGUAGE sql STABLE
RETURN (SELECT coalesce(array_agg(instruction ORDER BY turn) FILTER (WHERE instruction <> ''), '{}')
        FROM edit_turns(p_edit_id));
