"""Un PDF est déjà compressé : PostgreSQL ne l'essaie plus à chaque lettre."""

from typing import ClassVar

from django.db import migrations

COLONNES = (("documents_contenudocument", "octets"), ("documents_tranchelot", "planche"))


class Migration(migrations.Migration):
    dependencies: ClassVar = [("documents", "0001_courriers_et_envois")]
    operations: ClassVar = [
        migrations.RunSQL(
            f"alter table {table} alter column {colonne} set storage external",
            f"alter table {table} alter column {colonne} set storage extended",
        )
        for table, colonne in COLONNES
    ]
