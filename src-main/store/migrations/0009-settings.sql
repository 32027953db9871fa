-- What a user chose, by name. Each value is JSON; what a name means and may be is the contract's (contract/bench/settings.ts).
CREATE TABLE settings (
  name TEXT PRIMARY KEY,
  value_json TEXT NOT NULL
) STRICT, WITHOUT ROWID;
