"""Settings from the environment (prefix `MAVERICK_`) and the layout of the run home."""

from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from maverick_assets.errors import BadInput

PREFIX = "MAVERICK_"
PACKAGED_WORD = "packaged"  # in MAVERICK_PERSONALITIES it stands for the folder below
PACKAGED_PERSONALITIES = Path(__file__).parent / "personalities"

_LANGUAGES_TEXT = """
af am an ar as az ba be bg bn br bs ca cs cy da de dz el en eo es et eu fa fi fo fr fy ga gd gl gu
ha he hi hr ht hu hy id ig is it ja jv ka kk km kn ko ku ky la lb lg ln lo lt lv mg mk ml mn mr ms
mt my ne nl nn no oc om or pa pl ps pt qu ro ru rw sa se si sk sl sn so sq sr st sv sw ta te tg th
tk tl tr tt ug uk ur uz vi vo wa xh yo zh zu
"""
IDENTIFIED_LANGUAGES = frozenset(_LANGUAGES_TEXT.split())  # codes that py3langid returns


class Settings(BaseSettings):
    """All settings, each a field. The properties are folders of the run home or parsed fields."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, env_ignore_empty=True)

    home: Path = Field(Path(".maverick"), description="run home: everything that Maverick writes")
    crm_url: str | None = Field(
        None, description="PostgreSQL of the CRM; unset: the embedded server"
    )
    dagster_url: str | None = Field(
        None,
        description="PostgreSQL of Dagster's runs, schedules and history; unset: the embedded "
        "server",
    )
    owner_email: str = Field(
        "allan@testpilot.example",
        description="the owner's addresses, comma-separated, all aliases among them; `*` stands "
        "for any characters: `*@acme.example` where all of a domain is the owner",
    )
    owner_names: str = Field(
        "",
        description="names and Exchange addresses of the owner, separated by semicolons, for mail "
        "without addresses, as exports of Outlook: `Allan Kern; Kern, Allan; /o=acme/*/cn=akern`",
    )
    owner_user_id: str = Field("allan", description="the owner's user ids, comma-separated")
    base_model: str | None = Field(
        None,
        description="directory of another base model, or its hub id, `org/name` or "
        "`org/name@revision`, where no folder here is called `org`; unset: the embedded "
        "SmolLM2-135M-Instruct",
    )
    session_hours: float = Field(
        12,
        gt=0,
        le=24 * 365 * 100,
        description="hours of silence after which a chat's next message starts another session",
    )
    languages: str = Field(
        "",
        description="ISO 639-1 codes, comma-separated: answers in other languages are left out; "
        "unset: all languages",
    )
    timezone: str = Field(
        "UTC",
        description="time zone of the schedules and of the reports' months, such as Europe/Berlin",
    )
    nightly_after_rows: int | None = Field(
        None,
        gt=0,
        description="rows by which the CRM must have grown since the last training for `nightly` "
        "to start early; unset: it never does",
    )
    fleet: str = Field(
        "laptop",
        description="which host trains which personality: `laptop`, `rtx4090x5`, or the path of a "
        "YAML file",
    )
    personalities: str = Field(
        PACKAGED_WORD,
        description="folders of recipes, comma-separated; `packaged` stands for the six that come "
        "with Maverick, and a recipe replaces one of the same name in a folder before it",
    )
    postgres_account: str | None = Field(
        None,
        description="account that the embedded PostgreSQL runs as when root starts it; unset: "
        "root's own, in a user namespace without root's capabilities",
    )
    sources: Path | None = Field(
        None, description="YAML file of sources beside the CRM; unset: there are none"
    )
    ui_origin: str | None = Field(
        None,
        description="https address by which browsers reach Dagster's page, such as "
        "`https://maverick.example.com`, where a proxy or `MAVERICK_UI_CERTIFICATE` serves it to "
        "other machines; unset: this machine alone",
    )
    ui_certificate: Path | None = Field(
        None,
        description="PEM file with the certificates of Dagster's page; unset: no TLS, or that of "
        "a proxy",
    )
    ui_key: Path | None = Field(
        None, description="PEM file with the private key of `MAVERICK_UI_CERTIFICATE`"
    )
    serving_slots: int = Field(
        4, ge=1, le=256, description="answers that `maverick serve` computes at once"
    )
    serving_context: int = Field(
        2048,
        ge=256,
        le=1 << 20,
        description="tokens of prompt and answer together; each slot keeps memory for so many",
    )
    serving_threads: int = Field(
        1,
        ge=1,
        le=1024,
        description="threads that compute answers; beside other busy programs few are faster",
    )
    serving_queue: int = Field(
        64, ge=1, description="requests that may wait for a slot; more are refused"
    )
    serving_requests_per_minute: int = Field(
        600, ge=1, description="requests of one token in a minute; more are refused"
    )
    serving_origin: str | None = Field(
        None,
        description="https address by which other machines reach the API, where a proxy serves it "
        "to them; unset: this machine alone",
    )
    keep_versions: int = Field(
        10,
        ge=1,
        le=10_000,
        description="newest versions of a personality that keep their weights, and newest releases "
        "that do; the version in service and the parents of kept ones always keep theirs",
    )
    serving_node_versions: int = Field(
        3,
        ge=1,
        le=100,
        description="versions of a personality that stay on each Ollama of the fleet, the one in "
        "service among them, so that a rollback need not bring its files again",
    )

    @field_validator("home", "sources", "ui_certificate", "ui_key")
    @classmethod
    def _absolute_path(cls, path: Path | None) -> Path | None:
        if path and not str(path).isprintable():  # PostgreSQL's files have a path on a line
            raise ValueError(f"{str(path)!r} has a character that cannot be printed; rename it")
        return path and Path(_absolute(str(path)))

    @field_validator("fleet")
    @classmethod
    def _absolute_fleet(cls, fleet: str) -> str:
        return _absolute(fleet) if fleet.endswith((".yaml", ".yml")) else fleet

    @field_validator("base_model")
    @classmethod
    def _absolute_base(cls, name: str | None) -> str | None:
        """A folder that is named relative to this process's is another one in a child's.

        Where the first part of `org/name` is a folder here, the name is a path, so that a typo in
        `models/tiny` does not ask the hub.
        """
        if name and (name.startswith((".", "~")) or Path(name).parent.is_dir()):
            return _absolute(name)
        return name

    @field_validator("personalities")
    @classmethod
    def _absolute_folders(cls, folders: str) -> str:
        names = _split(folders)
        if not names:
            raise ValueError("names no folder")
        return ",".join(name if name == PACKAGED_WORD else _absolute(name) for name in names)

    @field_validator("owner_email", "owner_user_id")
    @classmethod
    def _some_owner(cls, names: str) -> str:
        if not _split(names):
            raise ValueError("names nobody")
        return names

    @field_validator("owner_names")
    @classmethod
    def _names_of_one(cls, names: str) -> str:
        if names and not names.replace(";", "").replace("*", "").strip():
            raise ValueError("names nobody, or everybody")
        if "@" in names:
            raise ValueError(f"{names} holds an address; that belongs into MAVERICK_OWNER_EMAIL")
        return names

    @field_validator("ui_origin", "serving_origin")
    @classmethod
    def _https_origin(cls, origin: str | None) -> str | None:
        parts = urlsplit(origin or "")
        if origin and (parts.scheme != "https" or not parts.hostname or parts.path.strip("/")):
            raise ValueError(f"{origin} is no address like https://maverick.example.com")
        return origin and f"https://{parts.netloc.lower()}"

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError) as error:  # unknown, no name at all, a folder
            raise ValueError(f"{name} is no time zone; name one like Europe/Berlin") from error
        return name

    @field_validator("languages")
    @classmethod
    def _known_languages(cls, codes: str) -> str:
        unknown = sorted(set(_split(codes.lower())) - IDENTIFIED_LANGUAGES)
        if unknown:
            raise ValueError(f"{', '.join(unknown)}: not an ISO 639-1 code of a known language")
        return codes

    @cached_property
    def language_codes(self) -> tuple[str, ...]:
        """Lower-case codes, sorted; empty where all languages are wanted."""
        return tuple(sorted(set(_split(self.languages.lower()))))

    @cached_property
    def owner_emails(self) -> tuple[str, ...]:
        """Lower-case address patterns (`fnmatch`)."""
        return _split(self.owner_email.lower())

    @cached_property
    def owner_name_patterns(self) -> tuple[str, ...]:
        """Lower-case patterns (`fnmatch`) of names. A name may hold a comma: "Kern, Allan"."""
        parts = (part.strip() for part in self.owner_names.lower().split(";"))
        return tuple(part for part in parts if part)

    @cached_property
    def owner_user_ids(self) -> tuple[str, ...]:
        """User ids; case matters."""
        return _split(self.owner_user_id)

    @cached_property
    def personality_folders(self) -> tuple[Path, ...]:
        """Folders of recipes. A recipe replaces one of the same name in an earlier folder."""
        return tuple(
            PACKAGED_PERSONALITIES if folder == PACKAGED_WORD else Path(folder)
            for folder in _split(self.personalities)
        )

    @property
    def lake(self) -> Path:
        """Delta tables; `lake.paths` says where each of them lies."""
        return self.home / "lake"

    @property
    def models(self) -> Path:
        """The registry: one folder per personality, with its versions."""
        return self.home / "models"

    @property
    def postgres(self) -> Path:
        """Data of the embedded PostgreSQL."""
        return self.home / "postgres"

    @property
    def sockets(self) -> Path:
        """Sockets of `maverick ui`."""
        return self.home / "sockets"

    @property
    def base_dir(self) -> Path:
        """The embedded base model, once it is unpacked."""
        return self.home / "base"

    @property
    def engine_checks(self) -> Path:
        """Where the training engine keeps that it computes a base as transformers does."""
        return self.base_dir / "checks"

    @property
    def runs(self) -> Path:
        """Specs, results and checkpoints of the processes that train and evaluate."""
        return self.home / "runs"

    @property
    def trainings(self) -> Path:
        """A file for each training under way, and how the last one ended."""
        return self.home / "trainings"

    @property
    def run_locks(self) -> Path:
        """One lock file per run, held by the process that executes the run."""
        return self.runs / "alive"

    @property
    def checkpoints(self) -> Path:
        """A folder per node, with the checkpoints of its trainings."""
        return self.runs / "checkpoints"

    @property
    def tensorboard(self) -> Path:
        """Training curves."""
        return self.home / "logs" / "tensorboard"

    @property
    def skipped(self) -> Path:
        """By table, what was left out by the last fetch that left anything out, and why."""
        return self.reports / "skipped"

    @property
    def reports(self) -> Path:
        """HTML pages: dataset cards, monthly and quarterly reports."""
        return self.home / "reports"

    @property
    def own_crm(self) -> Path:
        """Names the database, other than the embedded one, that Maverick may write into."""
        return self.home / "own-crm"

    @property
    def sessions_file(self) -> Path:
        """Sessions and ratings of the API, where the CRM is the user's own."""
        return self.home / "sessions" / "sessions.sqlite"

    @property
    def judgements(self) -> Path:
        """What people said of blind answers, without their texts."""
        return self.home / "judgements"

    @property
    def served(self) -> Path:
        """Journal of the answers served, until an ingest takes it into the lake; no text."""
        return self.home / "served"

    def dataset_cards(self, personality: str) -> Path:
        """The cards of a personality's datasets."""
        return self.reports / "datasets" / personality


def _split(text: str) -> tuple[str, ...]:
    """The parts between commas, without the empty ones."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _absolute(path: str) -> str:
    return str(Path(path).expanduser().absolute())


def load_settings() -> Settings:
    """Settings from the environment.

    Raises `BadInput` naming the variable when a value does not parse.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = PREFIX + "_".join(str(part) for part in first["loc"]).upper()
        reason = first["msg"].removeprefix("Value error, ")
        raise BadInput(f"setting {name}: {reason}; see docs/reference/settings.md") from error
