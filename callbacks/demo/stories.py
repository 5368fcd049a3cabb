"""What was promised in the fictional shop, when, and what became of it. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from types import MappingProxyType
from typing import Any

from callbacks.models import OnExpiry, Outcome
from callbacks.services.checks import Claim

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Past:
    """A call that was due so long ago, on one of the shop's lines.

    `by` promised it `said` before its time. `begun` and `done`: so long after its time somebody
    began to call, and was done; None: nobody was. `cancelled`: so long before its time.
    """

    line: str
    team: str
    by: str
    due: timedelta
    said: timedelta
    note: str = ""
    claim: Claim = Claim.ANY
    agent: str = ""
    caller: str = ""
    begun: timedelta | None = None
    done: timedelta | None = None
    outcome: Outcome = Outcome.REACHED
    end_note: str = ""
    cancelled: timedelta | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Coming:
    """A call so many days ahead, at a time on the customer's clock."""

    line: str
    team: str
    by: str
    days: int
    clock: time
    note: str = ""
    claim: Claim = Claim.ANY
    agent: str = ""


#: What teams want otherwise than the defaults say.
SETTINGS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "support": {
            "is_team_choosable": True,
            "is_owning_enabled": True,
            "alerting_s": 600,
            "late_after_s": 600,
        },
        "sales": {"is_team_choosable": True, "is_owning_enabled": True, "alerting_s": 600},
        "success": {"is_team_choosable": True},
        "workshop": {
            "is_team_choosable": True,
            "is_owning_enabled": True,
            "owned_hold_s": 4 * 3600,
            "on_expiry": OnExpiry.MISS,
        },
    }
)

PAST = (
    # Just now: being called, offered, late, and one that waits for its owner.
    Past("tokyo", "support", "aiko", 12 * MINUTE, 3 * HOUR, "ブレーキの音について説明する。",
         begun=8 * MINUTE, caller="aiko"),
    Past("paris", "sales", "bruno", 3 * MINUTE, 2 * HOUR, "Rappeler pour l’essai du vélo cargo."),
    Past("tokyo", "success", "ines", 35 * MINUTE, 5 * HOUR, "配送業者に確認した結果を伝える。"),
    Past("paris", "sales", "camille", 45 * MINUTE, 20 * HOUR, "Taille du cadre : à voir avec moi.",
         Claim.OWNED, "camille"),
    # Taken back.
    Past("paris", "sales", "ines", -5 * HOUR, 30 * HOUR, cancelled=9 * HOUR,
         reason="Le client a déjà reçu sa réponse par écrit."),
    Past("tokyo", "support", "kenji", 10 * HOUR, 20 * HOUR, cancelled=3 * HOUR,
         reason="お客様のご都合により。"),
    # Its owner did not come: given to the team, or missed.
    Past("tokyo", "support", "fumi", 30 * HOUR, 5 * HOUR, "自分で対応したい。", Claim.OWNED, "fumi",
         caller="aiko", begun=24 * HOUR + 4 * MINUTE, done=24 * HOUR + 12 * MINUTE,
         end_note="フミの代わりに電話しました。"),
    Past("tokyo", "workshop", "min", 20 * HOUR, 8 * HOUR, "修理の見積もり。", Claim.OWNED, "min"),
    # Kept.
    Past("tokyo", "support", "aiko", 4 * HOUR, 3 * HOUR, "返金の手続きを案内する。", caller="wei",
         begun=2 * MINUTE, done=9 * MINUTE, end_note="返金の案内が済みました。"),
    Past("paris", "support", "bruno", 22 * HOUR, 6 * HOUR, "Chaîne qui saute.", Claim.PREFERRED,
         "bruno", caller="bruno", begun=1 * MINUTE, done=6 * MINUTE,
         end_note="Rendez-vous à l’atelier mardi."),
    Past("tokyo", "sales", "kenji", 26 * HOUR, 20 * HOUR, "試乗の日程。", caller="kenji",
         begun=4 * MINUTE, done=5 * MINUTE, outcome=Outcome.NO_ANSWER,
         end_note="留守番電話でした。"),
    Past("paris", "sales", "grace", 30 * HOUR, 4 * HOUR, "Wants to know about the guarantee.",
         caller="grace", begun=3 * MINUTE, done=14 * MINUTE, end_note="Sent the papers by mail."),
    Past("tokyo", "support", "wei", 46 * HOUR, 2 * HOUR, caller="aiko", begun=6 * MINUTE,
         done=7 * MINUTE, outcome=Outcome.WRONG_NUMBER, end_note="別の方の番号でした。"),
)  # fmt: skip

COMING = (
    Coming("tokyo", "support", "aiko", 1, time(10), "タイヤ交換の件。"),
    Coming("tokyo", "support", "wei", 1, time(11, 30), "", Claim.PREFERRED, "wei"),
    Coming("paris", "sales", "grace", 1, time(15), "Bring the price list.", Claim.OWNED, "grace"),
    Coming("tokyo", "sales", "kenji", 2, time(16), "サイズの相談。"),
    Coming("paris", "sales", "bruno", 2, time(9, 30), "Devis pour trois vélos."),
    Coming("tokyo", "support", "fumi", 3, time(14, 30), "修理の進み具合。", Claim.OWNED, "fumi"),
    Coming("paris", "support", "bruno", 4, time(17), "Retour de pièces."),
    Coming("tokyo", "support", "aiko", 5, time(10, 30), "受け取りの確認。"),
    Coming("paris", "sales", "camille", 6, time(14), "Essai confirmé ?", Claim.OWNED, "camille"),
)

#: The shop's web page promised one, for somebody who never wrote.
FROM_THE_SHOP = Coming("paris", "sales", "malik", 1, time(16, 30))
ITS_NAME, ITS_NUMBER = "Jo Bennett", "+447700900877"
ITS_DATA = MappingProxyType({"page": "/bikes/city", "order": "HB-2041"})
