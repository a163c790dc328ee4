"""The pigpiod socket protocol over GPIO lines, real or simulated, without root."""
