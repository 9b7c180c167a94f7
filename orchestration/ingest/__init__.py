"""From the inbox into the lake: what waits, who sent it when, and the reading of one upload."""
