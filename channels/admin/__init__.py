"""Channels in the console. The inbound log is in `routing`, which can replay."""

from channels.admin.channels import ChannelAdmin
from channels.admin.templates import TemplateAdmin

__all__ = ["ChannelAdmin", "TemplateAdmin"]
