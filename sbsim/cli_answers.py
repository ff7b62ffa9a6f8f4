"""What the commands of the management plane share: opening it, asking twice, and answering."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, replace
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from sbsim.cli_provision import reopen
from sbsim.errors import UsageError
from sbsim.management.management import Management

WIDEST = 10_000
out = Console(emoji=False, highlight=False, soft_wrap=True)
steps = Console(stderr=True, emoji=False, highlight=False, soft_wrap=True)

LabName = Annotated[str | None, typer.Option("--lab", help="Which lab, where more than one is up.")]
AsJson = Annotated[bool, typer.Option("--json", help="For programs: JSON, with keys that stay.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it; else only say what would be done.")]


def open_management(lab: str | None) -> Management:
    """The management plane of the deployment that is up. Raises UsageError if none is."""
    return reopen(lab, lambda _text: None)[1]


def telling(lab: str | None) -> Management:
    """The management plane, telling each long step on stderr: stdout is the answer's."""
    return replace(
        open_management(lab), progress=lambda text: steps.print(f"… {text}", markup=False)
    )


def confirm(yes: bool, what: str) -> None:
    """Raise UsageError, saying what would be done, unless the user has said --yes."""
    if not yes:
        raise UsageError(f"{what}; nothing was changed; repeat it with --yes to do so")


def show_value(value: object, shown: Iterable[Table], otherwise: str, as_json: bool) -> None:
    """Print a value as JSON, or its tables, or a line where it has none."""
    if as_json:
        print(json.dumps(_plain(value), indent=2, ensure_ascii=False))
        return
    lines = list(shown)
    for table in lines:
        # As wide as it is, whatever the terminal: an id that is cut cannot be copied.
        whole = Measurement.get(out, out.options.update(max_width=WIDEST), table).maximum
        Console(emoji=False, highlight=False, width=whole).print(table)
    if not lines:
        out.print(otherwise, markup=False)


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value if isinstance(value, dict) else asdict(value)
