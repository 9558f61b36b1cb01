"""Becomes the command of a systemd unit, held by the unit's own settings as far as that goes without systemd: a file system that can only
be read but for the unit's folders, an empty home, a small /dev, processes of others unseen, the user, no capability, and the system
calls of SystemCallFilter and MemoryDenyWriteExecute, everything else being refused.

Arguments: systemd-analyze, the unit, the program, the user's number, the folders as JSON ({"/var/lib/glidepath": FOLDER}), of which
StateDirectory can be written and the others only read, and an empty folder to work in. To be run by root in a mount namespace of its own (`unshare --mount`).
"""

import ctypes
import json
import os
import pathlib
import subprocess
import sys

PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 24, 38
SCMP_ACT_ALLOW, SCMP_ACT_EPERM = 0x7FFF0000, 0x00050001
SCMP_CMP_MASKED_EQ = 7
PROT_WRITE, PROT_EXEC = 2, 4
DEVICES = ["null", "zero", "full", "random", "urandom", "tty"]

libc = ctypes.CDLL(None, use_errno=True)


def settings(unit):
    """Every setting with its values, in order."""
    found = {}
    for line in pathlib.Path(unit).read_text().splitlines():
        name, is_setting, value = line.partition("=")
        if is_setting and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


def mount(*arguments):
    subprocess.run(["mount", *map(str, arguments)], check=True)


def lay_out(program, places, state, work):
    """A copy-on-write view of this machine's root, made read-only; returns its folder."""
    mount("--make-rprivate", "/")
    mount("-t", "tmpfs", "tmpfs", work)
    root, upper, scratch = work / "root", work / "upper", work / "scratch"
    for folder in (root, upper, scratch):
        folder.mkdir()
    mount("-t", "overlay", "overlay", "-o", f"lowerdir=/,upperdir={upper},workdir={scratch}", root)
    command = root / "usr/local/bin/glidepath"
    command.touch()
    mount("--bind", program, command)
    for place in ("root", "home", "tmp", "run", "dev", "var/tmp"):
        (root / place).mkdir(exist_ok=True)
        mount("-t", "tmpfs", "-o", "mode=755" if place != "tmp" else "mode=1777", "tmpfs", root / place)
    for name in DEVICES:
        (root / "dev" / name).touch()
        mount("--bind", f"/dev/{name}", root / "dev" / name)
    mount("-t", "proc", "-o", "subset=pid,hidepid=invisible", "proc", root / "proc")
    for place, folder in places.items():
        inside = root / place.lstrip("/")
        inside.mkdir(parents=True, exist_ok=True)
        mount("--bind", folder, inside)
        if place != state:
            mount("-o", "remount,bind,ro", inside)
    mount("-o", "remount,ro", root)
    return root


def system_calls(systemd_analyze, filters):
    """The names that SystemCallFilter leaves, with the sets that it names resolved."""
    listed = subprocess.run([systemd_analyze, "syscall-filter", "--no-pager"], check=True, capture_output=True, text=True).stdout
    sets, name = {}, None
    for line in listed.splitlines():
        if line.startswith("@"):
            name = line.split()[0]
            sets[name] = []
        elif name and line.startswith(" ") and not line.lstrip().startswith("#"):
            sets[name].append(line.strip())
        elif line and not line.startswith(" "):
            name = None

    def resolved(word):
        return {call for part in sets[word] for call in resolved(part)} if word.startswith("@") else {word}

    allowed = set()
    for text in filters:
        denies, words = text.startswith("~"), text.removeprefix("~").split()
        calls = {call for word in words for call in resolved(word)}
        allowed = allowed - calls if denies else allowed | calls
    # As systemd does, whatever is denied.
    return allowed | resolved("@default")


class Comparison(ctypes.Structure):
    _fields_ = [("argument", ctypes.c_uint), ("how", ctypes.c_int), ("mask", ctypes.c_uint64), ("value", ctypes.c_uint64)]


def refuse_other_calls(allowed):
    seccomp = ctypes.CDLL("libseccomp.so.2")
    seccomp.seccomp_init.restype = ctypes.c_void_p
    seccomp.seccomp_rule_add_array.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint, ctypes.c_void_p]
    filters = seccomp.seccomp_init(ctypes.c_uint32(SCMP_ACT_EPERM))

    def allow(call, *comparisons):
        number = seccomp.seccomp_syscall_resolve_name(call.encode())
        if number >= 0:
            array = (Comparison * max(1, len(comparisons)))(*comparisons)
            if seccomp.seccomp_rule_add_array(filters, SCMP_ACT_ALLOW, number, len(comparisons), array) != 0:
                raise OSError(f"no rule for {call}")

    for call in sorted(allowed - {"mmap", "mprotect", "pkey_mprotect", "shmat"}):
        allow(call)
    # MemoryDenyWriteExecute: nothing is both, and nothing becomes executable later.
    for protection in (0, PROT_WRITE, PROT_EXEC):
        allow("mmap", Comparison(2, SCMP_CMP_MASKED_EQ, PROT_WRITE | PROT_EXEC, protection))
    allow("mprotect", Comparison(2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0))
    seccomp.seccomp_load.argtypes = [ctypes.c_void_p]
    if seccomp.seccomp_load(filters) != 0:
        raise OSError("the filter of system calls cannot be loaded")


def prctl(option, value):
    if libc.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def main():
    systemd_analyze, unit, program, user, places, work = sys.argv[1:]
    found, user, places = settings(unit), int(user), json.loads(places)
    state = f"/var/lib/{found['StateDirectory'][0]}"
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": state}
    files = [places[os.path.dirname(file.removeprefix("-"))] for file in found["EnvironmentFile"]]
    lines = found["Environment"] + [line for folder in files for line in pathlib.Path(folder, "environment").read_text().splitlines()]
    environment |= dict(line.split("=", 1) for line in lines)
    allowed = system_calls(systemd_analyze, found["SystemCallFilter"])
    root = lay_out(program, places, state, pathlib.Path(work))
    os.chroot(root)
    os.chdir(found["WorkingDirectory"][0])
    os.umask(int(found["UMask"][0], 8))
    last = int(pathlib.Path("/proc/sys/kernel/cap_last_cap").read_text()) if os.path.exists("/proc/sys") else 40
    for capability in range(last + 1):
        prctl(PR_CAPBSET_DROP, capability)
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    refuse_other_calls(allowed)
    command = found["ExecStart"][0].split()
    os.execve(command[0], command, environment)


main()
