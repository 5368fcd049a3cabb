"""Addresses of assignments, decisions, rules, and of how people leave, below /api/v1/."""

from django.urls import path

from routing.api.ai_agents import (
    AiAgentEndpoint,
    AiAgentsEndpoint,
    AiAgentStartEndpoint,
    AiAgentStopEndpoint,
)
from routing.api.assignments import BulkEndpoint, IndividualEndpoint, ManualEndpoint
from routing.api.channels import NeededChannelEndpoint
from routing.api.decisions import (
    AssignmentEndpoint,
    DecisionEndpoint,
    DecisionsEndpoint,
    ExplanationEndpoint,
)
from routing.api.flow_runs import FlowRunsEndpoint, OneFlowRunEndpoint, StopFlowRunEndpoint
from routing.api.flows import (
    FlowDraftEndpoint,
    FlowEndpoint,
    FlowPublishEndpoint,
    FlowRestoreEndpoint,
    FlowRunEndpoint,
    FlowsEndpoint,
    FlowSwitchOffEndpoint,
    FlowSwitchOnEndpoint,
    FlowVersionsEndpoint,
)
from routing.api.giving_to_ai import HandToAiEndpoint
from routing.api.imports import RoutedApplyImportEndpoint
from routing.api.people import LeavingPersonEndpoint
from routing.api.rule_replays import CancelReplayEndpoint, ReplayEndpoint, ReplaysEndpoint
from routing.api.rule_tests import RuleTestEndpoint
from routing.api.rule_versions import (
    DiscardEndpoint,
    DraftEndpoint,
    PlanEndpoint,
    PublishEndpoint,
    RestoreEndpoint,
    VersionEndpoint,
    VersionsEndpoint,
)
from routing.api.rule_warnings import RuleWarningsEndpoint
from routing.api.rules import RuleEndpoint, RulesEndpoint
from routing.api.saved_tests import SavedTestEndpoint, SavedTestsEndpoint

urlpatterns = [
    path("ai-agents/", AiAgentsEndpoint.as_view()),
    path("ai-agents/<uuid:public_id>/", AiAgentEndpoint.as_view()),
    path("ai-agents/<uuid:public_id>/start/", AiAgentStartEndpoint.as_view()),
    path("ai-agents/<uuid:public_id>/stop/", AiAgentStopEndpoint.as_view()),
    path("assignments/bulk/", BulkEndpoint.as_view()),
    path("assignments/individual/", IndividualEndpoint.as_view()),
    path("assignments/manual/", ManualEndpoint.as_view()),
    path("conversations/<uuid:public_id>/assignment/", AssignmentEndpoint.as_view()),
    path("conversations/<uuid:public_id>/hand-to-ai/", HandToAiEndpoint.as_view()),
    path("conversations/<uuid:public_id>/decision/", DecisionEndpoint.as_view()),
    path("conversations/<uuid:public_id>/decisions/", DecisionsEndpoint.as_view()),
    path("conversations/<uuid:public_id>/explanation/", ExplanationEndpoint.as_view()),
    path("flows/", FlowsEndpoint.as_view()),
    path("flows/<uuid:public_id>/", FlowEndpoint.as_view()),
    path("flows/<uuid:public_id>/draft/", FlowDraftEndpoint.as_view()),
    path("flows/<uuid:public_id>/publish/", FlowPublishEndpoint.as_view()),
    path("flows/<uuid:public_id>/switch-on/", FlowSwitchOnEndpoint.as_view()),
    path("flows/<uuid:public_id>/switch-off/", FlowSwitchOffEndpoint.as_view()),
    path("flows/<uuid:public_id>/versions/", FlowVersionsEndpoint.as_view()),
    path("flows/<uuid:public_id>/restore/", FlowRestoreEndpoint.as_view()),
    path("flows/<uuid:public_id>/run/", FlowRunEndpoint.as_view()),
    path("flow-runs/", FlowRunsEndpoint.as_view()),
    path("flow-runs/<uuid:public_id>/", OneFlowRunEndpoint.as_view()),
    path("flow-runs/<uuid:public_id>/stop/", StopFlowRunEndpoint.as_view()),
    path("channels/<uuid:public_id>/", NeededChannelEndpoint.as_view()),
    path("users/<str:reference>/", LeavingPersonEndpoint.as_view()),
    path("imports/<str:public_id>/apply/", RoutedApplyImportEndpoint.as_view()),
    path("rules/", RulesEndpoint.as_view()),
    path("rules/replays/", ReplaysEndpoint.as_view()),
    path("rules/replays/<uuid:public_id>/", ReplayEndpoint.as_view()),
    path("rules/replays/<uuid:public_id>/cancel/", CancelReplayEndpoint.as_view()),
    path("rules/saved-tests/", SavedTestsEndpoint.as_view()),
    path("rules/saved-tests/<uuid:public_id>/", SavedTestEndpoint.as_view()),
    path("rules/warnings/", RuleWarningsEndpoint.as_view()),
    path("rules/draft/", DraftEndpoint.as_view()),
    path("rules/publish/", PublishEndpoint.as_view()),
    path("rules/discard/", DiscardEndpoint.as_view()),
    path("rules/plan/", PlanEndpoint.as_view()),
    path("rule-versions/", VersionsEndpoint.as_view()),
    path("rule-versions/<uuid:public_id>/", VersionEndpoint.as_view()),
    path("rule-versions/<uuid:public_id>/restore/", RestoreEndpoint.as_view()),
    path("rules/test/", RuleTestEndpoint.as_view()),
    path("rules/<uuid:public_id>/", RuleEndpoint.as_view()),
]
