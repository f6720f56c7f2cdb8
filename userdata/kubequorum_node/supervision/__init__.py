"""The node program's services on a host: as systemd units, or as plain processes."""
