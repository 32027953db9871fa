-- Net energy has a systematic error of its own; both energies have a statistical part; the window's length has the
-- monitor clock's. Windows measured before carry none of it, and keep the gross energy's bound for their net energy.
ALTER TABLE window_energies ADD COLUMN statistical_uj REAL;
ALTER TABLE window_energies ADD COLUMN net_statistical_uj REAL;
ALTER TABLE window_energies ADD COLUMN net_systematic_json TEXT;
ALTER TABLE window_energies ADD COLUMN clock_rel REAL NOT NULL DEFAULT 0;
ALTER TABLE window_energies ADD COLUMN channel INTEGER NOT NULL DEFAULT 0;

-- What was worth saying of a run before its first window: what could not be predicted, what a file only seems to be.
ALTER TABLE runs ADD COLUMN remarks_json TEXT NOT NULL DEFAULT '[]';
