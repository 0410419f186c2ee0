"""Whom to call when a line is down: `[providers."NAME"]` in collector.toml, by the name that sites have as provider."""

from typing import Annotated

from pydantic import Field

from shared.settings import Settings


class Contact(Settings):
    """Of one provider. `call`: name and number of its service desk, as people dial it; `note`: what to have at hand."""

    call: Annotated[str, Field(max_length=200)] = ""
    note: Annotated[str, Field(max_length=400)] = ""
