# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a command in a user-mode-linux of its own, whose kernel can do what this machine's cannot: ESP above all.

    python -m twin.live.uml [--memory 1024M] [--timeout 600] [--share FOLDER] -- COMMAND [ARGUMENTS...]

The command runs as root of a machine that has the files of this one, except for a /tmp and a /run of its own (what
it needs of the caller's is shared with it), in the working directory and with the environment of the caller; it has
no standard input and no network but what it makes.
Its exit status is that of the command; 124 says that its time was over, 125 that the machine broke down, and 69 that
something is missing here, each with a sentence.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

LATE, BROKEN, LACKING = 124, 125, 69
COMMANDS = {"linux.uml": "user-mode-linux", "modprobe": "kmod", "ip": "iproute2"}
INIT = Path(__file__).with_name("uml-init.sh")
# Most modules come when they are needed; these do not, or are needed by those who may not load modules.
MODULES = """
    esp4 ah4 xfrm_user xfrm4_tunnel tunnel4 af_key tun veth bridge ip_gre ipip
    ip_tables iptable_raw iptable_mangle iptable_nat iptable_filter nf_conntrack nf_conntrack_netlink
    xt_conntrack xt_policy xt_set ip_set ip_set_hash_net
"""
SYSTEM_PATH = "/usr/local/sbin:/usr/sbin:/sbin"
# What the machine has of its own, and the folder of a job has to shine through.
FRESH = tuple(map(Path, ("/tmp", "/run", "/dev")))
# Ends the machine when whoever holds the other end of its standard input says so or is gone; in the latter case nobody
# else tidies up. The machine's processes are a group of their own: user-mode-linux sees to that. They must die at one
# stroke, for what is left without its tracer runs on as a process of this kernel.
KEEPER = """
folder=$1; shift
ulimit -c 0
exec 3<&0
"$@" </dev/null >"$folder/console" 2>&1 3<&- &
machine=$!
{ read -r word || rm -rf "$folder"; kill -KILL -$machine || kill -KILL $machine; } <&3 &
wait $machine
kill -KILL -$machine
kill -KILL 0
"""
TICK = 0.05
PATIENCE = 10.0


class Broken(Exception):
    """The command did not come to its end; carries a sentence, an exit status, and the machine's last words."""

    def __init__(self, status: int, reason: str, console: str = "") -> None:
        super().__init__(reason)
        self.status = status
        self.console = console


@dataclass(frozen=True)
class Job:
    """A command for a machine, which has `timeout` seconds from the machine's start."""

    command: Sequence[str]
    memory: str = "1024M"
    timeout: float = 600.0
    folder: Path = field(default_factory=Path.cwd)
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    shared: Sequence[Path] = ()

    def places(self) -> list[Path]:
        """Folders that the command shall see although they lie below what the machine has of its own."""
        found = [*self.shared, self.folder]
        return [each for each in found if any(each.is_relative_to(fresh) for fresh in FRESH)]

    def script(self) -> str:
        """The command for a shell: in its folder, with its environment and no other."""
        inside = {name: value for name, value in self.environment.items() if name not in ("TMPDIR", "TMP", "TEMP")}
        # Tools for root are not on everybody's path, but in there everybody is root.
        inside["PATH"] = f"{inside.get('PATH', '/usr/local/bin:/usr/bin:/bin')}:{SYSTEM_PATH}"
        inside["MODPROBE_OPTIONS"] = "-d /run/kmod"
        words = ["env", "-i", *(f"{name}={value}" for name, value in inside.items()), *self.command]
        return f"cd -- {shlex.quote(str(self.folder))} && exec {shlex.join(words)}\n"

    def write(self, folder: Path) -> None:
        """Leave in a folder what the machine's first process looks for."""
        (folder / "places").write_bytes(b"".join(os.fsencode(each) + b"\n" for each in self.places()))
        (folder / "modules").write_text(MODULES)
        (folder / "command").write_bytes(os.fsencode(self.script()))
        shutil.copy(INIT, folder / "init")
        for name in ("out", "err", "console"):
            (folder / name).touch()


def missing() -> list[str]:
    """A sentence for each thing this machine lacks; none if a user-mode-linux can be booted."""
    lacking = [package for command, package in COMMANDS.items() if not _found(command)]
    return [f"the package {package} is not installed" for package in lacking]


def _found(command: str) -> str | None:
    return shutil.which(command, path=f"{os.environ.get('PATH', os.defpath)}:{SYSTEM_PATH}")


def run(job: Job, out: BinaryIO, err: BinaryIO) -> int:
    """Run a command and give its exit status, passing on what it prints; raises Broken."""
    if lacking := missing():
        raise Broken(LACKING, "; ".join(lacking))
    # The kernel's command line knows no spaces and its sockets no long names: not just any place will do.
    with tempfile.TemporaryDirectory(prefix="twin-uml-", dir="/tmp", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        job.write(folder)
        with _machine(folder, job.memory) as process:
            _follow(process, job, folder, {"out": out, "err": err})
        return _result(folder)


@contextmanager
def _machine(folder: Path, memory: str) -> Iterator[subprocess.Popen[bytes]]:
    """A machine that boots; afterwards none of its processes is left."""
    kernel = [
        *(str(_found("linux.uml")), f"mem={memory}", "root=/dev/root", "rootfstype=hostfs", "rootflags=/", "rw"),
        *("con=null", "con0=null,fd:1", "ssl=null", f"uml_dir={folder}/", "umid=machine"),
        *("init=/bin/sh", "--", f"{folder}/init", str(folder)),
    ]
    process = subprocess.Popen(
        ["/bin/sh", "-c", KEEPER, "keeper", str(folder), *kernel],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env={"PATH": os.defpath, **_room(folder, memory)},
        start_new_session=True,
    )
    assert process.stdin
    try:
        yield process
    finally:
        with suppress(BrokenPipeError), process.stdin:
            process.stdin.write(b"end\n")
        process.wait(PATIENCE)


def _room(folder: Path, memory: str) -> dict[str, str]:
    """Where the machine's memory goes: to a file on disk if, as in many containers, /dev/shm is too small for it."""
    wanted = int(memory[:-1]) << {"K": 10, "M": 20, "G": 30}[memory[-1].upper()]
    with suppress(OSError):
        found = os.statvfs("/dev/shm")
        if found.f_bavail * found.f_frsize > wanted:
            return {}
    return {"TMPDIR": str(folder)}


def _follow(process: subprocess.Popen[bytes], job: Job, folder: Path, sinks: Mapping[str, BinaryIO]) -> None:
    """Pass on what the command prints until it or the machine has ended; raises Broken if that takes too long."""
    end = time.monotonic() + job.timeout
    with (folder / "out").open("rb") as out, (folder / "err").open("rb") as err:
        while True:
            over = process.poll() is not None or _status(folder) is not None
            for source, sink in ((out, sinks["out"]), (err, sinks["err"])):
                if found := source.read():
                    sink.write(found)
                    sink.flush()
            if over:
                return
            if time.monotonic() > end:
                what = "the command did not end" if (folder / "begun").exists() else "user-mode-linux did not start"
                raise Broken(LATE, f"{what} within {job.timeout:g} s")
            time.sleep(TICK)


def _status(folder: Path) -> int | None:
    """The command's exit status, once all else that the machine had to write is written."""
    with suppress(OSError, ValueError):
        return int((folder / "status").read_text().removesuffix("\n") or "none")
    return None


def _result(folder: Path) -> int:
    if (status := _status(folder)) is not None:
        return status
    console = (folder / "console").read_text(errors="replace")
    panic = re.search(r"Kernel panic - not syncing: (.*)", console)
    reason = f"its kernel panicked: {panic[1].strip()}" if panic else "it ended before the command did"
    raise Broken(BROKEN, f"user-mode-linux broke down: {reason}", console)


def _size(text: str) -> str:
    if not re.fullmatch(r"[1-9]\d*[KMG]", text, re.IGNORECASE):
        raise argparse.ArgumentTypeError(f"{text!r} is no amount of memory such as 1024M")
    return text


def _folder(text: str) -> Path:
    if not (found := Path(text).resolve()).is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {text}")
    return found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m twin.live.uml", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--memory", type=_size, default="1024M", help="how much the machine has (default: %(default)s)")
    parser.add_argument(
        "--timeout", type=float, default=600.0, help="seconds from the machine's start (default: %(default)g)"
    )
    parser.add_argument(
        "--share", type=_folder, action="append", default=[], metavar="FOLDER", help="below /tmp, to be seen in there"
    )
    parser.add_argument("command", nargs="+", metavar="COMMAND", help="what to run, after -- if it has options")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the arguments name, and give its exit status or one of those above."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    job = Job(options.command, options.memory, options.timeout, shared=options.share)
    try:
        return run(job, sys.stdout.buffer, sys.stderr.buffer)
    except Broken as error:
        last = "".join(f"\n| {line}" for line in error.console.splitlines()[-40:])
        print(f"twin.live.uml: {error}{last}", file=sys.stderr)
        return error.status
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


if __name__ == "__main__":
    sys.exit(main())
