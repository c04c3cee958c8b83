"""Ce qu'un lot écrit : des lignes neuves par COPY, des mises à jour groupées."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Final

from psycopg import Connection

from jalon.echanges.flux_caf import faits as f
from jalon.echanges.flux_caf.copie import copier
from jalon.echanges.flux_caf.extraction import Fait
from jalon.echanges.flux_caf.integration.connu import COLONNES_ETAT_CIVIL
from jalon.echanges.flux_caf.lignes import NUL, Ligne, separer

TYPES_ETAT_CIVIL: Final = {"date_naissance": "date", "rang_naissance": "smallint", "etat_civil_certifie": "boolean"}
COLONNES_PERSONNE: Final = (
    "id", *COLONNES_ETAT_CIVIL, "nir_chiffre", "nir_empreinte", "type_nir", "identite_depuis",
    "identifiant_france_travail", "cle_recherche", "cle_nom", "cle_prenom", "cle_prenoms", "territoire_id",
)  # fmt: skip
COLONNES_DOSSIER: Final = (
    "id", "foyer_id", "numero_demande", "rang_partage", "matricule_chiffre", "matricule_empreinte", "empreinte",
    "matricule", "caisse_regime", "caisse_numero", "partenaire", "date_demande", "date_demande_rmi", "instruction_rmi",
)  # fmt: skip


def hexa(octets: bytes | None) -> str:
    """Un `bytea` comme COPY le lit."""
    return NUL if octets is None else "\\x" + octets.hex()


def ou_nul(identifiant: int | None) -> str:
    return NUL if identifiant is None else str(identifiant)


@dataclass(slots=True)
class Ecriture:
    """Les écritures d'un lot, rassemblées pendant qu'il se compare."""

    date: str
    lignes: dict[str, list[Ligne]] = field(default_factory=lambda: defaultdict(list))
    neuves: dict[int, list[str]] = field(default_factory=dict)
    a_fermer: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    a_redater: dict[str, list[tuple[int, str]]] = field(default_factory=lambda: defaultdict(list))
    identites: list[tuple[tuple[Any, ...], int]] = field(default_factory=list)
    identites_anciennes: list[tuple[Ligne, str, int]] = field(default_factory=list)
    attributs_dossier: list[tuple[Any, ...]] = field(default_factory=list)
    territoires_foyers: dict[int, int | None] = field(default_factory=dict)
    territoires_personnes: dict[int, int | None] = field(default_factory=dict)
    france_travail: list[tuple[str, int]] = field(default_factory=list)
    evenements: list[tuple[int, Fait]] = field(default_factory=list)

    def ouvrir(self, table: f.TableFaits, proprietaire: int, faits: list[Ligne]) -> None:
        """Des faits qui valent à partir de la date du flux."""
        debut, fin = f"{proprietaire}\t", f"\t[{self.date},)"
        self.lignes[table.nom] += [f"{debut}{fait}{fin}" for fait in faits]

    def appliquer(self, table: f.TableFaits, proprietaire: int, ecart: f.Ecart) -> None:
        """Porte un écart sur une table de faits."""
        self.ouvrir(table, proprietaire, ecart.a_ouvrir)
        for fait, de, a in ecart.a_inserer:
            self.lignes[table.nom].append(f"{proprietaire}\t{fait}\t{f.periode(de, a)}")
        self.a_fermer[table.nom] += ecart.a_fermer
        self.a_redater[table.nom] += [(i, f.periode(de, a)) for i, de, a in ecart.a_redater]

    def ecrire(self, connexion: Connection[Any]) -> None:
        self._copier(connexion, "personnes_foyer", ("id", "territoire_id"))
        self.lignes["personnes_personne"] = ["\t".join(ligne) for ligne in self.neuves.values()]
        self._copier(connexion, "personnes_personne", COLONNES_PERSONNE)
        self._copier(connexion, "droits_dossierrsa", COLONNES_DOSSIER)
        self._mettre_a_jour_identites(connexion)
        # Fermer d'abord : un fait en cours doit céder la place avant que le suivant ne s'ouvre.
        for table in f.TABLES:
            if self.a_fermer[table.nom]:
                connexion.execute(
                    f"update {table.nom} set periode = daterange(lower(periode), %s) where id = any(%s)",
                    [self.date, self.a_fermer[table.nom]],
                )
            for identifiant, periode in self.a_redater[table.nom]:
                connexion.execute(
                    f"update {table.nom} set periode = %s::daterange where id = %s", [periode, identifiant]
                )
        for table in f.TABLES:
            self._copier(connexion, table.nom, (table.proprietaire, *table.colonnes, "periode"))
        self._copier(connexion, "droits_reception", ("dossier_id", "date_reference", "emis_le"))
        self._ecrire_evenements(connexion)
        self._mettre_a_jour_dossiers(connexion)

    def _copier(self, connexion: Connection[Any], table: str, colonnes: tuple[str, ...]) -> None:
        copier(connexion, table, colonnes, self.lignes.pop(table, []))

    def _mettre_a_jour_dossiers(self, connexion: Connection[Any]) -> None:
        with connexion.cursor() as curseur:
            if self.attributs_dossier:
                curseur.executemany(
                    "update droits_dossierrsa set empreinte = %s, matricule_chiffre = %s, matricule_empreinte = %s, "
                    "matricule = %s, caisse_regime = %s, caisse_numero = %s, partenaire = %s, "
                    "date_demande = %s, date_demande_rmi = %s, instruction_rmi = %s where id = %s",
                    self.attributs_dossier,
                )
            if self.france_travail:
                curseur.executemany(
                    "update personnes_personne set identifiant_france_travail = %s where id = %s", self.france_travail
                )
            for table, territoires in (
                ("personnes_foyer", self.territoires_foyers), ("personnes_personne", self.territoires_personnes),
            ):  # fmt: skip
                if territoires:
                    curseur.execute(
                        f"update {table} set territoire_id = n.territoire from unnest(%s::bigint[], %s::bigint[]) "
                        "as n(territoire, cle) where id = n.cle and territoire_id is distinct from n.territoire",
                        [list(territoires.values()), list(territoires)],
                    )

    def _mettre_a_jour_identites(self, connexion: Connection[Any]) -> None:
        colonnes = ", ".join(COLONNES_ETAT_CIVIL)
        avec_prefixe = ", ".join(f"i.{colonne}" for colonne in COLONNES_ETAT_CIVIL)
        types = [f"%s::{TYPES_ETAT_CIVIL.get(colonne, 'text')}" for colonne in COLONNES_ETAT_CIVIL]
        with connexion.cursor() as curseur:
            if self.identites:
                curseur.execute(
                    f"insert into personnes_identiteanterieure ({colonnes}, nir_chiffre, nir_empreinte, type_nir, "
                    f"personne_id, periode) select {colonnes}, nir_chiffre, nir_empreinte, type_nir, id, "
                    "daterange(least(identite_depuis, %s::date), %s) from personnes_personne where id = any(%s)",
                    [self.date, self.date, [identifiant for _, identifiant in self.identites]],
                )
                affectations = ", ".join(f"{colonne} = %s" for colonne in COLONNES_ETAT_CIVIL)
                curseur.executemany(
                    f"update personnes_personne set {affectations}, nir_chiffre = coalesce(%s, nir_chiffre), "
                    "nir_empreinte = coalesce(%s, nir_empreinte), type_nir = coalesce(%s, type_nir), "
                    "identite_depuis = %s, cle_recherche = %s, cle_nom = %s, "
                    "cle_prenom = %s, cle_prenoms = %s where id = %s",
                    [(*valeurs, identifiant) for valeurs, identifiant in self.identites],
                )
            for etat_civil, periode, identifiant in self.identites_anciennes:
                curseur.execute(
                    f"insert into personnes_identiteanterieure ({colonnes}, type_nir, personne_id, periode) "
                    f"select t.*, '', %s, %s::daterange from (values ({', '.join(types)})) as t({colonnes}) "
                    "where not exists (select 1 from personnes_identiteanterieure i where i.personne_id = %s "
                    f"and i.periode @> %s::date and row(t.*) is not distinct from row({avec_prefixe}))",
                    [identifiant, periode, *separer(etat_civil), identifiant, self.date],
                )

    def _ecrire_evenements(self, connexion: Connection[Any]) -> None:
        if not self.evenements:
            return
        with connexion.cursor() as curseur:
            curseur.executemany(
                "insert into droits_evenement (dossier_id, liquide_le, heure, fait_generateur, recu_le) "
                "values (%s, %s, %s, %s, %s) on conflict do nothing",
                [
                    (dossier, le, None if heure == NUL else heure, fait, self.date)
                    for dossier, (le, heure, fait) in self.evenements
                ],
            )
