"""What can befall the data of volumes."""

from emulator.faults.connection import Connection


class VolumeBreaks(Connection):
    """Volumes of machines that boot."""

    def wipe_volume(self, volume_id: str) -> None:
        """Make a volume blank, as if it were another one; its machine must be off, or it detached."""
        self._ask("wipe_volume", volume_id=volume_id)

    def corrupt_volume(
        self, volume_id: str, pattern: str, *, at: float = 0.5, length_bytes: int = 4096, seed: int = 0
    ) -> str:
        """Overwrite a part of a file on a volume with noise; its machine must be off, or it detached.

        `pattern` is a glob in the volume's file system, e.g. `**/member/wal/*.wal`; of several files the one
        written last is taken. `at` says where in the file's data the noise begins: 0 its first byte, 1 its
        end. Zeros at its end, as etcd's WAL has, do not count. Returns the file's path on the volume.
        """
        return str(
            self._ask(
                "corrupt_volume",
                volume_id=volume_id,
                pattern=pattern,
                at=at,
                length_bytes=length_bytes,
                seed=seed,
            )
        )

    def alter_volume(self, volume_id: str, pattern: str, *, old: str, new: str) -> str:
        """Put another text of the same length into a file of a volume, as a disk that lies would.

        Its machine must be off, or it detached. `pattern` is a glob as for `corrupt_volume`; the first file
        that has the old text is taken, and its path on the volume returned.
        """
        return str(self._ask("alter_volume", volume_id=volume_id, pattern=pattern, old=old, new=new))

    def fill_volume(self, volume_id: str, *, leave_bytes: int = 0) -> int:
        """Take the free space of a mounted volume by a file `breaks.fill` in its root; how many bytes.

        `unfill_volume`, or deleting the file, gives it back.
        """
        return int(self._ask("fill_volume", volume_id=volume_id, leave_bytes=leave_bytes))

    def unfill_volume(self, volume_id: str) -> None:
        """Remove that file."""
        self._ask("unfill_volume", volume_id=volume_id)
