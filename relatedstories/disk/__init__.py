"""What every file of ours is written and read by: whole files or none, one writer at a time, values read when asked for."""
