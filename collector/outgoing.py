"""How the collector signs in to servers that it tells something: settings that are files, and the session of them."""

import ssl
from pathlib import Path
from typing import Annotated, Self

import aiohttp
from aiohttp import hdrs
from pydantic import AfterValidator, Field, model_validator

from shared.settings import Settings


def _present(path: Path) -> Path:
    if not path.is_absolute():
        raise ValueError("must be an absolute path")
    if not path.is_file():
        raise ValueError("there is no such file")
    return path


PresentFile = Annotated[Path, AfterValidator(_present)]
"""A file that settings name, most often a secret's."""


class Outgoing(Settings):
    """What the tables of such servers have in common. Secrets are files, so that a table can be shown to anybody."""

    timeout_s: Annotated[float, Field(gt=0, le=300)] = 10.0
    basic_user: str = ""
    basic_password_file: PresentFile | None = None
    bearer_token_file: PresentFile | None = None
    ca_file: PresentFile | None = None

    @model_validator(mode="after")
    def _one_way_to_sign_in(self) -> Self:
        if bool(self.basic_user) != bool(self.basic_password_file):
            raise ValueError("basic_user and basic_password_file belong together")
        if self.basic_user and self.bearer_token_file:
            raise ValueError("use basic_user or bearer_token_file, not both")
        return self

    def session(self, headers: dict[str, str]) -> aiohttp.ClientSession:
        """A session with `headers`, `sign_in` among them; made in the loop that uses it."""
        tls = ssl.create_default_context(cafile=self.ca_file) if self.ca_file else True
        return aiohttp.ClientSession(
            headers=headers,
            connector=aiohttp.TCPConnector(ssl=tls),
            timeout=aiohttp.ClientTimeout(total=self.timeout_s),
        )

    def sign_in(self) -> dict[str, str]:
        """The header that says who we are (blocks: it reads the secret); none without a secret."""
        if self.basic_user and self.basic_password_file:
            return {hdrs.AUTHORIZATION: aiohttp.encode_basic_auth(self.basic_user, _secret(self.basic_password_file))}
        return {hdrs.AUTHORIZATION: f"Bearer {_secret(self.bearer_token_file)}"} if self.bearer_token_file else {}


def http_url(url: str, example: str) -> str:
    """`url` without a slash at the end; ValueError with an example if it is none."""
    if not url.startswith(("http://", "https://")):
        raise ValueError(f"{url} must begin with http:// or https://, for example {example}")
    return url.rstrip("/")


def _secret(path: Path) -> str:
    return path.read_text(encoding="utf-8").strip()
