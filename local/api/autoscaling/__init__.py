"""The emulated Auto Scaling."""
