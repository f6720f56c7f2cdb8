"""The machine root: Debian 13 as a folder, the read-only lower layer of every local machine.

It has the packages of Debian's image for EC2, and those that kubeadm and the kubelet need; nothing that only
a container in place of a machine would need.
"""

import os
import re
import subprocess
from collections.abc import Callable

from lab.artifacts.cache import Cache, Entry
from lab.artifacts.digest import content_key
from lab.artifacts.errors import BuildError, MissingToolError
from lab.artifacts.host_packages import require_commands
from lab.artifacts.process import run_logged
from lab.artifacts.progress import Event, Progress
from lab.artifacts.space import require_free_space

KIND = "roots"
NAME = "debian-13"
EXPECTED_SECONDS = 30.0
NEEDED_GIB = 1.5
_SUITE = "trixie"
_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
_RECIPE = 1

PACKAGES = (
    # The system, as in Debian's cloud image.
    "systemd", "systemd-sysv", "dbus", "udev", "kmod", "mount", "util-linux", "procps", "netbase", "less",
    "cloud-init", "python3", "ca-certificates", "curl", "openssl", "e2fsprogs", "iproute2", "iputils-ping",
    # What the kubelet, kube-proxy and the CNI plugins run or configure.
    "iptables", "nftables", "conntrack",
    # What Calico's image has besides.
    "ipset",
)  # fmt: skip

_OPTIONS = (
    "--mode=root",
    "--variant=minbase",
    '--aptopt=APT::Install-Recommends "false"',
    '--aptopt=Acquire::Languages "none"',
    *(f"--dpkgopt=path-exclude=/usr/share/{folder}/*" for folder in ("doc", "info", "locale", "man")),
)

# mmdebstrap mounts /proc, /sys and /dev/pts into the root, and packages start programs there. In separate
# namespaces, mounts and programs end with the first process, however that ends.
_CONTAINED = ("unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child")

# mmdebstrap copies these from the computer on which it runs, or writes the mirror into them.
_CLEANUP = (
    'rm -f "$1"/etc/hostname "$1"/etc/resolv.conf "$1"/etc/apt/sources.list "$1"/var/log/apt/* '
    '"$1"/var/log/dpkg.log "$1"/var/log/bootstrap.log "$1"/var/cache/debconf/*-old "$1"/var/lib/dpkg/*-old'
)


def root_key(architecture: str) -> str:
    """Compute the content key: packages and options, but not the mirror."""
    return content_key({
        "recipe": _RECIPE,
        "suite": _SUITE,
        "packages": PACKAGES,
        "options": _OPTIONS,
        "cleanup": _CLEANUP,
        "architecture": architecture,
    })  # fmt: skip


def make_root(
    *, cache: Cache, architecture: str, debian_mirror: str | None, lock: int, progress: Progress
) -> Entry:
    """Make the root with mmdebstrap and publish it in the cache; hold the cache's lock.

    Raises:
        MissingToolError: not root, or mmdebstrap is missing and cannot be installed.
        DiskSpaceError: too little free space.
        BuildError: mmdebstrap failed.
    """
    if os.geteuid() != 0:
        raise MissingToolError(
            "the machine root has files of root: only root can make it (run this with sudo)"
        )
    require_commands(
        {
            "mmdebstrap": ("mmdebstrap",),
            "systemd-nspawn": ("systemd-container",),
            _KEYRING: ("debian-archive-keyring",),
        },
        progress=progress,
    )
    require_free_space(cache.root, needed_gib=NEEDED_GIB, purpose="Making the machine root")
    mirror = debian_mirror or configured_mirror()
    origin = "the Debian mirror of this computer's apt" if mirror else "mmdebstrap's own choice of mirror"
    if debian_mirror:
        origin = f"the Debian mirror {debian_mirror}"

    def report(message: str) -> Callable[[float], None]:
        return lambda elapsed: progress(
            Event(what=NAME, message=message, elapsed_seconds=elapsed, expected_seconds=EXPECTED_SECONDS)
        )

    report(f"making the machine root, {len(PACKAGES)} packages and their dependencies, from {origin}")(0)
    with cache.staging() as staging:
        content = staging / "content"
        command = [
            "mmdebstrap", *_OPTIONS, f"--architectures={architecture}", f"--include={','.join(PACKAGES)}",
            f"--customize-hook={_CLEANUP}", _SUITE, str(content),
        ]  # fmt: skip
        if mirror:
            command.append(f"deb [signed-by={_KEYRING}] {mirror} {_SUITE} main")
        usage = run_logged(
            [*_CONTAINED, "nice", "-n", "10", *command],
            log=cache.log_path(NAME),
            heartbeat=report("still making the machine root"),
            inherit=[lock],
        )
        if not (content / "usr" / "lib" / "systemd" / "systemd").is_file():
            raise BuildError(
                f"mmdebstrap succeeded, but there is no systemd in the root; see {cache.log_path(NAME)}"
            )
        entry = cache.publish(
            content,
            kind=KIND,
            name=NAME,
            key=root_key(architecture),
            source=origin,
            seconds=usage.seconds,
            peak_process_bytes=usage.peak_process_bytes,
        )
    report("made")(usage.seconds)
    return entry


def configured_mirror() -> str | None:
    """The Debian archive that this computer's apt uses; None if it uses none (on Ubuntu, for example).

    A mirror of security updates or of another vendor is not a complete Debian, so it does not count.
    """
    result = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(ORIGIN)|$(REPO_URI)|$(LABEL)", "Created-By: Packages"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    for line in result.stdout.splitlines():
        origin, uri, label = (*line.split("|"), "", "")[:3]
        if origin == "Debian" and label == "Debian" and re.match(r"https?://|file:/", uri):
            return uri.rstrip("/")
    return None
