"""The ledger: every model call, asked once, recorded, and replayed."""

from judgekit.ledger.book import MODES, Ledger
from judgekit.ledger.call import Reply, Request

__all__ = ["MODES", "Ledger", "Reply", "Request"]
