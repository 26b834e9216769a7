-- What a generation's own captions taught about its scores, and at how many entries.

ALTER TABLE generation ADD COLUMN calibration jsonb;
ALTER TABLE generation ADD COLUMN calibrated_entries bigint NOT NULL DEFAULT 0;
ALTER TABLE generation ADD COLUMN calibrated_at timestamptz;
