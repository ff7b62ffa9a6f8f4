"""/etc/multipath.conf: an operator's own settings, and ours behind them in one marked block.

    defaults { ... }      the operator's lines; what would work against the block is commented out
    # sbsim: multipath
    defaults { ... }      ours: one map per LUN, named by its WWID; round robin over all its paths
    devices { device { vendor ".*" product ".*" ... } }
    # sbsim: end

multipath-tools lets a later entry win over an earlier one, and over what it has built in.
"""

from __future__ import annotations

import re

PATH = "/etc/multipath.conf"
MODE = 0o600
BEGIN = "# sbsim: multipath"
END = "# sbsim: end"
LEFT_OUT = "# sbsim left out: "

# multibus and round robin are the guide's. An I/O that finds no path fails at once instead of
# waiting for one: sanlock and LVM must hear of it (the product does so too). A session whose path
# is lost fails its I/O to the next path after fast_io_fail_tmo seconds, not after iscsid's 120.
_PATHS = """\
path_grouping_policy multibus
path_selector "round-robin 0"
path_checker tur
failback immediate
features "0"
no_path_retry fail
fast_io_fail_tmo 5
"""
_OURS = f"""\
{BEGIN}
defaults {{
    user_friendly_names no
    find_multipaths yes
}}
blacklist {{
    devnode "^(vd|xvd|nbd|loop|ram|zram|sr|md|dm-)[a-z0-9]+$"
}}
devices {{
    device {{
        vendor ".*"
        product ".*"
{"".join(f"        {line}" for line in _PATHS.splitlines(keepends=True))}\
    }}
}}
{END}
"""
_STAR = re.compile(r'"\*"')
_AGAINST = re.compile(
    r"\s*(?:alias\s|features\s.*queue_if_no_path|no_path_retry\s+(?!fail\b)|queue_without_daemon\s)"
)


def with_settings(text: str) -> str:
    """Return `text` of a multipath.conf, empty if there is none, with our block behind it.

    Of the operator's lines, an alias (a map is called by its WWID), whatever queues I/O while
    there is no path, are commented out; ``"*"``, which is no regular expression, becomes
    ``".*"``. Doing it again changes nothing.
    """
    lines = [_harmless(line) for line in _without_block(text)]
    return "".join([*(f"{line}\n" for line in lines), _OURS])


def _without_block(text: str) -> list[str]:
    lines = text.splitlines()
    if BEGIN in lines:
        # The last one: a stray mark before it must not take the operator's lines with it.
        start = len(lines) - 1 - lines[::-1].index(BEGIN)
        if END in lines[start:]:
            del lines[start : lines.index(END, start) + 1]
    return lines


def _harmless(line: str) -> str:
    if line.lstrip().startswith("#"):
        return line
    if _AGAINST.match(line):
        return f"{LEFT_OUT}{line.strip()}"
    return _STAR.sub('".*"', line)
