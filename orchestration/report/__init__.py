"""What became of uploads, in words for people."""
