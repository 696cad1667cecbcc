"""Who is who: unguessable tokens of which only hashes are kept, and pseudonyms by a key that lies in a file apart."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from judgekit.errors import InputError

BYTES = 32


class Key:
    """The secret of one study. Whoever has it can make the links again and tell whose pseudonym is whose."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    @classmethod
    def at(cls, file: Path, *, create: bool = True) -> Key:
        """Read the key file, or make one (mode 600); InputError where it is missing or no key."""
        if create and not file.exists():
            _made(file)
        try:
            secret = bytes.fromhex(file.read_text(encoding="ascii").strip())
        except OSError as error:
            raise InputError(f"no key: {error.strerror}", where=str(file), fix="bring the study's key file") from None
        except ValueError:
            raise InputError("this is no key", where=str(file), fix="bring the study's own key file") from None
        if len(secret) != BYTES:
            raise InputError("this key is not whole", where=str(file), fix="bring the study's own key file")
        return cls(secret)

    @classmethod
    def nobodys(cls) -> Key:
        """Return a key of no study: what it makes opens nothing."""
        return cls(secrets.token_bytes(BYTES))

    def derive(self, *names: object) -> bytes:
        """Return 32 bytes that belong to these names under this key."""
        return hmac.new(self._secret, "\x1f".join(map(str, names)).encode(), hashlib.sha256).digest()

    def token(self, *names: object) -> str:
        """Return the token of these names: 32 characters of a URL, 192 bits."""
        return base64.urlsafe_b64encode(self.derive("token", *names)[:24]).decode()

    def pseudonym(self, *names: object) -> str:
        """Return the pseudonym of these names: ``r`` and 10 small letters or digits."""
        return "r" + base64.b32encode(self.derive("pseudonym", *names)).decode().lower()[:10]

    @property
    def fingerprint(self) -> str:
        """What tells this key from another without giving it away."""
        return self.derive("fingerprint").hex()[:16]


def _made(file: Path) -> None:
    # written whole under another name, then linked: nobody ever reads half a key, and the first one to link it wins
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as out:
            out.write(secrets.token_hex(BYTES) + "\n")
            out.flush()
            os.fsync(out.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, file)
        draft.unlink()
    except OSError as error:
        raise InputError(f"cannot make the key: {error.strerror}", where=str(file), fix="name another") from None


def hashed(token: str) -> str:
    """Return the SHA-256 of a token: all that a database keeps of it."""
    return hashlib.sha256(token.encode()).hexdigest()


def same(one: str, other: str) -> bool:
    """Compare two tokens in constant time."""
    return hmac.compare_digest(one.encode(), other.encode())
