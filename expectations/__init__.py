"""What must hold before anything is published, as Great Expectations suites.

Belongs here: the suite that follows from a table's contract (`contract`), the identities that hold between figures
(`identities`), and running both against a working database that nobody is writing (`run`).

Does not belong here: what a column is (that is `models`), how a table is made (`transforms`), anything of
`orchestration`.
"""
