"""Loads a description."""

from __future__ import annotations

import os

from sbsim.deployment.check import report
from sbsim.deployment.deployment import Deployment
from sbsim.errors import DescriptionError


def load(path: str | os.PathLike[str]) -> Deployment:
    """Return the deployment that the TOML file describes.

    Raises DescriptionError, which holds every finding of the file, not the first alone.
    """
    findings, deployment = report(path)
    if deployment is None:
        raise DescriptionError(os.fspath(path), findings)
    return deployment
