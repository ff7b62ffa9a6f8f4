"""Files: cat, grep, mkdir, rmdir, cp, mv, rm, ln, tee, sha256sum, readlink, stat, find, test."""

from __future__ import annotations

import errno
import hashlib
import os
import posixpath
from collections.abc import Callable, Iterator

from sbsim.sim.files import FileSystem
from sbsim.sim.machine import Call, Output, tool
from sbsim.sim.options import read

# The root file system of every machine.
BLOCK, ROOT_BYTES, ROOT_FREE_BYTES = 4096, 8 * 2**30, 7 * 2**30


def _failed(name: str, what: str, error: OSError) -> str:
    return f"{name}: {what}: {os.strerror(error.errno or 0)}\n"


def _each(paths: tuple[str, ...], name: str, action: Callable[[str], str], what: str) -> Output:
    """Do something with every path; what each gave, and what failed."""
    out, wrong = [], []
    for path in paths:
        try:
            out.append(action(path))
        except OSError as error:
            wrong.append(_failed(name, what.format(path), error))
    return Output("".join(out), "".join(wrong), 1 if wrong else 0)


@tool("true")
def true(call: Call) -> Output:
    """Nothing, well."""
    return Output()


@tool("cat")
def cat(call: Call) -> Output:
    """What files hold."""
    options, files = read(call), call.machine.files
    return _each(options.rest, "cat", lambda path: files.read(path).decode("latin-1"), "{}")


@tool("grep")
def grep(call: Call) -> Output:
    """Every line of files, each behind its file's name; what cannot be read is passed over."""
    options, files = read(call, flags=("-sH",)), call.machine.files
    if "-sH" not in options or options.rest[:1] != ("",):
        raise call.unknown("use of grep but for all lines of files, with their names")
    lines, wrong = [], False
    for path in options.rest[1:]:
        try:
            text = files.read(path).decode("latin-1")
        except OSError:
            wrong = True
            continue
        lines += [f"{path}:{line}\n" for line in text.splitlines()]
    return Output("".join(lines), status=2 if wrong else 0 if lines else 1)


@tool("sha256sum")
def sha256sum(call: Call) -> Output:
    """Digests of files, or of what comes in."""
    options, files = read(call), call.machine.files
    if not options.rest:
        return Output(f"{hashlib.sha256(call.input).hexdigest()}  -\n")

    def one(path: str) -> str:
        return f"{hashlib.sha256(files.read(path)).hexdigest()}  {path}\n"

    return _each(options.rest, "sha256sum", one, "{}")


@tool("mkdir")
def mkdir(call: Call) -> Output:
    """Make folders."""
    options = read(call, flags=("-p", "--parents"), values=("-m", "--mode"))
    files = call.machine.files
    parents = "-p" in options or "--parents" in options
    mode = options.values.get("-m") or options.values.get("--mode")

    def one(path: str) -> str:
        missing = not files.is_dir(path)
        if parents:
            files.make_folders(path)
        else:
            files.mkdir(path)
        if mode and missing:
            files.chmod(path, int(mode, 8))
        return ""

    return _each(options.rest, "mkdir", one, "cannot create directory ‘{}’")


@tool("rmdir")
def rmdir(call: Call) -> Output:
    """Remove empty folders."""
    options, files = read(call, flags=("--ignore-fail-on-non-empty",)), call.machine.files
    tolerant = "--ignore-fail-on-non-empty" in options

    def one(path: str) -> str:
        try:
            files.rmdir(path)
        except OSError as error:
            if not (tolerant and error.errno == errno.ENOTEMPTY):
                raise
        return ""

    return _each(options.rest, "rmdir", one, "failed to remove '{}'")


@tool("rm")
def rm(call: Call) -> Output:
    """Remove files, and folders with what is in them."""
    options = read(call, flags=("-f", "-rf", "-r"))
    files = call.machine.files
    forced, deep = "-f" in options or "-rf" in options, "-r" in options or "-rf" in options

    def one(path: str) -> str:
        if not files.exists(path) and not files.is_link(path) and forced:
            return ""
        if deep:
            remove_tree(files, path)
        else:
            files.unlink(path)
        return ""

    return _each(options.rest, "rm", one, "cannot remove '{}'")


@tool("unlink")
def unlink(call: Call) -> Output:
    """Remove one file or link."""
    options, files = read(call), call.machine.files

    def one(path: str) -> str:
        files.unlink(path)
        return ""

    return _each(options.rest, "unlink", one, "cannot unlink '{}'")


@tool("find")
def find(call: Call) -> Output:
    """The links in folders, and where they lead if that is asked for."""
    options = read(call, values=("-maxdepth", "-type", "-printf"))
    files, deep = call.machine.files, options.values.get("-maxdepth") != "1"
    if (
        options.values.get("-type") != "l"
        or options.values.get("-printf", "%p %l\\n") != "%p %l\\n"
    ):
        raise call.unknown("use of find but for links")
    lines, wrong = [], []
    for folder in options.rest:
        if not files.is_dir(folder):
            wrong.append(f"find: '{folder}': No such file or directory\n")
            continue
        for path in _links_in(files, folder, deep):
            text = f" {files.readlink(path)}" if "-printf" in options else ""
            lines.append(f"{path}{text}\n")
    return Output("".join(lines), "".join(wrong), 1 if wrong else 0)


def _links_in(files: FileSystem, folder: str, deep: bool) -> Iterator[str]:
    for name in files.listdir(folder):
        path = f"{folder}/{name}"
        if files.is_link(path):
            yield path
        elif deep and files.is_dir(path):
            yield from _links_in(files, path, deep)


def remove_tree(files: FileSystem, path: str) -> None:
    """Remove a folder and all below it, or a file."""
    if files.is_dir(path) and not files.is_link(path):
        for name in files.listdir(path):
            remove_tree(files, f"{path}/{name}")
        files.rmdir(path)
    else:
        files.unlink(path)


@tool("cp")
def cp(call: Call) -> Output:
    """Copy files into a folder."""
    options = read(call, flags=("-p",), values=("-t",))
    if "-t" not in options:
        raise call.unknown("use of cp without -t")
    files, folder = call.machine.files, options.values["-t"]

    def one(path: str) -> str:
        mode = files.stat(path) & 0o7777
        files.write(f"{folder}/{posixpath.basename(path)}", files.read(path), mode)
        return ""

    return _each(options.rest, "cp", one, "cannot stat '{}'")


@tool("mv")
def mv(call: Call) -> Output:
    """Give a file or folder another name."""
    options = read(call, flags=("-T", "-f"))
    if len(options.rest) != 2:
        raise call.unknown("use of mv but with two names")
    source, target = options.rest
    files = call.machine.files
    if files.is_dir(target) and "-T" not in options:
        target = f"{target}/{posixpath.basename(source)}"

    def one(path: str) -> str:
        files.rename(path, target)
        return ""

    return _each((source,), "mv", one, "cannot stat '{}'")


@tool("ln")
def ln(call: Call) -> Output:
    """Make a link."""
    options, files = read(call, flags=("-sf", "-s")), call.machine.files
    source, path = options.rest
    if "-sf" in options and (files.is_link(path) or files.exists(path)):
        files.unlink(path)

    def one(path: str) -> str:
        files.symlink(source, path)
        return ""

    return _each((path,), "ln", one, "failed to create symbolic link '{}'")


@tool("tee")
def tee(call: Call) -> Output:
    """Write what comes in to files, and give it on."""
    options, files = read(call), call.machine.files

    def one(path: str) -> str:
        files.write(path, call.input)
        return ""

    done = _each(options.rest, "tee", one, "{}")
    return Output(call.input.decode("latin-1"), done.stderr, done.status)


@tool("readlink")
def readlink(call: Call) -> Output:
    """Where links lead: as they say, or the place itself."""
    options, files = read(call, flags=("-e", "-f")), call.machine.files
    lines, status = [], 0
    for path in options.rest:
        if options.flags:
            real = files.realpath(path)
            if "-e" in options and not files.exists(real):
                status = 1
                continue
            lines.append(f"{real}\n")
        else:
            try:
                lines.append(f"{files.readlink(path)}\n")
            except OSError:
                status = 1
    return Output("".join(lines), status=status)


@tool("test")
def test(call: Call) -> Output:
    """Whether a path is what is asked."""
    options, files = read(call, values=("-d", "-e", "-f")), call.machine.files
    tests = {"-d": files.is_dir, "-e": files.exists, "-f": files.is_file}
    ok = all(tests[name](path) for name, path in options.values.items())
    return Output(status=0 if ok else 1)


@tool("stat")
def stat(call: Call) -> Output:
    """The file system in which a path lies: its block's size, its blocks, the free ones."""
    options = read(call, flags=("--file-system",), values=("--format",))
    if "--file-system" not in options or options.values.get("--format") != "%S %b %a":
        raise call.unknown("use of stat but for the room in a file system")
    files, lines, wrong = call.machine.files, [], []
    for path in options.rest:
        if files.exists(path):
            lines.append(f"{BLOCK} {ROOT_BYTES // BLOCK} {ROOT_FREE_BYTES // BLOCK}\n")
        else:
            wrong.append(
                f"stat: cannot read file system information for '{path}': "
                "No such file or directory\n"
            )
    return Output("".join(lines), "".join(wrong), 1 if wrong else 0)
