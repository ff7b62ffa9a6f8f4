"""The machines' image: found in the cache by its recipe's key, or made."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from sbsim.errors import ImageError
from sbsim.lab import manifest, pruning
from sbsim.lab.folder import cache_folder
from sbsim.lab.recipe import Recipe

Progress = Callable[[str], None]

NEEDED_BYTES = 2 * 2**30
FILES = ("initramfs", "packages.erofs", "root.erofs", "vmlinuz")


def image_folder(recipe: Recipe) -> Path:
    """Where the image made from `recipe` lies, or would lie."""
    return cache_folder() / "images" / recipe.key


def ensure_image(recipe: Recipe, progress: Progress) -> Path:
    """Return the folder of a sound image; make it if there is none or it is damaged.

    Raises ImageError: no space, no network, an unknown package, a missing tool.
    """
    folder = image_folder(recipe)
    if folder.is_dir():
        faults = manifest.faults(folder)
        if not faults:
            pruning.mark_used(folder)
            return folder
        progress(f"the cached image is broken ({'; '.join(faults)}); making it again")
    _check_space(folder.parent)
    progress("making the machines' image (once; about a minute)")
    manifest.make(folder, lambda aside: _build(recipe, aside, progress))
    pruning.prune(folder.parent, pruning.IMAGES_KEPT)
    return folder


def _check_space(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if free < NEEDED_BYTES:
        raise ImageError(
            f"the cache {cache_folder()} has {free >> 20} MiB free; the image and the saved "
            f"machines need {NEEDED_BYTES >> 20} MiB. Make room, or name another folder in "
            "SBSIM_CACHE"
        )


def _build(recipe: Recipe, folder: Path, progress: Progress) -> None:
    # Namespaces of its own: whatever ends the build, no mount and no process stays.
    argv = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
            sys.executable, "-m", "sbsim.lab.build", str(folder)]  # fmt: skip
    with subprocess.Popen(
        argv,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as builder:
        try:
            assert builder.stdin is not None
            assert builder.stdout is not None
            builder.stdin.write(json.dumps(asdict(recipe)))
            builder.stdin.close()
            said = [_heard(line.rstrip("\n"), progress) for line in builder.stdout]
        except BaseException:
            builder.kill()
            raise
    if builder.returncode or not all((folder / name).is_file() for name in FILES):
        raise ImageError("the machines' image could not be made: " + _reason(said))


def _reason(said: list[str]) -> str:
    """What the builder said failed; if it could not say, its last words."""
    starts = [place for place, line in enumerate(said) if line.startswith("failed: ")]
    lines = said[starts[-1] :] if starts else said
    return "\n".join(lines[-20:]).removeprefix("failed: ")


def _heard(line: str, progress: Progress) -> str:
    if line.startswith("step: "):
        progress(f"image: {line.removeprefix('step: ')}")
    return line
