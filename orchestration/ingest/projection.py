"""What a row of the lake is made of: a record's exact text, and one cell for each field of its kind.

A cell is what it says, without the blanks around it and a spreadsheet's dressing (an apostrophe before it, or
`="000123"`), and null where it says that nothing is stated. Of several columns that serve a field the first that states
something counts, else what a title above the record says.
"""

from collections.abc import Callable, Iterable, Sequence

from models.fields import CALL_LOG, FIELDS, JOINED_FIELDS, LOAN_BOOK, TITLED_FIELDS
from models.headers import Vocabulary, column_positions, duration_unit_in, zone_in
from models.quoting import identifier, literal
from orchestration.reader import Reading, ends_bare, stated, trimmed, unique_keys

_NOTHING = "CAST(NULL AS VARCHAR)"
# Codes that would be null words elsewhere: VICIdial's NA is no answer.
_AS_WRITTEN = ("vicidial_status",)


def row_projection(reading: Reading, kind: str, upload_id: str, own: Vocabulary) -> tuple[str, list[object]]:
    """The columns of lake/upload_rows as a SELECT list over the columns of a reading, and its parameters."""
    keys = unique_keys(reading.header or [""] * reading.columns)
    of_sheets = [_as_json(keys, sheet.places) for sheet in reading.sheets]
    raw = _per_sheet(reading, of_sheets) if of_sheets else _as_json(keys, range(len(keys)))
    names = [literal(sheet.name) for sheet in reading.sheets]
    rows = [f"line_number - {sheet.before}" for sheet in reading.sheets]
    raw_data = f"CASE WHEN problem IS NULL THEN {raw} ELSE to_json(struct_pack(_record := record_text)) END"
    columns = [
        "CAST(? AS UUID) AS upload_id",
        "line_number",
        f"CAST({_per_sheet(reading, names)} AS VARCHAR) AS sheet",
        f"CAST({_per_sheet(reading, rows)} AS INTEGER) AS sheet_row",
        f"CAST({raw_data} AS VARCHAR) AS raw_data",
        f"CAST(md5({raw_data}) AS UUID) AS row_fingerprint",
        "problem",
        "CAST(NULL AS UUID) AS entity_id",  # which customer it is, in the words of our own API; no file states it
        *(f"{cell} AS {identifier(name)}" for name, cell in _fields(reading, kind, own, raw_data).items()),
    ]
    return ", ".join(columns), [upload_id]


def _as_json(keys: list[str], places: Iterable[int]) -> str:
    """The cells in these places as a JSON object, in the order of the table; blank ones are ""."""
    # Headers become the keys of a STRUCT, quoted as identifiers.
    struct = ", ".join(f"{identifier(keys[place])} := c{place}" for place in sorted(places))
    return f"to_json(struct_pack({struct}))" if struct else "'{}'"


def _per_sheet(reading: Reading, values: list[str]) -> str:
    """The value of the sheet that a record stands in, of those for each sheet; null where there is none."""
    first_of = [
        (value, sheet.before)
        for number, (value, sheet) in enumerate(zip(values, reading.sheets, strict=True))
        if not number or value != values[number - 1]
    ]
    if len(first_of) < 2:
        return values[0] if values else "NULL"
    return f"CASE {' '.join(f'WHEN line_number > {before} THEN {value}' for value, before in reversed(first_of))} END"


def _fields(reading: Reading, kind: str, own: Vocabulary, raw_data: str) -> dict[str, str]:
    positions = column_positions(reading.header, kind, own)

    def cells(name: str) -> list[str]:
        is_titled = reading.has_titles and kind == LOAN_BOOK and name in TITLED_FIELDS
        stated_by_title = [f"titles[{literal(name)}]"] if is_titled else []
        return [_cell(reading, position, name) for position in positions.get(name, [])] + stated_by_title

    fields = {name: _joined(cells(name)) if name in JOINED_FIELDS else _first(cells(name)) for name in FIELDS[kind]}
    if kind == LOAN_BOOK:
        parts = [fields[name] for name in ("first_name", "middle_name", "last_name") if fields[name] != _NOTHING]
        if parts:
            fields["full_name"] = _first([*cells("full_name"), f"nullif(concat_ws(' ', {', '.join(parts)}), '')"])
        fields["loan_status"] = _first([_as_the_lender_means(fields["loan_status"], own), fields["loan_status"]])
    if kind == CALL_LOG:
        _join_dates_and_clocks(fields, cells)
        fields["status_as"] = _as_the_lender_means(fields["status"], own)
        if not positions.get("call_sid"):
            fields["call_sid"] = f"'row-' || md5({raw_data})"
    return fields


def _cell(reading: Reading, position: int, name: str) -> str:
    column, header = f"c{position}", reading.header[position]
    if name in _AS_WRITTEN:
        return stated(column, reading.padding)
    # What nearly every cell is comes first: plain, or blank. To clean one takes ten times as long as to look at it.
    plain = f"(is_plain_cell({column}) OR is_plain_number({column}) OR is_plain_word({column}))"
    plain = " AND ".join([plain, *ends_bare(column, reading.padding)])
    cell = f"CASE WHEN {plain} THEN {column} WHEN {column} <> '' THEN cell_of({trimmed(column)}) END"
    if name.endswith("_at") and (zone := zone_in(header)):
        return f"with_zone({cell}, {literal(zone)})"
    if name.endswith("_seconds") and (unit := duration_unit_in(header)):
        return f"seconds_text({cell}, {literal(unit)})"
    return cell


def _join_dates_and_clocks(fields: dict[str, str], cells: Callable[[str], list[str]]) -> None:
    """A date and a time in two columns are one moment.

    What a later column states of the start serves where the first cannot be read.
    """
    start, date, end = fields["initiated_at"], fields["initiated_date"], fields["ended_at"]
    others = [*cells("initiated_at")[1:], date] if start != _NOTHING else []
    fields["initiated_else"] = _first([other for other in others if other != _NOTHING])
    if date != _NOTHING:
        fields["initiated_at"] = f"coalesce(moment_text({date}, {start}), {date})"
    if (
        end != _NOTHING
        and (day := _first([date, f"date_part_of({start})" if start != _NOTHING else _NOTHING])) != _NOTHING
    ):
        fields["ended_at"] = f"moment_text({day}, {end})"


def _as_the_lender_means(cell: str, own: Vocabulary) -> str:
    """What the lender's own list says that a status word means; null for a word that is not on it."""
    if not own.words or cell == _NOTHING:
        return _NOTHING
    means = " ".join(f"WHEN {literal(word)} THEN {literal(status)}" for word, status in own.words.items())
    return f"list_transform([letters_of({cell})], lambda word: CASE word {means} END)[1]"


def _joined(cells: Sequence[str]) -> str:
    return f"nullif(concat_ws(' / ', {', '.join(cells)}), '')" if len(cells) > 1 else _first(cells)


def _first(cells: Sequence[str]) -> str:
    stated_cells = [cell for cell in cells if cell != _NOTHING]
    if not stated_cells:
        return _NOTHING
    return stated_cells[0] if len(stated_cells) == 1 else f"coalesce({', '.join(stated_cells)})"
