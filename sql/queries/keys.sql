-- name: add_key
-- Keep a new key, named after its scope and number where no name is given; nothing where a key in use has that name.
WITH numbered AS (SELECT nextval(pg_get_serial_sequence('api_key', 'id')) AS id)
INSERT INTO api_key (id, name, sha256, scopes, requests_per_minute)
OVERRIDING SYSTEM VALUE
SELECT id, coalesce(%(name)s, %(scope)s || '-' || id), %(sha256)s, %(scopes)s, %(requests_per_minute)s FROM numbered
ON CONFLICT (name) WHERE revoked_at IS NULL DO NOTHING
RETURNING id, name, scopes, requests_per_minute, created_at, used_at, revoked_at;

-- name: get_secret
-- Return what a presented key is compared with, unless it is revoked; `is_due` when its use was not noted lately.
SELECT id, name, sha256, scopes, requests_per_minute,
       coalesce(used_at < now() - interval '1 minute', true) AS is_due
FROM api_key
WHERE id = %(key_id)s AND revoked_at IS NULL;

-- name: touch_key
-- Note that a key is in use, once a minute at the most.
UPDATE api_key SET used_at = now()
WHERE id = %(key_id)s AND coalesce(used_at < now() - interval '1 minute', true);

-- name: has_keys
-- Tell whether any key can be used.
SELECT EXISTS (SELECT FROM api_key WHERE revoked_at IS NULL) AS found;

-- name: find_keys
-- Return every key, those in use first, the newest first.
SELECT id, name, scopes, requests_per_minute, created_at, used_at, revoked_at
FROM api_key
ORDER BY revoked_at IS NOT NULL, id DESC;

-- name: revoke_key
-- End a key, by its number or, while it is in use, by its name; one that was revoked before stays as it is.
UPDATE api_key SET revoked_at = coalesce(revoked_at, now())
WHERE id = %(key_id)s OR name = %(name)s AND revoked_at IS NULL
RETURNING id, name, scopes, requests_per_minute, created_at, used_at, revoked_at;
