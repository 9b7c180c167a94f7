"""The compatibility layer: the earlier system's module `schemas` in front of the warehouse, and what makes it work.

Belongs here: the functions of the earlier system (`functions`), what a session sees (`overlay`), what must hold of what
it writes (`constraints`), what is stated by it (`statements`), and when (`engine`). Nothing else imports this package.

Does not belong here: what the tables are (`models`), how raw is kept (`orchestration.store.journal`).
"""
