"""Instances without machines: EC2's records only, for where machines cannot run."""

from emulator.interfaces.machines import Instance, Volume


class NoMachines:
    """Does nothing, successfully. Hooks then end by their timeout and default result."""

    def launch(self, instance: Instance) -> None:
        """Nothing starts."""

    def terminate(self, instance_id: str) -> None:
        """Nothing ends."""

    def stop(self, instance_id: str) -> None:
        """Nothing stops."""

    def start(self, instance_id: str) -> None:
        """Nothing starts."""

    def reboot(self, instance_id: str) -> None:
        """Nothing restarts."""

    def attach_volume(self, instance_id: str, volume: Volume) -> None:
        """No device appears."""

    def detach_volume(self, instance_id: str, volume_id: str, *, force: bool) -> None:
        """No device disappears."""

    def delete_volume(self, volume_id: str) -> None:
        """There is no data."""

    def console_output(self, instance_id: str) -> bytes:
        """Nothing was printed."""
        del instance_id
        return b""

    def close(self) -> None:
        """Nothing to end."""
