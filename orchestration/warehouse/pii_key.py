"""The key of the published fingerprints: stated, or made once and kept; and a run with another one is stopped.

    pii.key      the key, unless LOANCALLS_PII_KEY states one
    pii.check    a keyed hash of a constant, by which the key that was published with is known again

Both lie in the home, apart from the working database, which may be removed at any time. What is not noticed: a home in
which `pii.check` was removed too.
"""

import hashlib
import hmac
import secrets
from pathlib import Path

from orchestration.errors import LoancallsError
from orchestration.settings import Settings
from orchestration.store.atomic import replacing
from orchestration.store.home import Home

_LEAST_CHARACTERS = 32
_CONSTANT = b"loancalls: the key of the published fingerprints"


def pii_key(home: Home, settings: Settings) -> bytes:
    """The key: the setting's, else the home's, which is made when nothing was published with another one.

    Raises LoancallsError when the home's is damaged or gone, or the key is not that of the last publishing.
    """
    if settings.pii_key:
        key = settings.pii_key.encode()
    elif _file(home).exists():
        key = _read(_file(home))
    elif _check(home).exists():
        raise LoancallsError(f"{_file(home)} is not there any more. {_way_on(home)}")
    else:
        key = secrets.token_hex(32).encode()
        with replacing(_file(home), home.staging) as new:
            new.write_bytes(key + b"\n")
    if _check(home).exists() and _check(home).read_text(encoding="utf-8").strip() != _hash(key):
        source = "LOANCALLS_PII_KEY" if settings.pii_key else str(_file(home))
        raise LoancallsError(f"{source} is not the key that was published with before. {_way_on(home)}")
    return key


def remember(home: Home, key: bytes) -> None:
    """Note the key that is about to be published with."""
    if not _check(home).exists():
        with replacing(_check(home), home.staging) as new:
            new.write_text(_hash(key) + "\n", encoding="utf-8")


def _read(path: Path) -> bytes:
    key = path.read_bytes().strip()
    if len(key) < _LEAST_CHARACTERS:
        raise LoancallsError(
            f"{path} holds {len(key)} characters, too few for a key (at least {_LEAST_CHARACTERS}); bring it back from "
            "a backup, or remove it to have another one made."
        )
    return key


def _way_on(home: Home) -> str:
    return (
        "Fingerprints published from now on would not join with those published so far. Bring the former key back; or, "
        f"if new fingerprints are wanted, remove {_check(home)} and run again."
    )


def _hash(key: bytes) -> str:
    return hmac.new(key, _CONSTANT, hashlib.sha256).hexdigest()


def _file(home: Home) -> Path:
    return home.root / "pii.key"


def _check(home: Home) -> Path:
    return home.root / "pii.check"
