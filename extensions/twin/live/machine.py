# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a command in a machine of its own, emulated by QEMU, whose kernel can do what this one's cannot: ESP above all.

    python -m twin.live.machine [--memory 2048M] [--timeout 600] [--kernel FOLDER] [--share FOLDER] -- COMMAND [...]

The command runs as root of a machine that has the files of this one, except for a /tmp and a /run of its own (what
it needs of the caller's is shared with it), in the working directory and with the environment of the caller; it has
no standard input and no network but what it makes.
Its exit status is that of the command; 124 says that its time was over, 125 that the machine broke down, and 69 that
something is missing here, each with a sentence.

FOLDER, or TWIN_KERNEL, is where packages with a kernel and with a static busybox have been unpacked. user-mode-linux
would start sooner, but its kernel's nftables knows no IPv4.
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
BUSYBOX = "bin/busybox"
QEMU = "qemu-system-x86_64"
COMMANDS = {QEMU: "qemu-system-x86", "modprobe": "kmod"}
INIT = Path(__file__).with_name("machine-init.sh")
# To get at the files of this machine.
FIRST = ("virtio_pci", "9pnet_virtio", "9p", "virtio_rng")
# Most modules come when they are needed; these do not, or are needed by those who may not load modules, or would have
# an IKE daemon wait in the midst of a negotiation.
MODULES = """
    esp4 ah4 xfrm_user xfrm4_tunnel tunnel4 tun veth bridge macvlan ip_gre ipip af_packet
    authenc ctr drbg echainiv gcm ghash_generic seqiv
    nf_conntrack nf_tables nft_ct nft_nat nft_chain_nat nft_masq nft_redir nft_limit nft_fib_ipv4 nft_log
    nft_reject_ipv4 nft_xfrm nft_numgen nft_hash nft_connlimit
"""
SYSTEM_PATH = "/usr/local/sbin:/usr/sbin:/sbin"
# What the machine has of its own, and the folder of a job has to shine through.
FRESH = tuple(map(Path, ("/tmp", "/run", "/dev")))
# The first process of all, until the files of this machine are there.
FIRST_INIT = """#!/bin/busybox sh
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t devtmpfs dev /dev
while read -r module; do $b insmod "/modules/$module"; done </order
$b mount -t 9p -o trans=virtio,version=9p2000.L,msize=1048576,cache=loose files /root
$b mount -t 9p -o trans=virtio,version=9p2000.L,msize=1048576,cache=none job /job
$b umount /proc
$b mount --move /dev /root/dev
$b mkdir -p "$job_folder"
$b mount --move /job "/root$job_folder"
exec $b switch_root /root /bin/sh "$job_folder/init" "$job_folder"
"""
# Ends the machine when whoever holds the other end of its standard input says so or is gone; in the latter case nobody
# else tidies up.
KEEPER = """
folder=$1; shift
exec 3<&0
"$@" </dev/null 3<&- &
machine=$!
{ read -r word || rm -rf "$folder"; kill -KILL $machine; } <&3 &
wait $machine
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
    memory: str = "2048M"
    kernel: Path = field(default_factory=lambda: Path(os.environ.get("TWIN_KERNEL", "/")))
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
        inside["MODPROBE_OPTIONS"] = "-d /run/kernel"
        words = ["env", "-i", *(f"{name}={value}" for name, value in inside.items()), *self.command]
        return f"cd -- {shlex.quote(str(self.folder))} && exec {shlex.join(words)}\n"

    def write(self, folder: Path) -> None:
        """Leave in a folder what the machine's first process looks for."""
        (folder / "places").write_bytes(b"".join(os.fsencode(each) + b"\n" for each in self.places()))
        (folder / "modules").write_text(MODULES)
        (folder / "command").write_bytes(os.fsencode(self.script()))
        shutil.copy(INIT, folder / "init")
        release = _release(self.kernel)
        (folder / "kernel").write_text(f"{self.kernel}\n{release}\n")
        for name in ("out", "err"):
            (folder / name).touch()


def missing(kernel: Path | None = None) -> list[str]:
    """A sentence for each thing this machine lacks; none if a machine can be started with the kernel in a folder."""
    kernel = kernel or Path(os.environ.get("TWIN_KERNEL", "/"))
    found = [f"the package {package} is not installed" for command, package in COMMANDS.items() if not _found(command)]
    if not _release(kernel):
        found.append(f"there is no kernel with its modules in {kernel}")
    if not (kernel / BUSYBOX).exists():
        found.append(f"there is no {BUSYBOX} in {kernel}")
    return found


def _release(kernel: Path) -> str:
    """The newest kernel in a folder that has its modules, and a list of them; empty without one."""
    there = (path.name.removeprefix("vmlinuz-") for path in sorted((kernel / "boot").glob("vmlinuz-*")))
    return next((each for each in reversed([*there]) if (kernel / "lib/modules" / each / "modules.dep").exists()), "")


def _found(command: str) -> str | None:
    return shutil.which(command, path=f"{os.environ.get('PATH', os.defpath)}:{SYSTEM_PATH}")


def run(job: Job, out: BinaryIO, err: BinaryIO) -> int:
    """Run a command and give its exit status, passing on what it prints; raises Broken."""
    if lacking := missing(job.kernel):
        raise Broken(LACKING, "; ".join(lacking))
    with tempfile.TemporaryDirectory(prefix="twin-machine-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        job.write(folder)
        (folder / "files.cpio").write_bytes(archive(job.kernel, folder))
        with _machine(folder, job) as process:
            _follow(process, job, folder, {"out": out, "err": err})
        return _result(folder)


def archive(kernel: Path, folder: Path) -> bytes:
    """The first files of the machine: a shell, what it does, and the modules by which it gets at all others."""
    modules = kernel / "lib/modules" / _release(kernel)
    found = dict.fromkeys(each for name in FIRST for each in _with_needs(modules, name))
    script = FIRST_INIT.replace("$job_folder", str(folder))
    files = {"init": script.encode(), "order": "".join(f"{Path(each).name}\n" for each in found).encode()}
    files[BUSYBOX] = (kernel / BUSYBOX).read_bytes()
    files |= {f"modules/{Path(each).name}": (modules / each).read_bytes() for each in found}
    folders = ("bin", "modules", "root", "proc", "dev", "job")
    parts = [*(_member(name, b"", 0o040755) for name in folders)]
    parts += [_member(name, content, 0o100755) for name, content in files.items()]
    return b"".join([*parts, _member("TRAILER!!!", b"", 0)])


def _with_needs(modules: Path, name: str) -> list[str]:
    """The file of a module and of those that it needs, in the order in which they can be loaded."""
    for line in (modules / "modules.dep").read_text().splitlines():
        file, _colon, needs = line.partition(":")
        if Path(file).name.split(".")[0].replace("-", "_") == name:
            return [*reversed(needs.split()), file]
    return []


def _member(name: str, content: bytes, mode: int) -> bytes:
    """One file as cpio's new form has it, which is what kernels unpack."""
    numbers = (0, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0)
    head = b"070701" + b"".join(b"%08x" % number for number in numbers) + name.encode() + b"\0"
    return head + bytes(-len(head) % 4) + content + bytes(-len(content) % 4)


def _command(folder: Path, job: Job) -> list[str]:
    """What is run: QEMU, whose machine sees this one's files and the folder of the job."""
    shares = [
        word
        for tag, path in (("files", Path("/")), ("job", folder))
        for word in (
            *("-fsdev", f"local,id={tag},path={path},security_model=none,multidevs=remap"),
            *("-device", f"virtio-9p-pci,fsdev={tag},mount_tag={tag}"),
        )
    ]
    return [
        *(
            "/bin/sh",
            "-c",
            KEEPER,
            "keeper",
            str(folder),
            QEMU,
            "-accel",
            "tcg,thread=multi",
            "-cpu",
            "max",
            "-smp",
            "2",
        ),
        *("-m", job.memory, "-nographic", "-no-reboot", "-nic", "none", "-device", "virtio-rng-pci", *shares),
        *("-kernel", str(job.kernel / "boot" / f"vmlinuz-{_release(job.kernel)}")),
        *("-initrd", str(folder / "files.cpio"), "-append", "console=ttyS0 quiet panic=-1"),
    ]


@contextmanager
def _machine(folder: Path, job: Job) -> Iterator[subprocess.Popen[bytes]]:
    """A machine that boots; it ends with this process, however that comes about."""
    with (folder / "console").open("wb") as console:
        process = subprocess.Popen(
            _command(folder, job),
            stdin=subprocess.PIPE,
            stdout=console,
            stderr=console,
            cwd="/",
            start_new_session=True,
        )
    assert process.stdin is not None
    try:
        yield process
    finally:
        with suppress(BrokenPipeError), process.stdin:
            process.stdin.write(b"end\n")
        process.wait(PATIENCE)


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
                what = "the command did not end" if (folder / "begun").exists() else "the machine did not start"
                raise Broken(LATE, f"{what} within {job.timeout:g} s")
            time.sleep(TICK)


def _status(folder: Path) -> int | None:
    """The command's exit status, once all else that the machine had to write is written."""
    with suppress(OSError, ValueError):
        text = (folder / "status").read_text()
        return int(text) if text.endswith("\n") else None
    return None


def _result(folder: Path) -> int:
    if (status := _status(folder)) is not None:
        return status
    console = (folder / "console").read_text(errors="replace")
    panic = re.search(r"Kernel panic - not syncing: (.*)", console)
    reason = f"its kernel panicked: {panic[1].strip()}" if panic else "it ended before the command did"
    raise Broken(BROKEN, f"the machine broke down: {reason}", console)


def _size(text: str) -> str:
    if not re.fullmatch(r"[1-9]\d*[KMG]", text, re.IGNORECASE):
        raise argparse.ArgumentTypeError(f"{text!r} is no amount of memory such as 2048M")
    return text


def _folder(text: str) -> Path:
    if not (found := Path(text).resolve()).is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {text}")
    return found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m twin.live.machine", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--memory", type=_size, default="2048M", help="how much the machine has (default: %(default)s)")
    parser.add_argument(
        "--timeout", type=float, default=600.0, help="seconds from the machine's start (default: %(default)g)"
    )
    parser.add_argument(
        "--kernel",
        type=_folder,
        default=os.environ.get("TWIN_KERNEL", "/"),
        metavar="FOLDER",
        help="where the kernel is",
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
    job = Job(options.command, options.memory, Path(options.kernel), options.timeout, shared=options.share)
    try:
        return run(job, sys.stdout.buffer, sys.stderr.buffer)
    except Broken as error:
        last = "".join(f"\n| {line}" for line in error.console.splitlines()[-40:])
        print(f"twin.live.machine: {error}{last}", file=sys.stderr)
        return error.status
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


if __name__ == "__main__":
    sys.exit(main())
