"""Commands and scripts in processes of their own, which need not import the libraries anew.

Importing them takes longer than most of what tests run. A server imports them once and does nothing else; each process
is a fork of it, with the arguments, environment, folder and streams that it is given. What only a start from nothing
shows (locale, packaging, signals) is for tests that make one: cli/test_cli.py, cli/test_locale.py, defs/test_web.py.
"""

import multiprocessing
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from pathlib import Path
from subprocess import CompletedProcess
from tempfile import TemporaryFile

import pytest

COMMAND_LINE = "from orchestration.cli.app import main; main()"

_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(["libraries"])


class Forked:
    """A process of its own that runs a script. What it prints is read from `stdout`, what it waits for is written to
    `stdin`, and how it has ended is `returncode`, as of subprocess.Popen."""

    def __init__(self, script: str, environment: Mapping[str, str], folder: Path, arguments: Sequence[str] = ("-c",)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PYTHONPATH", str(Path(__file__).parent))  # where the server finds what to load
            forkserver.ensure_running()
        stdin, asks = _SERVER.Pipe(duplex=False)
        says, stdout = _SERVER.Pipe(duplex=False)
        self.stdin = os.fdopen(os.dup(asks.fileno()), "w", encoding="utf-8")
        self.stdout = os.fdopen(os.dup(says.fileno()), encoding="utf-8")
        self._stderr = TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - closed with the other streams
        stderr = Connection(os.dup(self._stderr.fileno()), readable=False)
        self._process = _SERVER.Process(
            target=_run, args=((stdin, stdout, stderr), script, dict(environment), folder, list(arguments))
        )
        self._said: tuple[str, str] | None = None
        self._process.start()
        for stream in (stdin, asks, says, stdout, stderr):  # the process has its own
            stream.close()

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self._process.exitcode

    def kill(self) -> None:
        self._process.kill()

    def wait(self) -> None:
        self._process.join()

    def communicate(self) -> tuple[str, str]:
        """What was printed and not yet read, and every complaint, once the process has ended."""
        if self._said is None:
            with suppress(BrokenPipeError):  # it may have ended without reading
                self.stdin.close()
            with self.stdout, self._stderr:
                said = self.stdout.read()
                self._process.join()
                self._stderr.seek(0)
                self._said = said, self._stderr.read()
        return self._said


def loancalls(arguments: Sequence[str], environment: Mapping[str, str], folder: Path) -> CompletedProcess:
    """The command line, run to its end."""
    process = Forked(COMMAND_LINE, environment, folder, ["loancalls", *arguments])
    stdout, stderr = process.communicate()
    return CompletedProcess(arguments, process.returncode, stdout, stderr)


def _run(
    streams: Sequence[Connection], script: str, environment: dict[str, str], folder: Path, arguments: list[str]
) -> None:
    """Become as a new process would be, and run the script."""
    for number, stream in enumerate(streams):
        os.dup2(stream.fileno(), number)
        stream.close()
    sys.stdin, sys.stdout, sys.stderr = (os.fdopen(number, mode, encoding="utf-8") for number, mode in enumerate("rww"))
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = arguments
    exec(compile(script, "<script>", "exec"), {"__name__": "__main__"})
