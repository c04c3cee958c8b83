"""Ce que la base sait des dossiers et des personnes d'un lot, lu en quelques requêtes."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Final

from psycopg import Connection, Cursor

from jalon.echanges.flux_caf import faits as f
from jalon.echanges.flux_caf.extracteur import FoyerExtrait
from jalon.echanges.flux_caf.extraction import Fait
from jalon.echanges.flux_caf.faits import FaitConnu
from jalon.echanges.flux_caf.integration.bilan import FERMES, Ordre
from jalon.echanges.flux_caf.lignes import premiere
from jalon.echanges.flux_caf.personnes import PersonneConnue

COLONNES_ETAT_CIVIL: Final = (
    "civilite", "nom", "nom_naissance", "prenom", "prenom2", "prenom3", "date_naissance", "qualite_date_naissance",
    "rang_naissance", "commune_naissance", "sexe", "etat_civil_certifie",
)  # fmt: skip


@dataclass(slots=True)
class DossierConnu:
    identifiant: int
    foyer: int
    numero_demande: str
    rang_partage: int
    attributs: Fait
    derniere_reception: Ordre = ("", "")
    receptions: list[Ordre] = field(default_factory=list)
    etat: str = ""

    @property
    def matricule(self) -> tuple[str, str, str]:
        return cle_matricule(self.attributs)


def cle_matricule(attributs: Fait) -> tuple[str, str, str]:
    """Caisse et matricule : ils désignent un foyer."""
    return attributs[2], attributs[3], attributs[0] or attributs[1]


class Connu:
    """Dossiers, personnes et faits que la base a en rapport avec un lot, tenus à jour pendant qu'il s'intègre."""

    def __init__(self, connexion: Connection[Any], ordre: Ordre) -> None:
        self.connexion = connexion
        self.ordre = ordre
        self.par_numero: dict[str, list[DossierConnu]] = defaultdict(list)
        self.par_matricule: dict[tuple[str, str, str], list[DossierConnu]] = defaultdict(list)
        self.personnes: dict[int, PersonneConnue] = {}
        self.par_nir: dict[bytes, set[int]] = defaultdict(set)
        self.par_naissance: dict[tuple[str, str], set[int]] = defaultdict(set)
        self.membres: dict[int, set[int]] = defaultdict(set)
        self.visages: dict[int, list[PersonneConnue]] = defaultdict(list)
        self.faits: dict[str, dict[int, list[FaitConnu]]] = {table.nom: defaultdict(list) for table in f.TABLES}
        self.statuts: dict[int, dict[int, bool]] = defaultdict(dict)

    def lire(self, recus: list[FoyerExtrait]) -> None:
        self._lire_dossiers(recus)
        dossiers = [d for liste in self.par_numero.values() for d in liste]
        if dossiers:
            self._lire_receptions(dossiers)
            self._lire_membres(dossiers)
        self._lire_personnes(recus)
        if dossiers:
            self._lire_faits(dossiers)
        if self.personnes:
            self._lire_statuts()

    def _requete(self, texte: str, parametres: list[Any]) -> Cursor[Any]:
        return self.connexion.execute(texte, parametres)

    # --- Dossiers ---------------------------------------------------------------------------------

    def _lire_dossiers(self, recus: list[FoyerExtrait]) -> None:
        colonnes = (
            "id, foyer_id, numero_demande, rang_partage, matricule, coalesce(encode(matricule_empreinte, 'hex'), ''), "
            "caisse_regime, caisse_numero, partenaire, date_demande::text, "
            "coalesce(date_demande_rmi::text, chr(31)), instruction_rmi"
        )
        lignes = self._requete(
            f"select {colonnes} from droits_dossierrsa where numero_demande = any({TEXTES}) "
            f"union select {colonnes} from droits_dossierrsa where matricule <> '' and matricule = any({TEXTES}) "
            f"union select {colonnes} from droits_dossierrsa where matricule_empreinte = any(%s) order by id",
            [
                _textes({recu.numero_demande for recu in recus}),
                _textes({recu.attributs[0] for recu in recus if recu.attributs[0]}),
                list({recu.matricule_empreinte for recu in recus if recu.matricule_empreinte is not None}),
            ],
        ).fetchall()
        for identifiant, foyer, numero, rang, *attributs in lignes:
            self.ajouter_dossier(DossierConnu(identifiant, foyer, numero, rang, tuple(attributs)))

    def ajouter_dossier(self, dossier: DossierConnu) -> None:
        self.par_numero[dossier.numero_demande].append(dossier)
        self.par_matricule[dossier.matricule].append(dossier)

    def _lire_receptions(self, dossiers: list[DossierConnu]) -> None:
        par_cle = {dossier.identifiant: dossier for dossier in dossiers}
        for identifiant, date_reference, emis_le in self._requete(
            "select dossier_id, date_reference::text, to_char(emis_le at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS') "
            "from droits_reception where dossier_id = any(%s) order by dossier_id, date_reference, emis_le",
            [list(par_cle)],
        ):
            par_cle[identifiant].receptions.append((date_reference, emis_le))
            par_cle[identifiant].derniere_reception = (date_reference, emis_le)

    # --- Personnes --------------------------------------------------------------------------------

    def _lire_membres(self, dossiers: list[DossierConnu]) -> None:
        for foyer, personne in self._requete(
            "select distinct foyer_id, personne_id from personnes_rattachement where foyer_id = any(%s)",
            [sorted({dossier.foyer for dossier in dossiers})],
        ):
            self.membres[foyer].add(personne)

    def _lire_personnes(self, recus: list[FoyerExtrait]) -> None:
        candidates = [candidate for recu in recus for candidate in recu.personnes]
        naissances = {candidate.date_naissance + candidate.cle_nom for candidate in candidates}
        empreintes = {c.nir_empreinte.hex() for c in candidates if c.nir_empreinte is not None}
        # Trois lectures plutôt qu'un « ou » : chacune suit son index.
        self._charger_personnes("id = any(%s)", sorted({p for membres in self.membres.values() for p in membres}))
        self._charger_personnes(
            f"nir_empreinte = any(array(select decode(x, 'hex') from unnest({TEXTES}) as x))", _textes(empreintes)
        )
        self._charger_personnes(
            f"(date_naissance, cle_nom) in (select left(x, 10)::date, substr(x, 11) from unnest({TEXTES}) as x)",
            _textes(naissances),
        )
        self._charger_personnes("fusionnee_dans_id = any(%s)", list(self.personnes))
        while manquantes := sorted(
            {p.fusionnee_dans for p in self.personnes.values() if p.fusionnee_dans is not None} - set(self.personnes)
        ):
            self._charger_personnes("id = any(%s)", manquantes)
        for personne in self.personnes.values():
            if personne.fusionnee_dans is not None:
                vivante = self.vivante(personne.identifiant).identifiant
                self.visages[vivante].append(replace(personne, identifiant=vivante))

    def _charger_personnes(self, condition: str, cherchees: Collection[int] | str) -> None:
        if not cherchees:
            return
        for ligne in self._requete(
            f"select id, {_en_ligne(COLONNES_ETAT_CIVIL)}, nir_empreinte, type_nir, cle_nom, cle_prenom, cle_prenoms, "
            "date_naissance::text, sexe, identite_depuis::text, identifiant_france_travail, territoire_id, "
            f"fusionnee_dans_id from personnes_personne where {condition}",
            [cherchees],
        ):
            if ligne[0] not in self.personnes:
                self.ajouter_personne(PersonneConnue(*ligne))

    def ajouter_personne(self, personne: PersonneConnue) -> None:
        self.personnes[personne.identifiant] = personne
        if personne.nir_empreinte is not None:
            self.par_nir[personne.nir_empreinte].add(personne.identifiant)
        self.par_naissance[(personne.date_naissance, personne.cle_nom)].add(personne.identifiant)

    def vivante(self, identifiant: int) -> PersonneConnue:
        """La personne elle-même, ou celle dans laquelle elle a été fusionnée."""
        personne = self.personnes[identifiant]
        while personne.fusionnee_dans is not None:
            personne = self.personnes[personne.fusionnee_dans]
        return personne

    def sous_tous_visages(self, identifiants: Iterable[int]) -> list[PersonneConnue]:
        """Ces personnes, et celles qu'un agent a réunies à elles : la caisse les nomme encore ainsi."""
        vivantes = sorted({self.vivante(identifiant).identifiant for identifiant in identifiants})
        return [visage for v in vivantes for visage in (self.personnes[v], *self.visages.get(v, ()))]

    def sous_identite_vivante(self, connus: Iterable[FaitConnu]) -> list[FaitConnu]:
        """Ces faits de personnes, reportés sur celles dans lesquelles un agent les a fusionnées."""
        reportes = []
        for connu in connus:
            personne, separateur, reste = connu.valeurs.partition("\t")
            vivante = self.vivante(int(personne)).identifiant
            reportes.append(FaitConnu(connu.identifiant, connu.debut, connu.fin, f"{vivante}{separateur}{reste}"))
        return reportes

    # --- Faits ------------------------------------------------------------------------------------

    def _lire_faits(self, dossiers: list[DossierConnu]) -> None:
        ancien = any(d.derniere_reception > self.ordre for d in dossiers)
        condition = "not isempty(periode)" if ancien else "upper_inf(periode) and not isempty(periode)"
        for table in f.TABLES:
            faits = self.faits[table.nom]
            for proprietaire, *fait in self._requete(
                f"select {table.proprietaire}, id, lower(periode)::text, coalesce(upper(periode)::text, ''), "
                f"{_en_ligne(table.colonnes)} from {table.nom} "
                f"where {table.proprietaire} = any(%s) and {condition} order by id",
                [sorted({d.foyer if table.proprietaire == "foyer_id" else d.identifiant for d in dossiers})],
            ):
                connu = FaitConnu(*fait)
                if table is f.BLOCS:
                    connu.valeurs = _json_trie(connu.valeurs)
                faits[proprietaire].append(connu)
        for dossier in dossiers:
            for connu in self.faits[f.SITUATIONS.nom][dossier.identifiant]:
                if connu.fin == f.SANS_FIN:
                    dossier.etat = premiere(connu.valeurs)

    def _lire_statuts(self) -> None:
        """Qui est soumis aux droits et devoirs, dans quel dossier, parmi les personnes connues."""
        for personne, dossier, soumise, etat in self._requete(
            "select s.personne_id, s.dossier_id, s.soumise, coalesce(t.etat, '') from droits_soumission s "
            "left join droits_situation t on t.dossier_id = s.dossier_id and upper_inf(t.periode) "
            "and not isempty(t.periode) "
            "where s.personne_id = any(%s) and upper_inf(s.periode) and not isempty(s.periode)",
            [list(self.personnes)],
        ):
            self.statuts[personne][dossier] = soumise and etat not in FERMES


TEXTES: Final = "string_to_array(%s, chr(31))"
"""Un tableau de textes passé d'un bloc : en écrire les éléments un à un coûterait plus que la requête."""


def _textes(valeurs: Iterable[str]) -> str:
    return "\x1f".join(valeurs)


def _en_ligne(colonnes: Iterable[str]) -> str:
    """Expression SQL qui met des colonnes en ligne, écrites comme l'extraction écrit celles du flux."""
    return f"concat_ws(chr(9), {', '.join(f'coalesce({colonne}::text, chr(31))' for colonne in colonnes)})"


def _json_trie(ligne: str) -> str:
    """PostgreSQL range les clés d'un JSON à sa façon : elles sont remises dans l'ordre de l'extraction."""
    debut, separateur, contenu = ligne.rpartition("\t")
    return debut + separateur + json.dumps(json.loads(contenu), ensure_ascii=False, sort_keys=True)
