"""From the lake to the published file: the SQL files, the working database, its contract, and publishing."""
