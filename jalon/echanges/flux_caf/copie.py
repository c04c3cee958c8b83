"""Écriture en masse par COPY."""

from __future__ import annotations

from typing import Any

from psycopg import Connection, sql

from jalon.echanges.flux_caf.lignes import NUL


def copier(connexion: Connection[Any], table: str, colonnes: tuple[str, ...], lignes: list[str]) -> None:
    """Écrit des lignes au format texte de COPY, `NUL` pour l'absence."""
    if not lignes:
        return
    commande = sql.SQL("copy {} ({}) from stdin with (null {})").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, colonnes)), sql.Literal(NUL)
    )
    contenu = "\n".join(lignes)
    if "\\" in contenu:
        contenu = contenu.replace("\\", "\\\\")
    with connexion.cursor() as curseur, curseur.copy(commande) as copie:
        copie.write(contenu)
