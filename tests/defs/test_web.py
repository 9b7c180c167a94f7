"""What a person sees in the Dagster UI of a loaded home: the lineage, and a table with its rows and checks.

With UPDATE_SCREENSHOT=1 the picture in the README, docs/lineage.png, is taken anew.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from support import REPO, SAMPLE

from orchestration.warehouse.transforms import load_transforms

pytestmark = pytest.mark.web

CHROMIUM = shutil.which("chromium")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
# What a browser that has been here before remembers: the greeting was answered, the menu is folded.
REMEMBERED = {"communityNux": '"1"', "dagster-nav-collapsed": "true", "large-screen-nav-open": "false"}
PATIENCE = 60_000


@pytest.fixture(scope="session")
def playwright() -> object:
    """Playwright's Python API, where there is a browser for it to drive."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    return pytest.importorskip("playwright.sync_api", reason="playwright is not installed")


@pytest.fixture(scope="session")
def loaded_home(playwright: object, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the sample files loaded by the command line."""
    home = tmp_path_factory.mktemp("web") / "home"
    files = sorted(str(path) for path in SAMPLE.glob("*.csv"))
    done = loancalls(home, "run", *files)
    assert done.returncode == 0, done.stderr
    return home


@pytest.fixture(scope="session")
def address(loaded_home: Path) -> Iterator[str]:
    """The address of a running `loancalls ui`, which ends with every process it has started."""
    port = free_port()
    log = (loaded_home.parent / "ui.log").open("wb")
    ui = subprocess.Popen(
        command("ui", "--port", str(port)),
        env=environment(loaded_home),
        stdout=log,
        stderr=log,
        start_new_session=True,
        # Tests in the background ignore Ctrl-C, and so would everything they start.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(url, ui, loaded_home.parent / "ui.log")
        yield url
    finally:
        end_group(ui)
        log.close()


@pytest.fixture
def page(playwright: object, tmp_path: Path) -> Iterator[object]:
    """A page of a browser with an empty profile, which reaches this machine only."""
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch_persistent_context(
            tmp_path / "profile",
            executable_path=CHROMIUM,
            args=list(FLAGS),
            viewport={"width": 2000, "height": 1180},
        )
        browser.set_default_timeout(PATIENCE)
        browser.route("**/*", only_here)
        browser.add_init_script(f"Object.assign(localStorage, {json.dumps(REMEMBERED)})")
        yield browser.pages[0]
        browser.close()


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "from orchestration.cli.app import main; main()", *arguments]


def environment(home: Path) -> dict[str, str]:
    return {**os.environ, "LOANCALLS_HOME": str(home), "PYTHONPATH": str(REPO)}


def loancalls(home: Path, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        command(*arguments), env=environment(home), capture_output=True, encoding="utf-8", timeout=280
    )


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(url: str, process: subprocess.Popen, log: Path) -> None:
    """Wait until the UI answers; it starts a web server, a daemon and a code server, which takes seconds."""
    deadline = time.monotonic() + 120
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), opener.open(f"{url}/server_info", timeout=5):
            return
        time.sleep(0.5)
    pytest.fail(f"The UI did not start:\n{log.read_text(encoding='utf-8')[-4000:]}")


def end_group(process: subprocess.Popen) -> None:
    """Ask the whole process group to end, and see to it that it has."""
    for asked, seconds in ((signal.SIGINT, 30), (signal.SIGTERM, 10), (signal.SIGKILL, 10)):
        deadline = time.monotonic() + seconds
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, asked)
            while time.monotonic() < deadline:
                process.poll()
                os.killpg(process.pid, 0)
                time.sleep(0.1)
    process.wait(10)


def only_here(route: object) -> None:
    url = urlsplit(route.request.url)
    if url.scheme in ("data", "blob") or url.hostname in ("127.0.0.1", "localhost"):
        route.continue_()
    else:
        route.abort()


def lineage(address: str, *expanded: str) -> str:
    """The global lineage with these groups unfolded."""
    return f"{address}/asset-groups/?expanded={quote(','.join(f'global@global:{group}' for group in expanded))}"


def test_the_lineage_has_every_table_of_core_and_marts(page: object, address: str) -> None:
    """As the page asks for it: drawn, there are too many boxes for one screen to have them all."""
    answer = page.request.post(f"{address}/graphql", data={"query": "{ assetNodes { assetKey { path } } }"})
    said = {node["assetKey"]["path"][-1] for node in answer.json()["data"]["assetNodes"]}
    tables = {name for name, one in load_transforms().items() if one.layer in ("core", "marts") and not one.is_step}
    assert tables - said == set()


def test_a_mart_is_materialized_with_its_rows_and_checks(page: object, address: str, loaded_home: Path) -> None:
    asked = loancalls(loaded_home, "query", "SELECT count(*) AS loans FROM loan_call_success", "--format", "csv")
    loans = asked.stdout.split()[1]
    page.goto(f"{address}/assets/marts/loan_call_success")
    for text in ("Latest materialization", "Row count", "The lender's own loan number."):
        page.get_by_text(text).first.wait_for()
    said = page.inner_text("body")
    assert f"Row count\n{loans}\n" in said
    assert "Never materialized" not in said
    page.goto(f"{address}/assets/marts/loan_call_success?view=checks")
    page.get_by_text("contract", exact=True).first.wait_for()
    page.get_by_text("Succeeded").first.wait_for()
    page.get_by_text("Checks (2)").first.wait_for()


def test_the_page_of_an_upload_says_what_was_wrong_and_a_failed_one_is_not_green(page: object, address: str) -> None:
    asked = {"query": "{ assetNodes { assetKey { path } partitionKeys } }"}
    answer = page.request.post(f"{address}/graphql", data=asked).json()["data"]["assetNodes"]
    (keys,) = [node["partitionKeys"] for node in answer if node["assetKey"]["path"] == ["raw", "records"]]

    def said_of(name: str) -> str:
        (key,) = [key for key in keys if key.startswith(name)]
        page.goto(f"{address}/assets/raw/records?view=partitions&partition={quote(key)}")
        for text in ("what was wrong", "Failed (1)"):
            page.get_by_text(text).first.wait_for()
        return page.inner_text("body")

    book = said_of("balances_0903.csv")
    assert "59 = 57 good + 1 duplicate + 1 error" in book and "bad_loan_id: the loan id has lost digits" in book
    assert "did not materialize" not in book
    failed = said_of("branch_targets.csv")
    assert "failed, and did not materialize this asset" in failed and "its header has neither" in failed


def test_runs_of_the_command_line_are_on_the_pages_of_their_jobs(page: object, address: str) -> None:
    page.goto(f"{address}/locations/__repository__@orchestration.definitions/jobs/build/runs")
    page.get_by_text("Success").first.wait_for()
    page.goto(f"{address}/overview/activity/timeline")
    page.get_by_text("ingest", exact=True).first.wait_for()


@pytest.mark.skipif(not os.environ.get("UPDATE_SCREENSHOT"), reason="UPDATE_SCREENSHOT=1 takes the picture anew")
def test_the_picture_for_the_readme(page: object, address: str) -> None:
    page.goto(lineage(address, "raw", "published"))
    page.get_by_text("analytics", exact=True).first.wait_for()
    page.wait_for_timeout(3000)
    picture = REPO / "docs" / "lineage.png"
    page.screenshot(path=picture)
    assert picture.stat().st_size < 600_000
