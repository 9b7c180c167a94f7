-- Grain: one row per node of _identity_phone_links.
-- Meaning: the group each phone and each loan belongs to; at first each is its own.
-- Connected components of: _identity_phone_links
SELECT node, node AS label FROM _identity_phone_links WHERE node IS NOT NULL
UNION
SELECT other_node AS node, other_node AS label FROM _identity_phone_links
