"""A program written for Genesys Cloud, with the vendor's own SDK: nothing of ours is imported.

`python genesys_client.py HOST KEY QUEUE AGENT OTHER_AGENT CONTACT CONVERSATION`: schedules, reads,
puts off and takes back callbacks, and prints what it saw as JSON.
"""

import json
import sys
from datetime import UTC, datetime, timedelta

import PureCloudPlatformClientV2 as sdk

TOMORROW = (datetime.now(UTC) + timedelta(days=1)).replace(
    hour=5, minute=0, second=0, microsecond=0
)
NUMBER = "+6591234567"


Seen = dict[str, object]


def main(host: str, key: str, *names: str) -> None:
    queue, agent, other, contact, conversation = names
    sdk.configuration.host = host
    sdk.configuration.access_token = key
    api = sdk.ConversationsApi()
    seen: Seen = {}
    made = schedule(api, seen, queue=queue, agent=agent)
    change(api, seen, conversation=made, agent=other)
    end(api, seen, conversation=made)
    promise_and_take_back(api, seen, conversation=conversation, participant=contact)
    sys.stdout.write(json.dumps(seen))


def schedule(api: sdk.ConversationsApi, seen: Seen, *, queue: str, agent: str) -> str:
    command = sdk.CreateCallbackCommand()
    command.routing_data = owned_by(agent, queue=queue)
    command.callback_user_name = "Doc"
    command.callback_numbers = [NUMBER]
    command.callback_scheduled_time = TOMORROW
    command.country_code = "SG"
    command.validate_callback_numbers = True
    command.caller_id = "+6561234567"
    command.caller_id_name = "Support"
    command.data = {"notes": "ready to close"}
    made = api.post_conversations_callbacks(command)
    seen["made"] = [made.conversation.id, [each.type for each in made.callback_identifiers]]
    seen["read"] = read(api, made.conversation.id)
    seen["listed"] = [each.id for each in api.get_conversations_callbacks().entities]
    seen["late"] = refusal(api, command, TOMORROW + timedelta(days=40))
    seen["past"] = refusal(api, command, TOMORROW - timedelta(days=2))
    return str(made.conversation.id)


def change(api: sdk.ConversationsApi, seen: Seen, *, conversation: str, agent: str) -> None:
    wanted, absent = sdk.PatchCallbackRequest(), sdk.PatchCallbackRequest()
    wanted.conversation_id, wanted.agent_id = conversation, agent
    wanted.callback_scheduled_time = TOMORROW + timedelta(hours=1)
    seen["changed"] = api.patch_conversations_callbacks(wanted).conversation.id
    seen["read_again"] = read(api, conversation)
    absent.conversation_id, absent.agent_id = "nope", agent
    many = sdk.BulkCallbackPatchRequest()
    many.patch_callback_requests = [wanted, absent]
    told = api.post_conversations_callbacks_bulk_update(many)
    seen["bulk"] = [told.error_count, told.error_indexes, told.results[1].error.code]


def end(api: sdk.ConversationsApi, seen: Seen, *, conversation: str) -> None:
    wanted = sdk.Conversation()
    wanted.state = "disconnected"
    seen["ended"] = media_of(api.patch_conversations_callback(conversation, wanted))
    seen["after"] = read(api, conversation)


def promise_and_take_back(
    api: sdk.ConversationsApi, seen: Seen, *, conversation: str, participant: str
) -> None:
    command = sdk.CreateCallbackOnConversationCommand()
    command.callback_scheduled_time = TOMORROW
    api.post_conversation_participant_callbacks(conversation, participant, body=command)
    (promised,) = [each.id for each in api.get_conversations_callbacks().entities]
    identifier = sdk.CallbackDisconnectIdentifier()
    identifier.conversation_id = identifier.callback_id = promised
    wanted = sdk.BulkCallbackDisconnectRequest()
    wanted.callback_disconnect_identifiers = [identifier]
    api.post_conversations_callbacks_bulk_disconnect(wanted)
    seen["promised"] = read(api, promised)


def owned_by(agent: str, *, queue: str) -> sdk.RoutingData:
    scored = sdk.ScoredAgent()
    scored.agent, scored.score = sdk.DomainEntityRef(), 100
    scored.agent.id = agent
    routing = sdk.RoutingData()
    routing.queue_id = queue
    routing.scored_agents = [scored]
    routing.routing_flags = ["AGENT_OWNED_CALLBACK"]
    return routing


def read(api: sdk.ConversationsApi, conversation: str) -> dict[str, object]:
    """Return what the SDK makes of a callback. A value that it does not know has another name."""
    found = api.get_conversations_callback(conversation)
    customer, queue = found.participants[:2]
    scored = queue.conversation_routing_data.scored_agents
    return {
        "id": found.id,
        "purposes": [each.purpose for each in found.participants],
        "state": queue.state,
        "disconnect_type": queue.disconnect_type,
        "numbers": customer.callback_numbers,
        "name": customer.callback_user_name,
        "at": customer.callback_scheduled_time.isoformat(),
        "attributes": customer.attributes,
        "queue": queue.queue.id,
        "agents": [each.agent.id for each in scored],
    }


def media_of(ended: sdk.Conversation) -> list[str]:
    (media,) = ended.participants[0].callbacks
    return [media.state, media.initial_state, media.disconnect_type, media.direction]


def refusal(
    api: sdk.ConversationsApi, command: sdk.CreateCallbackCommand, at: datetime
) -> list[object]:
    command.callback_scheduled_time = at
    try:
        api.post_conversations_callbacks(command)
    except sdk.rest.ApiException as error:
        body = json.loads(error.body)
        return [error.status, body["status"], body["code"]]
    return []


if __name__ == "__main__":
    main(*sys.argv[1:])
