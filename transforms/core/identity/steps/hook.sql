-- Grain: one row per node.
-- Meaning: first step of a round: every node, and every node that serves as a label, takes the least label in sight.
--          labels has each node's label so far, edges its neighbours, both ways.
WITH offers AS (
    SELECT edges.node, own.label, other.label AS offer
    FROM edges
    JOIN labels AS own ON own.node = edges.node
    JOIN labels AS other ON other.node = edges.neighbour
),

best_offers AS (
    SELECT node, min(offer) AS offer
    FROM (
        SELECT node, offer FROM offers
        UNION ALL
        SELECT label AS node, offer FROM offers
    ) AS to_node_and_label
    GROUP BY node
)

SELECT labels.node, least(labels.label, coalesce(best_offers.offer, labels.label)) AS label
FROM labels
LEFT JOIN best_offers ON best_offers.node = labels.node
