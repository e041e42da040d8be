"""A log to look into after the work."""

from dataclasses import dataclass, field


@dataclass
class RecordingLog:
    """A log that remembers its lines by level."""

    lines: list[tuple[str, str]] = field(default_factory=list)

    def info(self, msg: str) -> None:
        self.lines.append(("info", msg))

    def warning(self, msg: str) -> None:
        self.lines.append(("warning", msg))

    def error(self, msg: str) -> None:
        self.lines.append(("error", msg))

    def of_level(self, level: str) -> list[str]:
        return [line for name, line in self.lines if name == level]
