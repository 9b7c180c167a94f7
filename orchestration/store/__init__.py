"""What lies in a home: its folders and lock, the lake, record files and the journal. Knows nothing of tables."""
