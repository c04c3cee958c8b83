"""L'intégration d'un flux entier : ce qui passe d'un lot au suivant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from psycopg import Connection

from jalon.echanges.flux_caf.extracteur import LotExtrait
from jalon.echanges.flux_caf.integration.bilan import Bilan, Contexte, Ordre
from jalon.echanges.flux_caf.integration.lot import Lot

TABLES_CHERCHEES = ("personnes_personne", "droits_dossierrsa")
"""Tables où chaque lot cherche ses dossiers et ses personnes."""


class Integration:
    """Intègre des lots de foyers d'un même flux, sur une connexion en transaction."""

    def __init__(
        self,
        connexion: Connection[Any],
        *,
        ordre: Ordre,
        communes: dict[str, tuple[str, int | None]],
    ) -> None:
        self.connexion = connexion
        self.ordre = ordre
        self.date = ordre[0]
        self.communes = communes
        self.bilan = Bilan()
        self.avant: dict[int, bool] = {}
        self.apres: dict[int, bool] = {}
        self.contextes: dict[int, Contexte] = {}
        self.territoires_changes: dict[int, int | None] = {}
        self.vus: set[int] = set()
        self.rangs_inchanges: dict[int, int] = {}
        self.tardif = self._existe(
            "select 1 from echanges_flux where (date_reference, emis_le) > (%s, %s)", [ordre[0], ordre[1] + "Z"]
        )
        self._a_analyser = not self._existe("select 1 from droits_dossierrsa", [])
        self._reserves: dict[str, Iterator[int]] = {}

    def _existe(self, requete: str, parametres: list[Any]) -> bool:
        return self.connexion.execute(f"select exists ({requete})", parametres).fetchone() == (True,)

    def integrer(self, extraits: LotExtrait) -> None:
        """Intègre un lot ; un même dossier présent deux fois passe dans un lot suivant."""
        for lu, champ, motif in extraits.illisibles:
            self.bilan.quarantaine.append((lu, _numero_brut(lu.xml), champ, motif))
            self.bilan.personnes_lues += lu.xml.count(b"<Personne>")
            self.bilan.personnes_illisibles += lu.xml.count(b"<Personne>")
        restants = extraits.recus
        while restants:
            restants = Lot(self, restants).executer()
        if self._a_analyser:
            # Sans statistiques, PostgreSQL relirait toute la table à chaque lot plutôt que de suivre l'index.
            self.connexion.execute(f"analyze {', '.join(TABLES_CHERCHEES)}")
            self._a_analyser = False

    def reserver(self, table: str) -> int:
        """Identifiant neuf d'une table, pris par blocs dans sa séquence."""
        reserve = self._reserves.get(table)
        identifiant = next(reserve, None) if reserve else None
        if identifiant is None:
            # La séquence est cherchée une fois, pas à chaque valeur tirée.
            lignes = self.connexion.execute(
                "with s as materialized (select pg_get_serial_sequence(%s, 'id')::regclass as nom) "
                "select nextval(s.nom) from s, generate_series(1, 4000)",
                [table],
            ).fetchall()
            self._reserves[table] = reserve = iter([ligne[0] for ligne in lignes])
            identifiant = next(reserve)
        return identifiant

    def signaler(
        self,
        code: str,
        detail: str,
        *,
        dossier: int | None = None,
        personne: int | None = None,
        ligne: int | None = None,
    ) -> None:
        self.bilan.anomalies.append((code, detail[:300], dossier, personne, ligne))


def _numero_brut(xml: bytes) -> str:
    debut = xml.find(b"<NUMDEMRSA>")
    fin = xml.find(b"</NUMDEMRSA>")
    return xml[debut + 11 : fin].decode("utf-8", "replace").strip()[:40] if 0 <= debut < fin else ""
