-- The window by the device's own timer, for the relation of its clock to the monitor's.
ALTER TABLE window_energies ADD COLUMN dut_json TEXT;
