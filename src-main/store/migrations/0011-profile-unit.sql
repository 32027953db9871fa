-- What an operator profile counts: a board in QEMU counts instructions.
ALTER TABLE op_profiles ADD COLUMN unit TEXT NOT NULL DEFAULT 'cycles';
