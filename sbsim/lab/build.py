"""Makes the machines' image. Runs as a process of its own, in its own namespaces.

`python -m sbsim.lab.build FOLDER` reads a recipe as JSON on stdin and leaves in FOLDER:

    root.erofs      the read-only root that every machine shares
    packages.erofs  the package repository for what the platform installs later (R2.5)
    vmlinuz         the kernel, booted directly
    initramfs       busybox, the few modules that find the root, and init.sh

Each step prints one line `step: …` on stdout. It works in a tmpfs of its own mount namespace, so
that nothing is left behind however it ends.
"""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from sbsim.lab.recipe import Recipe

BUSYBOX = Path("/bin/busybox")
UNKNOWN = "sbsim: no package of this name:"


class BuildFailed(Exception):
    """A step of the build failed; the message is for the user."""


def say(step: str) -> None:
    """Tell whoever started the build what is going on."""
    print(f"step: {step}", flush=True)


def call(*argv: str, cwd: Path | None = None, stdin: str | None = None) -> str:
    """Run a command of this machine and return its output."""
    done = subprocess.run(argv, cwd=cwd, input=stdin, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip())[-3000:]
        raise BuildFailed(f"{argv[0]} ended with status {done.returncode}: {said}")
    return done.stdout


def install_debian(recipe: Recipe, root: Path) -> None:
    """Install the recipe's packages into `root` with mmdebstrap."""
    dropped = [f"--dpkgopt=path-exclude=/{path}/*" for path in recipe.dropped_paths]
    try:
        _mmdebstrap(recipe, root, dropped)
    except BuildFailed as error:
        raise explained(recipe, error) from error


def _mmdebstrap(recipe: Recipe, root: Path, dropped: list[str]) -> None:
    call(
        "mmdebstrap",
        "--mode=root",
        "--variant=minbase",
        "--format=directory",
        f"--include={','.join(recipe.packages)}",
        '--aptopt=Acquire::Languages "none"',
        '--aptopt=APT::Install-Recommends "false"',
        # The tmpfs is memory: nothing is gained by syncing it.
        "--dpkgopt=force-unsafe-io",
        "--dpkgopt=force-confold",
        *dropped,
        f"--setup-hook={find_packages(recipe)}",
        # The lists are needed to fetch the kernel and the offered packages.
        "--skip=cleanup/apt/lists",
        recipe.suite,
        str(root),
        *recipe.sources,
    )


def find_packages(recipe: Recipe) -> str:
    """The shell commands that look for every package before the first is fetched.

    apt itself names an unknown one only when the base system stands, a minute later.
    """
    names = shlex.join((*recipe.packages, *recipe.offered, recipe.kernel))
    return f"""
        export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"
        apt-get -q --error-on=any update || exit 1
        for name in {names}; do
            apt-cache show "$name" >/dev/null 2>&1 || unknown="${{unknown-}} $name"
        done
        [ -z "${{unknown-}}" ] || {{ echo "{UNKNOWN}$unknown" >&2; exit 1; }}"""


def explained(recipe: Recipe, error: BuildFailed) -> BuildFailed:
    """The same failure with what it means first, where that is known."""
    lines = str(error).splitlines()
    unknown = [line.removeprefix(UNKNOWN).strip() for line in lines if line.startswith(UNKNOWN)]
    if unknown:
        return BuildFailed(
            f"{recipe.mirror} has no package {', '.join(unknown[0].split())} for {recipe.suite}; "
            "correct the recipe, or name another mirror in SBSIM_MIRROR"
        )
    missed = [line for line in lines if line.startswith(("E: Failed to fetch", "E: Malformed"))]
    if missed:
        return BuildFailed(
            f"the mirror {recipe.mirror} cannot be used: {missed[0].removeprefix('E: ')}; check "
            "the network, or name another mirror in SBSIM_MIRROR"
        )
    return error


def apt(root: Path, *argv: str) -> str:
    """Run one of apt's commands inside `root`."""
    return call("chroot", str(root), "env", "DEBIAN_FRONTEND=noninteractive", *argv)


def install_kernel(recipe: Recipe, root: Path, folder: Path) -> str:
    """Take the kernel and its modules without its maintainer scripts (they make an initramfs).

    Returns the kernel's release, such as ``6.1.0-37-amd64``; the kernel itself lies in `folder`.
    """
    depends = apt(root, "apt-cache", "depends", "--important", recipe.kernel)
    names = [line.split()[-1] for line in depends.splitlines() if "Depends: linux-image-" in line]
    if not names:
        raise BuildFailed(f"package {recipe.kernel} depends on no kernel: {depends.strip()}")
    release = names[0].removeprefix("linux-image-")
    call("chroot", str(root), "sh", "-c", f"cd /tmp && apt-get -q download {names[0]}")
    (package,) = (root / "tmp").glob("*.deb")
    # Unpacked aside: in the package /lib is a folder, in the root it is a link to usr/lib.
    call("dpkg-deb", "-x", str(package), str(folder))
    package.unlink()
    for part in recipe.dropped_modules:
        shutil.rmtree(folder / "lib/modules" / release / "kernel" / part, ignore_errors=True)
    (root / "usr/lib/modules").mkdir(exist_ok=True)
    shutil.move(folder / "lib/modules" / release, root / "usr/lib/modules" / release)
    call("depmod", "-b", str(root), release)
    return release


def make_repository(recipe: Recipe, root: Path, folder: Path) -> None:
    """Fetch the offered packages, with all that they need and the image lacks, and index them."""
    apt(root, "apt-get", "-q", "-y", "--no-install-recommends", "--download-only", "install",
        *recipe.offered)  # fmt: skip
    folder.mkdir()
    for package in sorted((root / "var/cache/apt/archives").glob("*.deb")):
        shutil.move(package, folder / package.name)
    (folder / "Packages").write_text(call("apt-ftparchive", "packages", ".", cwd=folder))
    (folder / "Release").write_text(call("apt-ftparchive", "release", ".", cwd=folder))


def configure(recipe: Recipe, root: Path) -> None:
    """Write the recipe's files and switch off what an emulated machine has no use for."""
    for pattern in ("etc/ssh/ssh_host_*", "var/lib/apt/lists/*", "etc/apt/sources.list.d/*"):
        for path in root.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for name, text in recipe.files:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_text(text)
    for folder, names in (
        ("etc/systemd/system", recipe.masked_units),
        ("etc/udev/rules.d", recipe.masked_udev_rules),
        ("etc/systemd/system-generators", recipe.masked_generators),
    ):
        (root / folder).mkdir(parents=True, exist_ok=True)
        for name in names:
            link = root / folder / name
            link.unlink(missing_ok=True)
            link.symlink_to("/dev/null")
    (root / "etc/systemd/system/default.target").symlink_to("/lib/systemd/system/multi-user.target")
    for name in recipe.masked_helpers:
        (root / name).unlink()
        (root / name).symlink_to("/bin/true")
    (root / "packages").mkdir()
    apt(root, "systemctl", "disable", *recipe.disabled_units)
    apt(root, "systemctl", "enable", "systemd-networkd.service", "ssh.service")
    # A shell that starts fast: every command on a machine starts one.
    passwd = root / "etc/passwd"
    passwd.write_text(passwd.read_text().replace(":/root:/bin/bash", ":/root:/bin/sh"))


def module_files(root: Path, release: str, names: tuple[str, ...]) -> list[Path]:
    """The module files that `names` need, in the order in which they are to be loaded."""
    base = root / "lib/modules" / release
    needs: dict[str, list[str]] = {}
    for line in (base / "modules.dep").read_text().splitlines():
        path, _, rest = line.partition(":")
        needs[path] = rest.split()
    by_name = {Path(path).name.removesuffix(".ko").replace("-", "_"): path for path in needs}
    built_in = (base / "modules.builtin").read_text()
    ordered: list[str] = []
    for name in names:
        if f"/{name}.ko" in built_in.replace("-", "_"):
            continue
        if name not in by_name:
            raise BuildFailed(f"kernel {release} has no module {name}")
        # modules.dep lists the nearest first: the deepest must be loaded first.
        for path in [*reversed(needs[by_name[name]]), by_name[name]]:
            if path not in ordered:
                ordered.append(path)
    return [base / path for path in ordered]


def make_initramfs(recipe: Recipe, root: Path, release: str, target: Path, work: Path) -> None:
    """Pack init.sh, busybox and the modules that find the root."""
    tree = work / "initramfs"
    (tree / "bin").mkdir(parents=True)
    (tree / "modules").mkdir()
    shutil.copy(BUSYBOX, tree / "bin/busybox")
    (tree / "init").write_text(recipe.init_script)
    (tree / "init").chmod(0o755)
    files = module_files(root, release, recipe.initramfs_modules)
    for path in files:
        shutil.copy(path, tree / "modules" / path.name)
    (tree / "modules/order").write_text("".join(f"{path.name}\n" for path in files))
    names = "\n".join(sorted(str(path.relative_to(tree)) for path in tree.rglob("*")))
    archive = subprocess.run(
        ["cpio", "--quiet", "-o", "-H", "newc"],
        cwd=tree, input=names.encode(), capture_output=True, check=True,
    )  # fmt: skip
    target.write_bytes(archive.stdout)


def erofs(source: Path, target: Path) -> None:
    """Pack a folder as a read-only image; times are dropped so that equal input packs equally."""
    call("mkfs.erofs", "-zlz4", "-T0", "-U00000000-0000-0000-0000-000000000000", str(target),
         str(source))  # fmt: skip


def build(recipe: Recipe, folder: Path, work: Path) -> None:
    """Make the whole image in `folder`, using `work` for what is not kept."""
    root = work / "root"
    say(f"installing {len(recipe.packages)} packages and what they need ({recipe.suite})")
    install_debian(recipe, root)
    say("unpacking the kernel")
    release = install_kernel(recipe, root, work / "kernel")
    say(f"fetching the packages that hosts get later: {', '.join(recipe.offered)}")
    make_repository(recipe, root, work / "packages")
    say("configuring")
    configure(recipe, root)
    make_initramfs(recipe, root, release, folder / "initramfs", work)
    shutil.move(work / f"kernel/boot/vmlinuz-{release}", folder / "vmlinuz")
    say("packing")
    erofs(root, folder / "root.erofs")
    erofs(work / "packages", folder / "packages.erofs")


def main() -> int:
    """Read a recipe on stdin, build into the folder named on the command line."""
    folder = Path(sys.argv[1])
    fields = json.load(sys.stdin)
    fields = {name: _tuples(value) for name, value in fields.items()}
    work = folder / "work"
    work.mkdir()
    try:
        call("mount", "-t", "tmpfs", "-o", "size=4g,mode=755", "sbsim-build", str(work))
        build(Recipe(**fields), folder, work)
        call("umount", "-l", str(work))
        work.rmdir()
    except (BuildFailed, OSError, subprocess.SubprocessError) as error:
        print(f"failed: {error}", flush=True)
        return 1
    return 0


def _tuples(value: object) -> object:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value


if __name__ == "__main__":
    sys.exit(main())
