-- The catalogue: images and where they are, what was said of them, and the generations that make it searchable.

CREATE EXTENSION IF NOT EXISTS vector;

CREATE TABLE image (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sha256      bytea NOT NULL UNIQUE CHECK (octet_length(sha256) = 32),
    origin      text NOT NULL DEFAULT 'original' CHECK (origin IN ('original', 'edit', 'frame')),
    format      text NOT NULL,
    width       integer NOT NULL CHECK (width > 0),   -- as seen: after the EXIF orientation
    height      integer NOT NULL CHECK (height > 0),
    size_bytes  bigint NOT NULL,
    taken_at    timestamp,                            -- the camera's wall clock; most cameras record no zone
    camera      text,
    latitude    double precision,
    longitude   double precision,
    title       text,                                 -- title, caption and keywords that lie inside the file
    description text,
    keywords    text[] NOT NULL DEFAULT '{}',
    -- Counts what its entries are made of: captions, corrections, locations. An entry written at another count is stale.
    changes     bigint NOT NULL DEFAULT 0,
    added_at    timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE location (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    image_id      bigint NOT NULL REFERENCES image ON DELETE CASCADE,
    location           text NOT NULL UNIQUE,               -- an absolute path or a URL
    relative_path text NOT NULL,                      -- below the root it was found in
    size_bytes    bigint NOT NULL,
    modified_ns   bigint NOT NULL,                    -- with the size: whether the file must be read again
    found_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX location_image ON location (image_id);

CREATE TABLE prompt (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind       text NOT NULL,
    revision   integer NOT NULL CHECK (revision > 0),
    sha256     bytea NOT NULL CHECK (octet_length(sha256) = 32),
    text       text NOT NULL,
    settings   jsonb NOT NULL,                        -- reply schema, max_tokens, image_detail
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (kind, sha256),
    UNIQUE (kind, revision)
);

CREATE TABLE run (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    command     text NOT NULL,
    arguments   jsonb NOT NULL,
    started_at  timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    summary     jsonb
);

-- The ledger: a row is written before a paid call is sent and completed with what came of it.
-- While `outcome` is null and its run lives, the row is also the claim on its image.
CREATE TABLE request (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id        bigint NOT NULL REFERENCES run,
    image_id      bigint NOT NULL REFERENCES image ON DELETE CASCADE,
    prompt_ids    bigint[] NOT NULL,
    captioner     text NOT NULL,
    model         text NOT NULL,
    batch         text,
    attempts      integer NOT NULL DEFAULT 1,         -- calls sent for it; an unanswered one is sent again
    sent_at       timestamptz NOT NULL DEFAULT now(),
    answered_at   timestamptz,
    outcome       text CHECK (outcome IN ('answered', 'unusable', 'refused', 'unavailable', 'lost')),
    input_tokens  bigint,
    output_tokens bigint,
    cost_usd      numeric(12, 6)                      -- null where the model's price is not known
);
CREATE INDEX request_open ON request (image_id) WHERE outcome IS NULL;
CREATE INDEX request_run ON request (run_id);

CREATE TABLE caption (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    image_id     bigint NOT NULL REFERENCES image ON DELETE CASCADE,
    kind         text NOT NULL,
    prompt_id    bigint REFERENCES prompt,            -- null: offline and imported captions have no prompt
    captioner    text NOT NULL,
    model        text NOT NULL,
    rank         smallint NOT NULL GENERATED ALWAYS AS
                     (CASE captioner WHEN 'offline' THEN 0 WHEN 'import' THEN 1 ELSE 2 END) STORED,
    sentences    text[] NOT NULL,
    keywords     text[] NOT NULL DEFAULT '{}',
    visible_text text NOT NULL DEFAULT '',
    uncertain    boolean NOT NULL DEFAULT false,
    fields       jsonb,                               -- kinds with a schema of their own: moderation
    quarantine   text,                                -- why it may not serve
    max_edge     integer,                             -- longest side of the picture sent, in pixels
    request_id   bigint REFERENCES request,
    created_at   timestamptz NOT NULL DEFAULT now(),
    UNIQUE NULLS NOT DISTINCT (image_id, kind, prompt_id, captioner, model)
);

CREATE TABLE correction (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    image_id   bigint NOT NULL REFERENCES image ON DELETE CASCADE,
    kind       text NOT NULL,
    sentences  text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (image_id, kind)
);

CREATE TABLE generation (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    prompt_id    bigint REFERENCES prompt,
    captioner    text NOT NULL,
    model        text NOT NULL,
    embedder     text NOT NULL,
    dimensions   integer NOT NULL CHECK (dimensions > 0),
    state        text NOT NULL CHECK (state IN ('building', 'ready', 'live', 'retired')),
    entries      bigint NOT NULL DEFAULT 0,           -- entries counted when `lexeme` was last refreshed
    created_at   timestamptz NOT NULL DEFAULT now(),
    activated_at timestamptz
);
CREATE UNIQUE INDEX generation_live ON generation (state) WHERE state = 'live';

-- One partition a generation, with an HNSW index of that generation's dimensions (sql/queries/generations.sql).
CREATE TABLE entry (
    generation_id       bigint NOT NULL REFERENCES generation,
    image_id            bigint NOT NULL REFERENCES image ON DELETE CASCADE,
    changes             bigint NOT NULL,              -- image.changes when it was written
    caption_id          bigint REFERENCES caption ON DELETE SET NULL,
    corrected           boolean NOT NULL,
    sentences           text[] NOT NULL,
    embedding           halfvec NOT NULL,             -- normalised mean of the sentences' vectors
    sentence_embeddings halfvec[] NOT NULL,
    lexemes             tsvector NOT NULL,
    written_at          timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (generation_id, image_id)
) PARTITION BY LIST (generation_id);

-- How many entries of a generation hold a lexeme: what a query's words are worth (IDF).
CREATE TABLE lexeme (
    generation_id bigint NOT NULL REFERENCES generation ON DELETE CASCADE,
    lexeme        text NOT NULL,
    entries       bigint NOT NULL,
    PRIMARY KEY (generation_id, lexeme)
);

CREATE TABLE failure (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id      bigint NOT NULL REFERENCES run,
    image_id    bigint REFERENCES image ON DELETE CASCADE,
    location         text NOT NULL UNIQUE,
    stage       text NOT NULL,
    captioner   text,                                 -- whose failure it is, at the stage `caption`
    model       text,
    reason      text NOT NULL,
    attempts    integer NOT NULL DEFAULT 1,
    retryable   boolean NOT NULL,
    quarantined boolean NOT NULL DEFAULT false,
    size_bytes  bigint,                               -- a bad file of the same size and time is not tried again
    modified_ns bigint,
    first_at    timestamptz NOT NULL DEFAULT now(),
    last_at     timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX failure_image ON failure (image_id);

-- Tell whether an image has a retrieval caption that may serve.
CREATE FUNCTION is_servable(p_image_id bigint) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM caption c
                   WHERE c.image_id = p_image_id AND c.kind = 'retrieval' AND c.quarantine IS NULL)
$$;

-- Name those of the kinds wanted that an image need not be asked for: a retrieval caption of any revision will do, other
-- kinds want their own; with p_retry, a quarantined caption is none.
CREATE FUNCTION captioned_kinds(
    p_image_id bigint, p_kinds text[], p_prompt_ids bigint[], p_rank integer, p_retry boolean
) RETURNS text[]
LANGUAGE sql STABLE AS $$
    SELECT ARRAY(SELECT w.kind FROM unnest(p_kinds, p_prompt_ids) AS w (kind, prompt_id)
                 WHERE EXISTS (SELECT FROM caption c
                               WHERE c.image_id = p_image_id AND c.kind = w.kind AND c.rank >= p_rank
                                 AND (w.kind = 'retrieval' OR w.prompt_id IS NULL OR c.prompt_id = w.prompt_id)
                                 AND (c.quarantine IS NULL OR NOT p_retry)))
$$;

-- A run holds the advisory lock (7203, its id) on a connection of its own for as long as it lives.
CREATE FUNCTION run_is_alive(run_id bigint) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM pg_locks
        WHERE locktype = 'advisory' AND classid = 7203 AND objid = run_id::integer AND objsubid = 2 AND granted
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    )
$$;

-- Open a request for an image and return its id; null when its captions are there, when a living run is asking for
-- them, or (unless p_retry) when they were refused or quarantined.
-- The row lock puts competing claims in line, and the INSERT then sees what the one before it committed.
CREATE FUNCTION claim_request(
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
            WHERE r.image_id = p_image_id AND r.outcome IS NULL AND r.prompt_ids && p_prompt_ids
              AND r.captioner = p_captioner AND r.model = p_model
              AND (r.run_id = p_run_id OR run_is_alive(r.run_id)))
      AND EXISTS (
            SELECT FROM unnest(p_prompt_ids) AS asked (prompt_id)
            WHERE NOT EXISTS (
                SELECT FROM caption c
                WHERE c.image_id = p_image_id AND c.prompt_id = asked.prompt_id
                  AND c.captioner = p_captioner AND c.model = p_model
                  AND (c.quarantine IS NULL OR NOT p_retry)))
      AND (p_retry OR NOT EXISTS (
            SELECT FROM failure f
            WHERE f.image_id = p_image_id AND f.stage = 'caption' AND NOT f.retryable
              AND f.captioner = p_captioner AND f.model = p_model))
    RETURNING id INTO claimed;
    RETURN claimed;
END
$$;
