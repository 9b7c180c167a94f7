-- Grain: one row per node.
-- Meaning: second step of a round: every node takes the label of its label, which halves the way to the end.
SELECT labels.node, further.label
FROM labels
JOIN labels AS further ON further.node = labels.label
