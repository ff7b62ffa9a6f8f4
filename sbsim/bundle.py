"""Where suites and fixtures lie: in the checkout, or inside an installed wheel."""

from __future__ import annotations

from pathlib import Path

from sbsim.errors import SbsimError


def bundle_folder() -> Path:
    """The folder that holds ``conftest.py``, ``fixtures`` and ``suites``."""
    package = Path(__file__).resolve().parent
    for folder in (package / "_bundle", package.parent):
        if (folder / "fixtures" / "requirements.toml").is_file():
            return folder
    raise SbsimError(
        f"neither {package / '_bundle'} nor {package.parent} holds fixtures/requirements.toml; "
        "install sbsim again"
    )


def source_files(*packages: str) -> list[Path]:
    """The Python files of these packages of sbsim, in a fixed order."""
    root = Path(__file__).resolve().parent
    return sorted(path for name in packages for path in (root / name).rglob("*.py"))


def default_deployment() -> Path:
    """The guide's own deployment."""
    return _deployments() / "tutorial.toml"


def default_variants() -> tuple[Path, ...]:
    """The guide's deployment with two paths to every LUN, and over Fibre Channel."""
    return tuple(_deployments() / name for name in ("multipath.toml", "fc.toml"))


def _deployments() -> Path:
    return bundle_folder() / "fixtures" / "deployments"
