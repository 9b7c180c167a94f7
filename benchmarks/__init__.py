"""What it costs: the main job on generated files, beside the floor (DuckDB reading the same files into a table)."""
