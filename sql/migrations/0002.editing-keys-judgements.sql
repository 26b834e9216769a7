-- Edits with their lineage, API keys, and people's judgements of search results.

CREATE TABLE edit (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key             bytea NOT NULL UNIQUE CHECK (octet_length(key) = 32), -- inputs, instruction, model, parameters
    run_id          bigint REFERENCES run,
    output_image_id bigint REFERENCES image,
    instruction     text NOT NULL,
    conversation    jsonb NOT NULL,
    api_format      text NOT NULL CHECK (api_format IN ('openai', 'gemini')),
    model           text NOT NULL,
    parameters      jsonb NOT NULL,
    turn            integer NOT NULL CHECK (turn > 0),
    state           text NOT NULL CHECK (state IN ('accepted', 'sent', 'done', 'failed')),
    reason          text,
    input_tokens    bigint,
    output_tokens   bigint,
    cost_usd        numeric(12, 6),
    created_at      timestamptz NOT NULL DEFAULT now(),
    finished_at     timestamptz
);
CREATE INDEX edit_output ON edit (output_image_id);

CREATE TABLE edit_source (
    edit_id  bigint NOT NULL REFERENCES edit ON DELETE CASCADE,
    position integer NOT NULL,
    image_id bigint NOT NULL REFERENCES image,
    role     text NOT NULL CHECK (role IN ('input', 'mask', 'reference')),
    PRIMARY KEY (edit_id, position)
);
CREATE INDEX edit_source_image ON edit_source (image_id);

CREATE TABLE api_key (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL,
    sha256     bytea NOT NULL UNIQUE CHECK (octet_length(sha256) = 32),
    scopes     text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    used_at    timestamptz,
    revoked_at timestamptz
);

CREATE TABLE judgement (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    query      text NOT NULL,
    image_id   bigint NOT NULL REFERENCES image ON DELETE CASCADE,
    relevant   boolean NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (query, image_id)
);
