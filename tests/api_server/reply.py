"""What an API server answers."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An answer of the API server."""

    status: int
    body: Any
    warning: str
    audit_id: str

    @property
    def message(self) -> str:
        """Why it refused."""
        return str(self.body.get("message", "")) if isinstance(self.body, dict) else str(self.body)
