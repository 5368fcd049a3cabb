from conversations.models.assignment import Assignment, AssignmentKind
from conversations.models.attachment import Attachment, FileState
from conversations.models.automatic_text import AutomaticText
from conversations.models.contact import Contact, Identity, OptOutReason, PossibleDuplicate
from conversations.models.contact_merge import ContactMerge
from conversations.models.conversation import Conversation
from conversations.models.endpoint_delivery import EndpointDelivery, ForwardStatus
from conversations.models.event import Event
from conversations.models.house_file import HouseFile
from conversations.models.message import DeliveryReport, Message
from conversations.models.survey import Survey, SurveyStatus

__all__ = [
    "Assignment",
    "AssignmentKind",
    "Attachment",
    "AutomaticText",
    "Contact",
    "ContactMerge",
    "Conversation",
    "DeliveryReport",
    "EndpointDelivery",
    "Event",
    "FileState",
    "ForwardStatus",
    "HouseFile",
    "Identity",
    "Message",
    "OptOutReason",
    "PossibleDuplicate",
    "Survey",
    "SurveyStatus",
]
