-- Energy per operator, read from the window's trace; null where the operator pins were not wired, and in older windows.
ALTER TABLE window_energies ADD COLUMN layers_json TEXT;
ALTER TABLE window_energies ADD COLUMN edge_jitter_us REAL;
