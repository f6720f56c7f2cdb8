"""`python -m emulator`: run the emulator until SIGTERM or SIGINT."""

import argparse
import sys
from pathlib import Path

from emulator import times
from emulator.api import environment
from emulator.owner import Owner, OwnerError


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m emulator", description=__doc__)
    parser.add_argument(
        "--port", type=int, default=4566, help="listens on 127.0.0.1 only (default: %(default)s)"
    )
    parser.add_argument(
        "--state-dir", type=Path, required=True, help="for what machines keep: disks, consoles"
    )
    parser.add_argument(
        "--machines",
        choices=("nspawn", "process", "none"),
        default="process",
        help="what runs behind the instances: system containers (Linux, root), plain processes, or nothing; "
        "with `none`, lifecycle hooks end by their timeout",
    )
    parser.add_argument(
        "--machine-image",
        type=Path,
        help="with `--machines nspawn`: the JSON file that says what machines boot, "
        "see emulator/machines/nspawn/image.py",
    )
    parser.add_argument(
        "--machine-variable",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="with `--machines process`: an environment variable of machines' processes; @HOME@ in its value "
        "stands for the machine's home folder; repeatable",
    )
    parser.add_argument(
        "--region", default="us-east-1", help="of requests that name none (default: %(default)s)"
    )
    parser.add_argument(
        "--time-scale",
        type=float,
        default=1.0,
        help="stretches or shortens every emulated wait, e.g. 0.02 in tests (default: %(default)s)",
    )
    parser.add_argument(
        "--times",
        choices=times.PROFILES,
        default="quick",
        help="how long load balancers, health checks and Auto Scaling take: at once, or as on AWS "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--times-factor",
        type=float,
        default=1.0,
        help="shortens or stretches the durations of `--times aws`, e.g. 0.1 in tests (default: %(default)s)",
    )
    parser.add_argument(
        "--new-groups",
        choices=("in-service", "launched"),
        default="in-service",
        help="when CloudFormation takes a new Auto Scaling group for complete: once its instances are in "
        "service, or as soon as they are launched, in their launch hooks (default: %(default)s)",
    )
    parser.add_argument(
        "--until-eof",
        action="store_true",
        help="also end when standard input is closed, so that it never outlives its starter",
    )
    parser.add_argument(
        "--owner",
        metavar="PID",
        help="also end when this process has ended, however that was; PID/START as in `emulator.owner`",
    )
    parser.add_argument("--log-level", default="info", choices=("debug", "info", "warning", "error"))
    arguments = parser.parse_args()
    if (arguments.machines == "nspawn") != (arguments.machine_image is not None):
        parser.error("--machines nspawn and --machine-image go together")
    if arguments.times_factor <= 0:
        parser.error(f"--times-factor {arguments.times_factor}: it must be above 0")
    for entry in arguments.machine_variable:
        if "=" not in entry:
            parser.error(f"--machine-variable {entry}: write NAME=VALUE")
    try:
        # Before anything that takes time: its process id must not be another's by then.
        arguments.owner = Owner.of(arguments.owner) if arguments.owner is not None else None
    except OwnerError as error:
        parser.error(f"--owner: {error}")
    return arguments


def main() -> int:
    """Configure ministack, then import and run it."""
    arguments = _arguments()
    environment.apply(port=arguments.port, region=arguments.region, log_level=arguments.log_level)
    from emulator import server

    return server.run(
        server.Settings(
            port=arguments.port,
            state_dir=arguments.state_dir,
            machines=arguments.machines,
            machine_image=arguments.machine_image,
            machine_variables=dict(entry.split("=", 1) for entry in arguments.machine_variable),
            time_scale=arguments.time_scale,
            times=times.profile(arguments.times, factor=arguments.times_factor),
            new_groups=arguments.new_groups,
            until_eof=arguments.until_eof,
            owner=arguments.owner,
            log_level=arguments.log_level,
        )
    )


if __name__ == "__main__":
    sys.exit(main())
