-- Dated checks of one power monitor: what its readings can be off by. The newest for a serial number and calibration
-- bounds every energy measured with it.
CREATE TABLE monitor_checks (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  serial TEXT NOT NULL,
  calibration TEXT NOT NULL,
  checked_at TEXT NOT NULL,
  check_json TEXT NOT NULL
) STRICT;
CREATE INDEX monitor_checks_by_device ON monitor_checks (kind, serial, calibration, checked_at);
