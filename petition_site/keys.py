"""The three secrets of an installation: made here, kept outside the repository.

Whoever loses ADDRESS_KEY can no longer recognise a second signature from the same address;
whoever loses SEAL_KEYS can no longer read the addresses and names that are kept.
"""

import os
import secrets
import sys
from pathlib import Path

from cryptography.fernet import Fernet

PATH = Path(__file__).resolve().parent.parent / "var" / "keys.env"


def fresh() -> str:
    """Return a new set, one `NAME=value` a line."""
    return (
        f"SECRET_KEY={secrets.token_urlsafe(48)}\n"
        f"ADDRESS_KEY={secrets.token_urlsafe(32)}\n"
        f"SEAL_KEYS={Fernet.generate_key().decode()}\n"
    )


def keep(path: Path = PATH) -> bool:
    """Write a set for this machine; a file that exists is never touched."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w") as file:
        file.write(fresh())
    return True


def main(arguments: list[str]) -> int:
    """Keep a set in var/keys.env, or print one for a production environment."""
    if arguments == ["--print"]:
        sys.stdout.write(fresh())
        return 0
    if arguments:
        sys.stderr.write("usage: python -m petition_site.keys [--print]\n")
        return 2
    try:
        keep()
    except OSError as error:
        sys.stderr.write(f"The keys cannot be kept in {PATH}: {error.strerror}.\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
