#!/usr/bin/env python
"""Run a management command with Casedesk's settings."""

import os
import sys


def main() -> None:
    if sys.argv[1:2] == ["statutory_deadline"]:
        # Arithmetic alone: it runs where nothing is set up, so before any setting.
        from rights_requests.management.commands.statutory_deadline import Command

        return Command().run_from_argv(sys.argv)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
