"""The commands for people who work on the tree: names, options and help here, a module each."""

from pathlib import Path
from typing import Annotated

import typer

from development.checks.suites import Suite
from lab.settings import Settings

_PANEL = "Development"


def add_commands(app: typer.Typer) -> None:
    """Add the commands."""

    @app.command(rich_help_panel=_PANEL)
    def test(
        suites: Annotated[
            list[Suite] | None, typer.Argument(help="What to run.", show_default="all of them")
        ] = None,
        *,
        file: Annotated[
            Path | None, typer.Option(help="Run one file of tests, or one folder, alone.", exists=True)
        ] = None,
        update: Annotated[
            bool, typer.Option("--update", help="Rewrite the snapshots instead of comparing with them.")
        ] = False,
    ) -> None:
        """Run the checks: `lint`, `unit`, `snapshots`, `emulator`, `deploy`, `machines`.

        `lint` is ruff, mypy, lint-imports and shellcheck; the other suites are pytest's. `deploy` runs the
        real CDK against embedded AWSes of its own and takes minutes; `machines` boots real machines and
        Kubernetes on them, where they can run, and builds first what they boot. A cluster of `up` is not
        touched. Says first how long it will take, by the last run on this computer.

        Examples: `./kubequorum test unit` · `./kubequorum test lint unit` ·
        `./kubequorum test --file emulator/tests/machines` · `./kubequorum test snapshots unit --update`
        """
        from development.commands.test import run_checks as run

        run(suites or [], file=file, update=update)

    @app.command(rich_help_panel="Cluster file")
    def init(
        *,
        name: Annotated[str | None, typer.Option(help="Name of the cluster.")] = None,
        region: Annotated[str | None, typer.Option(help="AWS region.")] = None,
        account: Annotated[str | None, typer.Option(help="AWS account; AWS is asked for it.")] = None,
        size: Annotated[str | None, typer.Option(help="`ha` or `dev`.")] = None,
        zones: Annotated[str | None, typer.Option(help="One zone or three, with commas.")] = None,
        exposure: Annotated[str | None, typer.Option(help="Of the API: `internal` or `public`.")] = None,
        allowed_cidrs: Annotated[
            str | None, typer.Option(help="Ranges that may connect to the API, with commas.")
        ] = None,
        zone_name: Annotated[str | None, typer.Option(help="DNS zone of the cluster's names.")] = None,
        hosted_zone_id: Annotated[
            str | None, typer.Option(help="Id of the public zone of that name; `none` for a private one.")
        ] = None,
        output: Annotated[
            Path | None, typer.Option(help="The file.", show_default="clusters/NAME.yaml", dir_okay=False)
        ] = None,
        force: Annotated[bool, typer.Option("--force", help="Replace a file that exists.")] = False,
        yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask: take the defaults.")] = False,
    ) -> None:
        """Write a cluster file from a few answers, and print its path.

        Asks AWS, with the credentials of the environment, for the account, zones, Debian's image, instance
        types that all zones offer, a free range for the VPC, hosted zones and quotas. What AWS refuses to say
        becomes a default, and is named. The file has comments, and passes the checks of a deployment.

        Examples: `./kubequorum init` · `./kubequorum init --yes --name mine --region eu-central-1`
        """
        from development.commands.init import init as run

        given = {
            "name": name,
            "region": region,
            "account": account,
            "size": size,
            "zones": zones,
            "exposure": exposure,
            "allowed_cidrs": allowed_cidrs,
            "zone_name": zone_name,
            "hosted_zone_id": hosted_zone_id,
        }
        run(given, output=output, force=force, yes=yes)

    @app.command(rich_help_panel=_PANEL)
    def reference() -> None:
        """Write what is generated from the model of the cluster file, and from the tables of findings.

        docs/cluster-file.md and clusters/schema.json after a change in constructs/kubequorum/config,
        docs/operations/findings.md after one in kubequorum_cli/validate, docs/operations/plan.md after one
        in kubequorum_cli/plan. A unit test fails while they are stale.
        """
        from development.commands.reference import write_reference as run

        run()

    @app.command(rich_help_panel=_PANEL)
    def add_version(
        version: Annotated[str, typer.Argument(help="Version of Kubernetes, without a leading v.")],
        *,
        place: Annotated[
            str | None,
            typer.Option(
                "--from",
                help="Folder or https address of a mirror, laid out as for KUBEQUORUM_ARTIFACT_MIRROR, with "
                "upstream's files .sha256 beside the downloads.",
                show_default="upstream",
            ),
        ] = None,
    ) -> None:
        """Pin upstream's checksums of a Kubernetes version, which makes it a supported one.

        Reads the checksum of each of its programs for both architectures and changes
        userdata/files/artifacts.json, or nothing if anything is wrong. Its other programs are those of the
        newest version of the same minor version, or of the one before. Says what is left to read and to do.
        Can be repeated: what is pinned already must be equal.

        Examples: `./kubequorum add-version 1.37.2` · `./kubequorum add-version 1.37.2 --from /srv/mirror`
        """
        from development.commands.add_version import add_version as run

        run(version, place=place)

    @app.command(rich_help_panel=_PANEL)
    def diagrams() -> None:
        """Write docs/diagrams/, drawn from an example cluster by what draws the live page of `picture`.

        After a change in kubequorum_cli/picture. A test fails while they are stale.
        """
        from development.commands.diagrams import write_diagrams as run

        run()

    @app.command(rich_help_panel=_PANEL)
    def faults(
        name: Annotated[
            str | None,
            typer.Argument(help="Only faults with this in their name.", show_default="all of them"),
        ] = None,
    ) -> None:
        """Inject every known fault into a real cluster under load, and judge what its clients saw.

        No acknowledged write may be lost, no answer may be wrong, and the cluster must recover by itself.
        Prints a table and writes `build/faults.json`. Uses clusters of its own, of real machines: Linux,
        root. All faults take about an hour and a half.

        Examples: `./kubequorum faults` · `./kubequorum faults power_loss`
        """
        from development.commands.faults import faults as run

        run(name)

    @app.command(rich_help_panel=_PANEL)
    def soak(
        *,
        seconds: Annotated[int, typer.Option(min=1, help="For how long faults are injected.")] = 1800,
        seed: Annotated[
            int | None, typer.Option(min=0, help="Of an earlier run: the same faults.", show_default="random")
        ] = None,
    ) -> None:
        """Inject random faults into a real cluster, one after the other, under one load; prints the seed.

        Example: `./kubequorum soak --seconds 600 --seed 7`
        """
        from development.commands.faults import soak as run

        run(seconds=seconds, seed=seed)

    @app.command(rich_help_panel=_PANEL)
    def bench(
        *,
        only: Annotated[
            list[str] | None,
            typer.Option(help="A figure to measure alone, without writing the file; repeatable."),
        ] = None,
    ) -> None:
        """Measure, print a table, and write `build/bench.json`.

        Synthesis, a deployment from nothing into an embedded AWS of its own, and a comparison. Where real
        machines can run, also `up` on them, workers, three masters from nothing in turns with stock kubeadm,
        the loss of masters, and restores. Takes about half an hour; other load on the computer distorts the
        figures.

        Example: `./kubequorum bench --only zero_to_ready_ratio`
        """
        from development.commands.bench import bench as run

        run(Settings.from_environment(), only=only or [])
