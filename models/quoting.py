"""Names and values as SQL writes them, for statements of ours that cannot bind them (DDL, views, ATTACH)."""


def identifier(name: str) -> str:
    """A name in double quotes: it is a name whatever is in it."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text in single quotes. What people send is bound to queries, never written into them."""
    return "'" + text.replace("'", "''") + "'"
