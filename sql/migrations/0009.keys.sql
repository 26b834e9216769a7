-- What an API key may do in a minute, and names by which a key can be told from the others in use.

ALTER TABLE api_key
    ADD COLUMN requests_per_minute integer NOT NULL DEFAULT 3000 CHECK (requests_per_minute > 0),
    ADD CHECK (scopes <> '{}' AND scopes <@ '{search,write}');
CREATE UNIQUE INDEX api_key_name ON api_key (name) WHERE revoked_at IS NULL;
