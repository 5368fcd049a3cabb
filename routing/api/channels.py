"""One channel, which is not switched off under a flow."""

from channels.api.channels import ChannelEndpoint
from channels.models import Channel
from routing.flow_uses import find_flows_of, serving
from teams.api.problems import ConflictProblem


class NeededChannelEndpoint(ChannelEndpoint):
    """A channel, and what flows need of it."""

    def refuse_switching_off(self, channel: Channel) -> None:
        """A channel that is off already may stay off, whatever flow came to it meanwhile."""
        if channel.is_active and (names := find_flows_of(channel)):
            raise ConflictProblem("channel.in_use", serving(names))
