"""What one more daily book of all loans costs after few and after many: `python -m benchmarks.books [LOANS CALLS]`.

By default 100,000 loans and 200,000 calls. Two homes have the same calls; one has five books and gets the sixth, the
other has fifty and gets the fifty-first. Prints wall and CPU seconds, peak memory and their ratios.
"""

import json
import shutil
import sys
from pathlib import Path

from benchmarks.generate import generate, generate_books
from benchmarks.run import WORK, measure

BOOKS = (5, 50)


def main() -> None:
    loans, calls = (int(argument) for argument in (*sys.argv[1:3], "100000", "200000")[:2])
    shutil.rmtree(WORK, ignore_errors=True)
    loancalls = str(Path(sys.executable).parent / "loancalls")
    first = [str(path) for path in generate(WORK / "files", loans * 5, calls)]
    found = {}
    for books in BOOKS:
        home, folder = {"LOANCALLS_HOME": str(WORK / f"home {books}")}, WORK / f"books {books}"
        earlier = [str(path) for path in generate_books(folder / "earlier", loans, range(5, books))]
        one_more = [str(path) for path in generate_books(folder / "one more", loans, range(books, books + 1))]
        found[books] = {
            "all_before": measure([loancalls, "run", *first, *earlier], **home),
            "one_more": measure([loancalls, "run", *one_more], **home),
        }
    few, many = (found[books]["one_more"] for books in BOOKS)
    report = {
        "loans": loans,
        "calls": calls,
        "after_books": found,
        "ratio": {name: round(many[name] / few[name], 2) for name in few},
    }
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
