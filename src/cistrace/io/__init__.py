"""Files in and out: sequences, tables, genome regions, streams, whole files, the terminal."""
