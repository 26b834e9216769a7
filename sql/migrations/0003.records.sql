-- Records of manifests: a few images with a question of their own, and the lines that they are written at.

CREATE TABLE record (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key      bytea NOT NULL UNIQUE CHECK (octet_length(key) = 32), -- its images in their order, and its text
    text     text NOT NULL,                           -- what is asked; empty where the prompts alone are
    added_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE record_image (
    record_id bigint NOT NULL REFERENCES record ON DELETE CASCADE,
    position  integer NOT NULL CHECK (position > 0),
    image_id  bigint NOT NULL REFERENCES image,
    PRIMARY KEY (record_id, position)
);
CREATE INDEX record_image_image ON record_image (image_id);

-- Keyed by the kind, not by a prompt revision: a new wording buys no record again.
CREATE TABLE record_caption (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    record_id    bigint NOT NULL REFERENCES record ON DELETE CASCADE,
    kind         text NOT NULL,
    captioner    text NOT NULL,
    model        text NOT NULL,
    sentences    text[] NOT NULL,
    keywords     text[] NOT NULL DEFAULT '{}',
    visible_text text NOT NULL DEFAULT '',
    uncertain    boolean NOT NULL DEFAULT false,
    fields       jsonb,
    quarantine   text,                                -- why it may not serve; also where the request was refused
    max_edge     integer,
    request_id   bigint REFERENCES request,
    created_at   timestamptz NOT NULL DEFAULT now(),
    UNIQUE (record_id, kind, captioner, model)
);

CREATE TABLE manifest_line (
    manifest       text NOT NULL,                     -- the file's absolute path
    position       integer NOT NULL CHECK (position > 0), -- its line, or its place in an array
    written        text NOT NULL,                     -- JSON with every field: text, for jsonb cannot keep them all
    image_location text,                              -- where its image is, if it has only one
    record_id      bigint REFERENCES record ON DELETE SET NULL, -- null: not read yet, or captioned as a plain file
    PRIMARY KEY (manifest, position)
);
CREATE INDEX manifest_line_record ON manifest_line (record_id);

ALTER TABLE request ADD record_id bigint REFERENCES record ON DELETE CASCADE; -- image_id is then its first image
CREATE INDEX request_open_record ON request (record_id) WHERE outcome IS NULL;

ALTER TABLE failure ADD record_id bigint REFERENCES record ON DELETE CASCADE;
CREATE INDEX failure_record ON failure (record_id) WHERE record_id IS NOT NULL;

-- Name those of the kinds wanted that a record need not be asked for; with p_retry, a quarantined caption is none.
CREATE FUNCTION answered_kinds(p_record_id bigint, p_kinds text[], p_captioner text, p_model text, p_retry boolean)
RETURNS text[]
LANGUAGE sql STABLE AS $$
    SELECT coalesce(array_agg(c.kind), '{}') FROM record_caption c
    WHERE c.record_id = p_record_id AND c.kind = ANY(p_kinds) AND c.captioner = p_captioner AND c.model = p_model
      AND (c.quarantine IS NULL OR NOT p_retry)
$$;

-- Say why none of a record's answers for one of these kinds may serve, as this model's was refused or quarantined; null
-- where all kinds have one that may, whoever gave it.
CREATE FUNCTION why_quarantined(p_record_id bigint, p_kinds text[], p_captioner text, p_model text) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT c.quarantine FROM record_caption c
    WHERE c.record_id = p_record_id AND c.kind = ANY(p_kinds) AND c.captioner = p_captioner AND c.model = p_model
      AND c.quarantine IS NOT NULL
      AND NOT EXISTS (SELECT FROM record_caption o
                      WHERE o.record_id = p_record_id AND o.kind = c.kind AND o.quarantine IS NULL)
    LIMIT 1
$$;

-- Tell whether a record has an answer that may serve for every kind that it was answered for.
CREATE FUNCTION record_serves(p_record_id bigint) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT coalesce(bool_and(k.usable > 0), false)
    FROM (SELECT count(*) FILTER (WHERE c.quarantine IS NULL) AS usable
          FROM record_caption c WHERE c.record_id = p_record_id GROUP BY c.kind) k
$$;

-- Open a request for a record and return its id; null when any of the kinds is there (or, unless p_retry, was refused
-- or quarantined), or when a living run is asking for the record. See claim_request.
CREATE FUNCTION claim_record(
    p_run_id bigint, p_record_id bigint, p_kinds text[], p_captioner text, p_model text, p_retry boolean
) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    claimed bigint;
BEGIN
    PERFORM FROM record WHERE id = p_record_id FOR NO KEY UPDATE;
    INSERT INTO request (run_id, image_id, record_id, prompt_ids, captioner, model)
    SELECT p_run_id, i.image_id, p_record_id, '{}', p_captioner, p_model
    FROM record_image i
    WHERE i.record_id = p_record_id AND i.position = 1
      AND NOT EXISTS (
            SELECT FROM request r
            WHERE r.record_id = p_record_id AND r.outcome IS NULL AND r.captioner = p_captioner AND r.model = p_model
              AND (r.run_id = p_run_id OR run_is_alive(r.run_id)))
      AND answered_kinds(p_record_id, p_kinds, p_captioner, p_model, p_retry) = '{}'
    RETURNING id INTO claimed;
    RETURN claimed;
END
$$;
