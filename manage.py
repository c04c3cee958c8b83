"""Commandes Django de développement (`makemigrations`, `shell`…) ; le reste passe par `jalon`."""

import sys

from jalon.cli.environnement import preparer_django

if __name__ == "__main__":
    preparer_django()
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
