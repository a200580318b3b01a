"""docker-compose.yml and Dockerfile against Procfile and settings, without Docker."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = {name: s for name, s in SERVICES.items() if s["image"] == "casedesk"}
DOCKERFILE = (ROOT / "Dockerfile").read_text()
# Only the local set-up has these.
LOCAL_PROCESSES = {"catcher"}
ASSIGNMENT = re.compile(r"[A-Z_]+=")


def procfile() -> dict[str, list[str]]:
    lines = (ROOT / "Procfile").read_text().splitlines()
    parts = [line.partition(":") for line in lines if line.strip()]
    return {name: shlex.split(command) for name, _, command in parts}


def without_binding(words: list[str]) -> list[str]:
    """The command without the address it listens on and the variables before it."""
    words = [word for word in words if not ASSIGNMENT.match(word)]
    if "--bind" in words:
        place = words.index("--bind")
        del words[place : place + 2]
    return words


def settings_read_by_the_code() -> set[str]:
    source = (ROOT / "config" / "settings.py").read_text()
    return set(re.findall(r'\benv\.\w+\(\s*"([A-Z_]+)"', source))


@pytest.mark.parametrize("name", sorted(procfile().keys() - LOCAL_PROCESSES))
def test_every_process_is_a_service_with_the_same_command(name: str) -> None:
    service = shlex.split(SERVICES[name]["command"])
    assert without_binding(service) == without_binding(procfile()[name])


@pytest.mark.parametrize("name", sorted(procfile().keys() - LOCAL_PROCESSES))
def test_variables_before_a_command_are_in_the_services_environment(name: str) -> None:
    given = dict(
        word.split("=", 1) for word in procfile()[name] if ASSIGNMENT.match(word)
    )
    assert given.items() <= SERVICES[name]["environment"].items()


def test_there_is_no_service_of_ours_beyond_the_processes_and_prepare() -> None:
    assert OURS.keys() == (procfile().keys() - LOCAL_PROCESSES) | {"prepare"}


def test_database_redis_and_relay_are_there() -> None:
    assert SERVICES.keys() - OURS.keys() == {"postgres", "redis", "relay"}


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_variable_given_is_one_that_settings_read(name: str) -> None:
    assert OURS[name]["environment"].keys() <= settings_read_by_the_code()


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_setting_without_a_default_is_given(name: str) -> None:
    source = (ROOT / "config" / "settings.py").read_text()
    required = set(re.findall(r'\benv\.\w+\(\s*"([A-Z_]+)"\s*\)', source))
    assert required <= OURS[name]["environment"].keys()


@pytest.mark.parametrize("name", sorted(OURS))
def test_nothing_of_the_local_set_up_is_given(name: str) -> None:
    local = {"EMBEDDED", "MAILBOX_DIR", "DEBUG"}
    assert not local & OURS[name]["environment"].keys()


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_no_secret_stands_in_the_file(name: str) -> None:
    for variable, value in SERVICES[name].get("environment", {}).items():
        if re.search(r"KEY|PASSWORD|SECRET|TOKEN", variable):
            is_reference = value is None or re.fullmatch(r"\$\{\w+:\?\}", value)
            assert is_reference, variable
        if value and "@" in value:
            assert re.search(r":\$\{\w+:\?\}@", value), variable


def test_each_role_is_known_only_where_it_is_used() -> None:
    for name, service in OURS.items():
        text = " ".join(str(value) for value in service["environment"].values())
        assert ("OWNER_PASSWORD" in text) == (name == "prepare")
        assert ("MAILER_PASSWORD" in text) == (name == "mailer")


def test_everything_waits_for_prepare() -> None:
    for name in OURS.keys() - {"prepare"}:
        condition = OURS[name]["depends_on"]["prepare"]["condition"]
        assert condition == "service_completed_successfully"


def test_the_init_script_creates_the_three_roles_and_the_database() -> None:
    script = (ROOT / "docker" / "postgres-roles.sh").read_text()
    for role in ("casedesk_owner", "casedesk_app", "casedesk_mailer"):
        assert f"CREATE ROLE {role} LOGIN" in script
    assert "CREATE DATABASE casedesk OWNER casedesk_owner" in script
    mounts = SERVICES["postgres"]["volumes"]
    assert any(mount.startswith("./docker/postgres-roles.sh:") for mount in mounts)


def test_the_example_names_every_value_that_the_operator_must_give() -> None:
    compose = (ROOT / "docker-compose.yml").read_text()
    example = (ROOT / "docker" / "env.example").read_text()
    required = set(re.findall(r"\$\{(\w+):\?\}", compose))
    optional = set(re.findall(r"\$\{(\w+):-", compose))
    assert set(re.findall(r"^(\w+)=", example, re.MULTILINE)) == required
    assert optional <= set(re.findall(r"^#(\w+)=", example, re.MULTILINE))
    assert not re.search(r"^#?\w+=\S", example, re.MULTILINE), "no value, no secret"


def test_the_image_runs_the_web_process_as_another_user_than_root() -> None:
    command = re.search(r"^CMD (\[.*?\])", DOCKERFILE, re.MULTILINE | re.DOTALL)
    assert command
    words = yaml.safe_load(command[1].replace("\\\n", ""))
    assert words == shlex.split(SERVICES["web"]["command"])
    assert DOCKERFILE.index("USER casedesk") < DOCKERFILE.index("CMD")


def test_the_image_has_the_python_and_the_lock_of_the_repository() -> None:
    version = (ROOT / ".python-version").read_text().strip()
    assert f"FROM python:{version}-slim" in DOCKERFILE
    assert "--require-hashes" in DOCKERFILE
    assert "-r requirements.lock" in DOCKERFILE


def test_no_key_no_data_and_no_test_gets_into_the_image() -> None:
    ignored = set((ROOT / ".dockerignore").read_text().split())
    assert {".env", "var", ".git", "tests", ".venv"} <= ignored
