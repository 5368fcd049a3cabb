"""Channels in the console. The inbound log is in `routing`, which can replay."""

from channels.admin.channels import ChannelAdmin

__all__ = ["ChannelAdmin"]
