"""Files as this package writes and reads them: whole or not at all, one writer at a time, values read when asked for."""
