"""Where work is done: blocks, stages and engines; processes, threads and cores, or a Ray cluster."""
