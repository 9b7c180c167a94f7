"""Score the reader on files that each break RFC 4180 in one way: `python -m benchmarks.pollution`.

In the manner of Pollock, the published data-loading benchmark (Vitagliano et al., VLDB 2023), with a table and files of
our own: one clean table, more than two thousand files made from it with one deviation each, each read told nothing. A
file scores up to 10: nothing was raised, and precision, recall and F1 of its header cells, its records and its cells.
DuckDB's read_csv and Python's csv module read the same files in the same run, as they are and with the settings for
leniency or detection. `--keep DIR` leaves the files in DIR, `--worst N` names the N files that our reader reads worst.
"""

import argparse
import csv
import io
import random
import re
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from itertools import chain
from pathlib import Path
from statistics import mean

Row = list[str]
Table = tuple[Row, list[Row]]
Reader = Callable[[Path], Table]

HEADER = ["DATE", "TIME", "Qty", "PRODUCTID", "Price", "ProductName", "ProductDescription", "URL", "Comments"]
ROWS = 83
_ALWAYS_QUOTED = (6, 7)
_END = "\r\n"

_NAMES = [
    "Teapot",
    "Carpenter's Plane",
    "Table Fan",
    "Children's Bicycle, 20\"",
    "Wall Clock",
    "Steel Trunk, Large",
    "Pressure Cooker",
    'All-Weather Table, Round 48"',
    "Sewing Machine",
    "Gentlemen's Watch, Brass",
    "Reading Lamp",
    "Telescope",
    "Ladder, Folding",
    "Tailor's Iron",
    'Picture Frame, 10"',
    "Rope Cot",
    "Barber's Chair",
    "Harmonium, Two Reeds",
    "Typewriter",
    "Water Filter",
    "Potter's Wheel, Electric",
    "Hand Drill",
    'Folding Bed, 36"',
    "Radio/Recorder",
    "Gas Stove, Two Rings",
    "Ladies' Umbrella",
    "Weighing Scale, 10 kg",
    "Bookcase",
    "Goldsmith's Balance",
    'Mirror, Oval 24"',
    "Angle Grinder",
    "Camera, 35 mm",
    "Tabla Set",
    "Mason's Level, 12\"",
    "Ceiling Fan",
    "Toolbox, Three Trays",
]
_OPENINGS = [
    "Left with us as security in the spring,",
    "Bought back from the owner's estate,",
    "Never collected by its owner,",
    "Taken in part payment of a small loan,",
    "Redeemed twice and pledged a third time,",
    "Found in the back room,",
]
_STATES = [
    "in fair order, with a new handle",
    "clean, dry and complete",
    "scratched on one side but sound",
    "mended by the shop's own fitter",
    "nearly new, still in its box",
    "old, heavy and made to last",
]
_PRAISES = [
    "It's as good as the day it was made, and half the price of a new one.",
    "You won't find a better one in the market, so don't wait too long.",
    "Buyers who've seen it ask for a second: we haven't one.",
    "The last three were sold within a week, one of them to the man who'd pawned it.",
    "Tested for 30 minutes (no smoke, no noise), then packed.",
    "Comes with a 24\" strap and the maker's card.",
    "Works on 220 volts, 50% quieter than the one we kept.",
    'The seller called it "the old faithful" and was sorry to part with it.',
]
_COMMENTS = ["", "", "", "", "", "", "gift", "paid in two parts", "collected by the buyer's son"]


@dataclass(frozen=True)
class Case:
    """A file, and the header and records that a reader is expected to find in it."""

    name: str
    content: bytes
    header: Row
    records: list[Row]


def clean_records(foreign: bool = False) -> list[Row]:
    """The records of the clean table, the same every time; `foreign` puts letters beyond ASCII into some of them."""
    rng = random.Random(20180128)
    records = []
    for number in range(ROWS):
        name = _NAMES[number % len(_NAMES)]
        thing, state = name.split(",")[0].lower(), rng.choice(_STATES)
        sentence = f"{rng.choice(_OPENINGS)} this {thing} is {state}. {rng.choice(_PRAISES)}"
        if foreign and number % 5 == 2:
            name = rng.choice(["Café ", "Señora’s ", "Große ", "Ærø "]) + name
        product = f"{rng.choice(['MG', 'RT', 'KL', 'BD'])}-{rng.randrange(1000, 10000)}"
        record = [
            (date(2018, 1, 28) + timedelta(days=number)).strftime("%d/%m/%Y"),
            f"{number // 4 % 24:02}:{number % 4 * 15:02}",
            str(rng.randrange(40)),
            product,
            f"${rng.randrange(100, 10000) / 100:.2f}",
            name,
            sentence,
            f"https://www.example.com/product/{product.replace('-', '_')}.html",
            rng.choice(_COMMENTS),
        ]
        records.append(record)
    return records


RECORDS = clean_records()


def written(row: Sequence[str], quote: str = '"', escape: str = '"', special: str = ',"') -> list[str]:
    """The cells of a row as the clean file has them: quoted are two columns always, others where they need it."""
    return [
        quoted(cell, quote, escape) if (column in _ALWAYS_QUOTED and cell) or set(special) & set(cell) else cell
        for column, cell in enumerate(row)
    ]


def quoted(cell: str, quote: str = '"', escape: str = '"') -> str:
    """A cell in quotes, `escape` before each quote inside."""
    return quote + cell.replace(quote, escape + quote) + quote


def text(rows: Sequence[Sequence[str]], delimiter: str = ",", end: str = _END, **quoting: str) -> str:
    """Rows as a file, every line ended."""
    return "".join(delimiter.join(written(row, **quoting)) + end for row in rows)


def families() -> dict[str, list[Case]]:
    """All files, by the deviation they have."""
    found: dict[str, list[Case]] = {}

    def add(family: str, content: str | bytes, table: Table = (HEADER, RECORDS), variant: str = "") -> None:
        content = content if isinstance(content, bytes) else content.encode()
        found.setdefault(family, []).append(Case(family + variant, content, *table))

    _add_whole_files(add)
    _add_headers(add)
    _add_other_lines(add)
    _add_dialects(add)
    _add_encodings(add)
    _add_single_lines(add)
    return found


def _add_whole_files(add: Callable) -> None:
    clean = text([HEADER, *RECORDS])
    add("source", clean)
    add("no_payload", "", ([], []))
    add("no_trailing_newline", clean.removesuffix(_END))
    add("double_trailing_newline", clean + _END)
    add("header_only", text([HEADER]), (HEADER, []))
    add("one_data_row", text([HEADER, RECORDS[0]]), (HEADER, RECORDS[:1]))
    ends = {"_crlf_lf": [_END, "\n"], "_crlf_lf_cr": [_END, "\n", "\r"]}
    for variant, mixed in ends.items():
        lines = clean.split(_END)[:-1]
        content = "".join(line + mixed[number % len(mixed)] for number, line in enumerate(lines))
        add("mixed_line_ends", content, variant=variant)
    # A delimiter that ends lines makes one more column where the header has it too, else it is noise.
    wider = ([*HEADER, ""], [[*record, ""] for record in RECORDS])
    add("trailing_delimiters", clean.replace(_END, "," + _END), wider, "_all_lines")
    first, rest = clean.split(_END, 1)
    add("trailing_delimiters", first + _END + rest.replace(_END, "," + _END), variant="_records")
    add("trailing_delimiters", first + _END + rest.replace(_END, ",,," + _END), variant="_records_three")


def _add_headers(add: Callable) -> None:
    clean, body = text([HEADER, *RECORDS]), text(RECORDS)
    add("no_header", body, ([], RECORDS))
    groups = ["Sale", "Sale", "Sale", "Item", "Item", "Item", "Item", "Item", "Notes"]
    sparse = ["Sale", "", "", "Item", "", "", "", "", "Notes"]
    units = ["dd/mm/yyyy", "hh:mm", "pieces", "", "USD", "", "", "", ""]
    sources = ["Till", "Till", "Till", "Stock list", "Stock list", "Stock list", "Stock list", "Web shop", "Desk"]
    for variant, rows in {
        "2_groups": [groups, HEADER],
        "2_groups_spanning": [sparse, HEADER],
        "2_units": [HEADER, units],
        "3_groups_units": [groups, HEADER, units],
        "3_groups": [sources, groups, HEADER],
    }.items():
        joined = [" ".join(filter(None, cells)) for cells in zip(*rows, strict=True)]
        add("header_multirow_" + variant[0], text([*rows, *RECORDS]), (joined, RECORDS), variant[1:])
    blank = "," * (len(HEADER) - 1) + _END
    add("preamble", "PREAMBLE" + blank + blank + clean)
    add("preamble", "Sales of unredeemed goods" + blank + "Printed 30/04/2018" + blank + blank + clean, variant="_two")
    title = "Sales of unredeemed goods" + _END
    add("preamble_plain", title + _END + clean)
    add("preamble_plain", f"{title}Main branch{_END}30/04/2018{_END}{_END}{clean}", variant="_three")
    add("sep_line", f"sep=,{_END}{clean}")
    again = text([HEADER])
    for variant, step in {"": 41, "_pages": 20}.items():
        pages = [text(RECORDS[start : start + step]) for start in range(0, ROWS, step)]
        add("repeated_header", again + again.join(pages), variant=variant)


def _add_other_lines(add: Callable) -> None:
    clean, delimiters = text([HEADER, *RECORDS]), "," * (len(HEADER) - 1)
    names = "BRANCH,OPENED,STAFF,RENT,CITY,SAFE,KEYS,PHONE,HOURS,RATING,AUDITED,LEASE"
    second = [
        f"Branch {number},{number:02}/06/2011,1{number},4{number}0.00,Town {number},S-{number},"
        f"{number},555-010{number},{number + 3},4.{number},yes,{number % 4}"
        for number in range(1, 11)
    ]
    for size, width in {"less": 6, "same": 9, "more": 12}.items():
        table = "".join(",".join(row.split(",")[:width]) + _END for row in [names, *second])
        add("multitable_" + size, clean + delimiters + _END + table)
    note = "Prices include the tax. Goods are sold as they are."
    for variant, lines in {
        "_sentence": [note],
        "_delimited": [note + delimiters],
        "_blank_line": ["", "Prepared by the shop desk"],
        "_blank_delimiters": [delimiters, "Prepared by the shop desk" + delimiters, "30/04/2018" + delimiters],
    }.items():
        add("footer", clean + "".join(line + _END for line in lines), variant=variant)
    quantity = sum(int(record[2]) for record in RECORDS)
    price = f"{sum(float(record[4][1:]) for record in RECORDS):,.2f}"
    add("totals", f'{clean}Total,,{quantity},,"${price}",,,,{_END}')
    add("totals", f'{clean}{delimiters}{_END}Grand total,,{quantity},,"${price}",,,,{_END}', variant="_grand")
    doubled = clean.replace(_END, _END + _END)
    add("blank_lines", doubled, variant="_between")
    add("blank_lines", _END + _END + clean, variant="_above")
    comment = 'paid in parts,\nthe last one "in kind"'
    broken = [[*record[:8], comment] if number % 9 == 4 else record for number, record in enumerate(RECORDS)]
    add("line_breaks", text([HEADER, *broken]), (HEADER, broken))


def _add_dialects(add: Callable) -> None:
    rows = [HEADER, *RECORDS]
    for name, delimiter in {"comma_space": ", ", "semicolon": ";", "tab": "\t", "pipe": "|"}.items():
        add("file_field_delimiter_" + name, text(rows, delimiter))
    add("file_field_delimiter_space", text(rows, " ", special=' ,"'))
    # As in the published benchmark, where cells with a space are not quoted for it.
    add("file_field_delimiter_space_bare", text(rows, " "))
    # Apostrophes inside the cells are left as they are.
    add("file_quotation_char_apostrophe", text(rows, quote="'", escape=""))
    add("file_quotation_all", "".join(",".join(quoted(cell) for cell in row) + _END for row in rows))
    add("file_escape_backslash", text(rows, escape="\\"))
    add("file_escape_missing", text(rows, escape=""))
    add("file_record_delimiter_lf", text(rows, end="\n"))
    add("file_record_delimiter_cr", text(rows, end="\r"))


def _add_encodings(add: Callable) -> None:
    records = clean_records(foreign=True)
    table, content = (HEADER, records), text([HEADER, *records])
    for encoding in ("utf-8", "utf-8-sig", "utf-16-le", "utf-16-be", "cp1252"):
        add("encoding_" + encoding.replace("-", "_"), content.encode(encoding), table)
    add("encoding_utf_16_le", ("\ufeff" + content).encode("utf-16-le"), table, "_mark")
    add("encoding_utf_16_be", ("\ufeff" + content).encode("utf-16-be"), table, "_mark")


def _add_single_lines(add: Callable) -> None:
    """One line of the clean file changed: line 0 is the header. Expected is what stands in the line then.

    Two cells that run together are one, without the quotes between them, as the published benchmark compares records;
    RFC 4180 would read `"a""b"` as a cell that holds a quote. Cut by spaces, names of two words stay unquoted.
    """
    rows = [HEADER, *RECORDS]
    lines = [written(row) for row in rows]

    def add_line(family: str, line: int, variant: str, content: str, row: Row) -> None:
        before = "".join(",".join(cells) + _END for cells in lines[:line])
        after = "".join(",".join(cells) + _END for cells in lines[line + 1 :])
        changed = [*rows[:line], row, *rows[line + 1 :]]
        add(family, before + content + _END + after, (changed[0], changed[1:]), variant)

    for line, (row, cells) in enumerate(zip(rows, lines, strict=True)):
        for column in range(len(row)):
            variant, head, tail = f"_row{line}_col{column}", cells[:column], cells[column:]
            add_line("row_more_sep", line, variant, ",".join([*head, "", *tail]), [*row[:column], "", *row[column:]])
            if column > 0:
                joined = [*head[:-1], head[-1] + tail[0], *tail[1:]]
                merged = [*row[: column - 1], row[column - 1] + row[column], *row[column + 1 :]]
                add_line("row_less_sep", line, variant, ",".join(joined), merged)
            extra = tail[0][:1] + '"' + tail[0][1:] if tail[0].startswith('"') else '"' + tail[0]
            marked = [*row[:column], '"' + row[column], *row[column + 1 :]]
            add_line("row_extra_quote", line, variant, ",".join([*head, extra, *tail[1:]]), marked)
        add_line("row_field_delimiter_space", line, f"_row{line}", " ".join(cells), row)


def score(case: Case, header: Row, records: list[Row]) -> float:
    """What was read, out of 10. A file that raised scores 0 and does not come here."""
    header_cells = _agreement(case.header, header)
    joined = _agreement(["".join(record) for record in case.records], ["".join(record) for record in records])
    cells = _agreement([*case.header, *chain(*case.records)], [*header, *chain(*records)])
    return 1 + header_cells + joined + cells


def _agreement(expected: list[str], found: list[str]) -> float:
    """Precision, recall and F1 of two multisets, added up; 3 where nothing is expected."""
    if not expected:
        return 3.0
    right = (Counter(expected) & Counter(found)).total()
    if not right:
        return 0.0
    precision, recall = right / len(found), right / len(expected)
    return precision + recall + 2 * precision * recall / (precision + recall)


def read_ours(path: Path) -> Table:
    """With this project's reader."""
    from orchestration.reader import read_table

    table = read_table(path)
    return table.header, [record.cells or [record.text] for record in table.records]


def read_duckdb(path: Path, options: str = "") -> Table:
    """With DuckDB's read_csv, which finds out dialect and header itself."""
    import duckdb

    with duckdb.connect() as con:
        found = con.execute(f"SELECT * FROM read_csv(?, all_varchar = true{options})", [str(path)])
        header = [column[0] for column in found.description]
        records = [[cell or "" for cell in record] for record in found.fetchall()]
    return ([] if all(re.fullmatch(r"column\d+", name) for name in header) else header), records


def read_csv_module(path: Path, sniff: bool = False) -> Table:
    """With Python's csv module, the first line as the header; its dialect is RFC 4180, or what csv.Sniffer says."""
    content = path.read_bytes().decode("utf-8-sig")
    dialect = csv.Sniffer().sniff(content) if sniff else csv.excel
    rows = [row for row in csv.reader(io.StringIO(content, newline=""), dialect) if row]
    return (rows[0], rows[1:]) if rows else ([], [])


READERS: dict[str, Reader] = {
    "loancalls": read_ours,
    "DuckDB": read_duckdb,
    "DuckDB padding": partial(read_duckdb, options=", null_padding = true"),
    "DuckDB lenient": partial(read_duckdb, options=", null_padding = true, strict_mode = false"),
    "csv.Sniffer": partial(read_csv_module, sniff=True),
    "csv.reader": read_csv_module,
}


def measure(case: Case, path: Path, reader: Reader) -> float:
    """Write a case to `path` and score what `reader` makes of it; 0 where it raises."""
    path.write_bytes(case.content)
    try:
        found = reader(path)
    except Exception:
        return 0.0
    return score(case, *found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keep", type=Path, metavar="DIR", help="write the files to DIR and leave them there")
    parser.add_argument("--worst", type=int, default=10, metavar="N", help="name the N files our reader reads worst")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        report(folder, arguments.worst)


def report(folder: Path, worst: int) -> None:
    """Read all files with all readers and print the scores."""
    scores: dict[str, dict[str, list[float]]] = {}
    ours: list[tuple[float, str]] = []
    seconds = Counter()
    for family, cases in families().items():
        scores[family] = {}
        for name, reader in READERS.items():
            started = time.perf_counter()
            scores[family][name] = [measure(case, folder / f"{case.name}.csv", reader) for case in cases]
            seconds[name] += time.perf_counter() - started
        names = [case.name for case in cases]
        ours += zip(scores[family]["loancalls"], names, strict=True)

    def line(label: str, files: object, *cells: str) -> None:
        print(f"| {label:<36} | {files:>5} | " + " | ".join(f"{cell:>14}" for cell in cells) + " |")

    line("family", "files", *READERS)
    print(f"| {'-' * 36} | ----: | " + " | ".join("-" * 13 + ":" for _ in READERS) + " |")
    for family, found in scores.items():
        line(family, len(found["loancalls"]), *(f"{mean(found[name]):.3f}" for name in READERS))
    by_reader = {name: [mean(found[name]) for found in scores.values()] for name in READERS}
    line("mean over families", len(scores), *(f"{mean(by_reader[name]):.3f}" for name in READERS))
    every = {name: [value for found in scores.values() for value in found[name]] for name in READERS}
    line("mean over files", len(ours), *(f"{mean(every[name]):.3f}" for name in READERS))
    line("seconds", "", *(f"{seconds[name]:.1f}" for name in READERS))
    if worst:
        print("\nRead worst by loancalls:")
        for value, name in sorted(ours)[:worst]:
            print(f"{value:7.3f}  {name}")


if __name__ == "__main__":
    main()
