"""Requests about personal data and complaints: who asked, the cases, their papers."""

from rights_requests.models.answers import Package, Redaction
from rights_requests.models.calendar import CalendarFeed
from rights_requests.models.case import Case, CaseQuerySet, Channel, Submission
from rights_requests.models.connectors import Connector, SystemCall
from rights_requests.models.correspondence import (
    CaseDocument,
    CaseLink,
    Letter,
    MailedCode,
    Message,
)
from rights_requests.models.erasing import ErasedPlace, ErasurePlan, Residue
from rights_requests.models.log import CaseLogEntry, CaseSeal, Event
from rights_requests.models.own_data import PersonLink
from rights_requests.models.rectifying import Rectification
from rights_requests.models.runs import ClockFault, DailyDigest, Recount
from rights_requests.models.standing_rules import RuleCheck, StandingRule
from rights_requests.models.systems import OutsideSystem
from rights_requests.models.transmissions import Transmission
from rights_requests.models.work import (
    SOFTWARE,
    Balancing,
    Decision,
    IdentityCheck,
    Note,
    Reminder,
    SearchRecord,
    Task,
)

__all__ = [
    "SOFTWARE",
    "Balancing",
    "CalendarFeed",
    "Case",
    "CaseDocument",
    "CaseLink",
    "CaseLogEntry",
    "CaseQuerySet",
    "CaseSeal",
    "Channel",
    "ClockFault",
    "Connector",
    "DailyDigest",
    "Decision",
    "ErasedPlace",
    "ErasurePlan",
    "Event",
    "IdentityCheck",
    "Letter",
    "MailedCode",
    "Message",
    "Note",
    "OutsideSystem",
    "Package",
    "PersonLink",
    "Recount",
    "Rectification",
    "Redaction",
    "Reminder",
    "Residue",
    "RuleCheck",
    "SearchRecord",
    "StandingRule",
    "Submission",
    "SystemCall",
    "Task",
    "Transmission",
]
