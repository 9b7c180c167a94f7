-- Grain: one row per node of _identity_stated_links.
-- Meaning: the group each of these nodes belongs to; at first each is its own.
-- Connected components of: _identity_stated_links
SELECT node, node AS label FROM _identity_stated_links WHERE node IS NOT NULL
UNION
SELECT other_node AS node, other_node AS label FROM _identity_stated_links WHERE other_node IS NOT NULL
