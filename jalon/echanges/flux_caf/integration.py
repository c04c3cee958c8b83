"""Porter un flux dans la base, lot par lot, à l'intérieur d'une seule transaction.

Pour chaque lot de foyers : lire ce que la base en sait (quelques requêtes pour tout le lot), reconnaître
dossiers et personnes, comparer les faits, puis écrire par COPY. Le même chemin sert au premier chargement,
au mois suivant, au flux ancien et au foyer rejoué ; un foyer inchangé n'arrive pas jusqu'ici.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from django.conf import settings
from psycopg import Connection, Cursor

from jalon.droits.models import EtatDossier
from jalon.echanges.flux_caf import faits as f
from jalon.echanges.flux_caf.copie import copier
from jalon.echanges.flux_caf.extracteur import LotExtrait
from jalon.echanges.flux_caf.extraction import NUL, Fait, FoyerRecu
from jalon.echanges.flux_caf.faits import FaitConnu, TableFaits
from jalon.echanges.flux_caf.lecture import FoyerLu
from jalon.echanges.flux_caf.personnes import (
    Candidate,
    PersonneConnue,
    reconnaitre_ailleurs,
    reconnaitre_dans_le_dossier,
)

FERMES = frozenset(str(etat) for etat in EtatDossier.fermes())
OUVERTS = frozenset(str(etat) for etat in EtatDossier.ouverts())

COLONNES_ETAT_CIVIL = (
    "civilite", "nom", "nom_naissance", "prenom", "prenom2", "prenom3", "date_naissance", "qualite_date_naissance",
    "rang_naissance", "commune_naissance", "sexe", "etat_civil_certifie",
)  # fmt: skip
TYPES_ETAT_CIVIL = {"date_naissance": "date", "rang_naissance": "smallint", "etat_civil_certifie": "boolean"}
COLONNES_PERSONNE = (
    "id", *COLONNES_ETAT_CIVIL, "nir_chiffre", "nir_empreinte", "type_nir", "identite_depuis",
    "identifiant_france_travail", "cle_recherche", "cle_nom", "cle_prenom", "cle_prenoms", "territoire_id",
)  # fmt: skip
COLONNES_DOSSIER = (
    "id", "foyer_id", "numero_demande", "rang_partage", "matricule", "matricule_chiffre", "matricule_empreinte",
    "caisse_regime", "caisse_numero", "partenaire", "date_demande", "date_demande_rmi", "instruction_rmi", "empreinte",
)  # fmt: skip

Ordre = tuple[str, str]
"""Rang d'un flux dans le temps : (date de référence, date et heure d'émission), en texte comparable."""


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


@dataclass(slots=True)
class Bilan:
    """Ce que l'import a fait, chiffre par chiffre, avec les dossiers et personnes derrière chacun."""

    lus: int = 0
    crees: list[int] = field(default_factory=list)
    mis_a_jour: list[int] = field(default_factory=list)
    inchanges: int = 0
    personnes_lues: int = 0
    personnes_illisibles: int = 0
    personnes_creees: list[int] = field(default_factory=list)
    personnes_mises_a_jour: set[int] = field(default_factory=set)
    quarantaine: list[tuple[FoyerLu, str, str, str]] = field(default_factory=list)
    anomalies: list[tuple[str, str, int | None, int | None, int | None]] = field(default_factory=list)
    ouverts: list[int] = field(default_factory=list)
    suspendus: list[int] = field(default_factory=list)
    clos: list[int] = field(default_factory=list)
    refuses: list[int] = field(default_factory=list)
    arrives: list[int] = field(default_factory=list)
    partis: list[int] = field(default_factory=list)
    anciens: int = 0


@dataclass(slots=True)
class Contexte:
    """Le dernier dossier où l'on a vu une personne dans cet import, et pourquoi elle n'y est plus soumise."""

    dossier: int
    ferme: bool = False
    partie: bool = False


def hexa(octets: bytes | None) -> str:
    return NUL if octets is None else "\\x" + octets.hex()


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
        self.tardif = connexion.execute(
            "select exists (select 1 from echanges_flux where (date_reference, emis_le) > (%s, %s))",
            [ordre[0], ordre[1] + "Z"],
        ).fetchone() == (True,)
        self._reserves: dict[str, Iterator[int]] = {}

    # --- Lot --------------------------------------------------------------------------------------

    def integrer(self, extraits: LotExtrait) -> None:
        """Intègre un lot ; un même dossier présent deux fois passe dans un lot suivant."""
        for lu, champ, motif in extraits.illisibles:
            self.bilan.quarantaine.append((lu, _numero_brut(lu.xml), champ, motif))
            self.bilan.personnes_lues += lu.xml.count(b"<Personne>")
            self.bilan.personnes_illisibles += lu.xml.count(b"<Personne>")
        restants = extraits.recus
        while restants:
            restants = _Lot(self, restants).executer()

    def reserver(self, table: str) -> int:
        """Identifiant neuf d'une table, pris par blocs dans sa séquence."""
        reserve = self._reserves.get(table)
        identifiant = next(reserve, None) if reserve else None
        if identifiant is None:
            lignes = self.connexion.execute(
                "select nextval(pg_get_serial_sequence(%s, 'id')) from generate_series(1, 4000)", [table]
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


class _Lot:
    """Un lot : ce qu'on en sait, puis ce qu'on en écrit."""

    def __init__(self, integration: Integration, lot: list[tuple[FoyerRecu, list[Candidate]]]) -> None:
        self.i = integration
        self.recus = [recu for recu, _ in lot]
        self.candidates = [candidates for _, candidates in lot]
        self.par_numero: dict[str, list[DossierConnu]] = defaultdict(list)
        self.par_matricule: dict[tuple[str, str, str], list[DossierConnu]] = defaultdict(list)
        self.personnes: dict[int, PersonneConnue] = {}
        self.par_nir: dict[bytes, set[int]] = defaultdict(set)
        self.par_naissance: dict[tuple[str, str], set[int]] = defaultdict(set)
        self.membres: dict[int, set[int]] = defaultdict(set)
        self.visages: dict[int, list[PersonneConnue]] = defaultdict(list)
        self.connus: dict[str, dict[int, list[FaitConnu]]] = {}
        self.statuts: dict[int, dict[int, bool]] = defaultdict(dict)
        self.foyers_touches: set[int] = set()
        self.lignes: dict[str, list[str]] = defaultdict(list)
        self.neuves: dict[int, list[str]] = {}
        self.a_fermer: dict[str, list[int]] = defaultdict(list)
        self.a_redater: dict[str, list[tuple[int, str]]] = defaultdict(list)
        self.identites: list[tuple[Fait, int]] = []
        self.identites_anciennes: list[tuple[Fait, str, int]] = []
        self.attributs_dossier: list[tuple[Any, ...]] = []
        self.territoires_foyer: list[tuple[int | None, int]] = []
        self.france_travail: list[tuple[str, int]] = []
        self.evenements: list[tuple[int, Fait]] = []

    def executer(self) -> list[tuple[FoyerRecu, list[Candidate]]]:
        """Traite le lot et rend les foyers à remettre dans le suivant."""
        self._lire_dossiers()
        self._lire_personnes()
        self._lire_faits()
        remis: list[tuple[FoyerRecu, list[Candidate]]] = []
        for recu, candidates in zip(self.recus, self.candidates, strict=True):
            if not self._integrer(recu, candidates):
                remis.append((recu, candidates))
        self._ecrire()
        return remis

    # --- Ce que la base sait ----------------------------------------------------------------------

    def _requete(self, texte: str, parametres: list[Any]) -> Cursor[Any]:
        return self.i.connexion.execute(texte, parametres)

    def _lire_dossiers(self) -> None:
        colonnes = (
            "id, foyer_id, numero_demande, rang_partage, matricule, coalesce(encode(matricule_empreinte, 'hex'), ''), "
            "caisse_regime, caisse_numero, partenaire, date_demande::text, "
            "coalesce(date_demande_rmi::text, chr(31)), instruction_rmi"
        )
        lignes = self._requete(
            f"select {colonnes} from droits_dossierrsa where numero_demande = any(%s) "
            f"union select {colonnes} from droits_dossierrsa where matricule <> '' and matricule = any(%s) "
            f"union select {colonnes} from droits_dossierrsa where matricule_empreinte = any(%s) order by id",
            [
                list({recu.numero_demande for recu in self.recus}),
                list({recu.matricule for recu in self.recus if recu.matricule}),
                list({settings.CLE_MAITRE.indexer(r.matricule_msa) for r in self.recus if r.matricule_msa}),
            ],
        ).fetchall()
        for identifiant, foyer, numero, rang, *attributs in lignes:
            dossier = DossierConnu(identifiant, foyer, numero, rang, tuple(attributs))
            self.par_numero[numero].append(dossier)
            self.par_matricule[(attributs[2], attributs[3], attributs[0] or attributs[1])].append(dossier)
        dossiers = {d.identifiant: d for liste in self.par_numero.values() for d in liste}
        if not dossiers:
            return
        for identifiant, date_reference, emis_le in self._requete(
            "select dossier_id, date_reference::text, to_char(emis_le at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS') "
            "from droits_reception where dossier_id = any(%s) order by dossier_id, date_reference, emis_le",
            [list(dossiers)],
        ):
            dossiers[identifiant].receptions.append((date_reference, emis_le))
            dossiers[identifiant].derniere_reception = (date_reference, emis_le)

    def _lire_personnes(self) -> None:
        foyers = sorted({d.foyer for liste in self.par_numero.values() for d in liste})
        if foyers:
            for foyer, personne in self._requete(
                "select distinct foyer_id, personne_id from personnes_rattachement where foyer_id = any(%s)", [foyers]
            ):
                self.membres[foyer].add(personne)
        empreintes, naissances = set(), set()
        for candidates in self.candidates:
            for candidate in candidates:
                if candidate.nir_empreinte is not None:
                    empreintes.add(candidate.nir_empreinte)
                naissances.add((candidate.date_naissance, candidate.cle_nom))
        connus = {personne for membres in self.membres.values() for personne in membres}
        # Trois lectures plutôt qu'un « ou » : chacune suit son index.
        self._charger_personnes("id = any(%s)", [sorted(connus)])
        self._charger_personnes("nir_empreinte = any(%s)", [list(empreintes)])
        self._charger_personnes(
            "(date_naissance, cle_nom) in (select * from unnest(%s::date[], %s::text[]))",
            [[naissance for naissance, _ in naissances], [nom for _, nom in naissances]],
        )
        self._charger_personnes("fusionnee_dans_id = any(%s)", [list(self.personnes)])
        cibles = {p.fusionnee_dans for p in self.personnes.values() if p.fusionnee_dans is not None}
        while manquantes := sorted(cibles - set(self.personnes)):
            self._charger_personnes("id = any(%s)", [manquantes])
            cibles = {p.fusionnee_dans for p in self.personnes.values() if p.fusionnee_dans is not None}
        for personne in self.personnes.values():
            if personne.fusionnee_dans is not None:
                vivante = self._vivante(personne.identifiant).identifiant
                self.visages[vivante].append(replace(personne, identifiant=vivante))

    def _charger_personnes(self, condition: str, parametres: list[Any]) -> None:
        etat_civil = ", ".join(f"coalesce({colonne}::text, chr(31))" for colonne in COLONNES_ETAT_CIVIL)
        for ligne in self._requete(
            f"select id, nir_empreinte, type_nir, cle_nom, cle_prenom, cle_prenoms, date_naissance::text, sexe, "
            f"identite_depuis::text, identifiant_france_travail, territoire_id, fusionnee_dans_id, {etat_civil} "
            f"from personnes_personne where {condition}",
            parametres,
        ):
            if ligne[0] not in self.personnes:
                nir = bytes(ligne[1]) if ligne[1] is not None else None
                self._connaitre(PersonneConnue(ligne[0], tuple(ligne[12:]), nir, *ligne[2:12]))

    def _connaitre(self, personne: PersonneConnue) -> None:
        self.personnes[personne.identifiant] = personne
        if personne.nir_empreinte is not None:
            self.par_nir[personne.nir_empreinte].add(personne.identifiant)
        self.par_naissance[(personne.date_naissance, personne.cle_nom)].add(personne.identifiant)

    def _vivante(self, identifiant: int) -> PersonneConnue:
        """La personne elle-même, ou celle dans laquelle elle a été fusionnée."""
        personne = self.personnes[identifiant]
        while personne.fusionnee_dans is not None:
            personne = self.personnes[personne.fusionnee_dans]
        return personne

    def _sous_tous_visages(self, identifiants: Iterable[int]) -> list[PersonneConnue]:
        """Ces personnes, et celles qu'un agent a réunies à elles : la caisse les nomme encore ainsi."""
        vivantes = sorted({self._vivante(identifiant).identifiant for identifiant in identifiants})
        return [visage for v in vivantes for visage in (self.personnes[v], *self.visages.get(v, ()))]

    def _lire_faits(self) -> None:
        dossiers = [d for liste in self.par_numero.values() for d in liste]
        self.connus = {table.nom: defaultdict(list) for table in f.TABLES}
        if dossiers:
            ancien = any(d.derniere_reception > self.i.ordre for d in dossiers)
            condition = "not isempty(periode)" if ancien else "upper_inf(periode) and not isempty(periode)"
            for table in f.TABLES:
                cles = sorted({d.foyer if table.proprietaire == "foyer_id" else d.identifiant for d in dossiers})
                colonnes = ", ".join(f"coalesce({colonne}::text, chr(31))" for colonne in table.colonnes)
                for ligne in self._requete(
                    f"select {table.proprietaire}, id, lower(periode)::text, coalesce(upper(periode)::text, ''), "
                    f"{colonnes} from {table.nom} where {table.proprietaire} = any(%s) and {condition} order by id",
                    [cles],
                ):
                    valeurs = tuple(ligne[4:])
                    if table is f.BLOCS:
                        valeurs = (*valeurs[:-1], _json_trie(valeurs[-1]))
                    self.connus[table.nom][ligne[0]].append(FaitConnu(ligne[1], ligne[2], ligne[3], valeurs))
            for dossier in dossiers:
                for fait in self.connus[f.SITUATIONS.nom][dossier.identifiant]:
                    if fait.fin == "":
                        dossier.etat = fait.valeurs[0]
        if self.personnes:
            for personne, dossier_id, soumise, etat in self._requete(
                "select s.personne_id, s.dossier_id, s.soumise, coalesce(t.etat, '') from droits_soumission s "
                "left join droits_situation t on t.dossier_id = s.dossier_id and upper_inf(t.periode) "
                "and not isempty(t.periode) "
                "where s.personne_id = any(%s) and upper_inf(s.periode) and not isempty(s.periode)",
                [list(self.personnes)],
            ):
                self.statuts[personne][dossier_id] = soumise and etat not in FERMES

    # --- Un foyer ---------------------------------------------------------------------------------

    def _integrer(self, recu: FoyerRecu, candidates: list[Candidate]) -> bool:
        dossier, liens = self._reconnaitre_dossier(recu, candidates)
        foyer: int | None = None
        if dossier is None:
            foyer, membres = self._foyer_de_meme_matricule(recu, candidates)
            liens.update(membres)
        # Deux demandes d'un même foyer partagent ses personnes et ses adresses : la seconde attend aussi.
        if (dossier.foyer if dossier is not None else foyer) in self.foyers_touches:
            return False
        bilan = self.i.bilan
        bilan.personnes_lues += len(candidates)
        nouveau = dossier is None
        if dossier is None:
            dossier = self._creer_dossier(recu, foyer)
        self.foyers_touches.add(dossier.foyer)
        en_double = dossier.derniere_reception == self.i.ordre
        if en_double and recu.rang < self.i.rangs_inchanges.get(dossier.identifiant, 0):
            # La version déjà connue vient après celle-ci dans le fichier : c'est elle qui compte.
            dossier.derniere_reception = (self.i.ordre[0], f"{self.i.ordre[1]}~")
            dossier.receptions.append(dossier.derniere_reception)
        self.i.vus.add(dossier.identifiant)
        ancien = dossier.derniere_reception > self.i.ordre
        identifiants = self._associer_personnes(recu, candidates, liens, dossier, ancien)
        modifie = self._ecrire_faits(recu, dossier, identifiants, ancien=ancien)
        if en_double:
            self.i.signaler(
                "foyer_en_double", "ce dossier figure deux fois dans ce flux : la dernière version l'emporte",
                dossier=dossier.identifiant, ligne=recu.ligne,
            )  # fmt: skip
        if ancien:
            bilan.anciens += 1
            if not en_double:
                self.i.signaler(
                    "flux_ancien", "ce dossier a déjà été reçu dans un flux plus récent : son histoire est complétée",
                    dossier=dossier.identifiant, ligne=recu.ligne,
                )  # fmt: skip
        else:
            modifie |= self._mettre_a_jour_dossier(recu, dossier, nouveau)
            self._suivre_etat(recu, dossier)
        for code, detail in recu.anomalies:
            self.i.signaler(code, detail, dossier=dossier.identifiant, ligne=recu.ligne)
        self.lignes["droits_reception"].append(f"{dossier.identifiant}\t{self.i.ordre[0]}\t{self.i.ordre[1]}Z")
        if nouveau:
            bilan.crees.append(dossier.identifiant)
        elif modifie:
            bilan.mis_a_jour.append(dossier.identifiant)
        else:
            bilan.inchanges += 1
        return True

    def _reconnaitre_dossier(
        self, recu: FoyerRecu, candidates: list[Candidate]
    ) -> tuple[DossierConnu | None, dict[int, PersonneConnue]]:
        """Le dossier de ce numéro qui a une personne en commun ; à défaut, aucun."""
        meilleur: tuple[int, DossierConnu | None, dict[int, PersonneConnue]] = (0, None, {})
        for dossier in self.par_numero.get(recu.numero_demande, ()):
            liens = self._liens(candidates, dossier)
            if len(liens) > meilleur[0]:
                meilleur = (len(liens), dossier, liens)
        return meilleur[1], meilleur[2]

    def _creer_dossier(self, recu: FoyerRecu, foyer: int | None) -> DossierConnu:
        homonymes = self.par_numero[recu.numero_demande]
        rang = 1 + max((d.rang_partage for d in homonymes), default=-1)
        if foyer is None:
            foyer = self.i.reserver("personnes_foyer")
            territoire = self._territoire(recu)
            self.lignes["personnes_foyer"].append(f"{foyer}\t{NUL if territoire is None else territoire}")
        dossier = DossierConnu(
            self.i.reserver("droits_dossierrsa"), foyer, recu.numero_demande, rang, self._attributs(recu)
        )
        msa = recu.matricule_msa
        self.lignes["droits_dossierrsa"].append(
            "\t".join((
                str(dossier.identifiant), str(foyer), recu.numero_demande, str(rang), recu.matricule,
                hexa(settings.CLE_MAITRE.chiffrer(msa)) if msa else NUL,
                hexa(settings.CLE_MAITRE.indexer(msa)) if msa else NUL,
                recu.caisse_regime, recu.caisse_numero, recu.partenaire, recu.date_demande, recu.date_demande_rmi,
                recu.instruction_rmi, hexa(recu.empreinte),
            ))
        )  # fmt: skip
        homonymes.append(dossier)
        self.par_matricule[self._cle_matricule(dossier.attributs)].append(dossier)
        if rang:
            self.i.signaler(
                "numero_demande_partage",
                f"le numéro {recu.numero_demande} sert à deux foyers sans personne commune : ils restent distincts",
                dossier=dossier.identifiant, ligne=recu.ligne,
            )  # fmt: skip
        return dossier

    def _foyer_de_meme_matricule(
        self, recu: FoyerRecu, candidates: list[Candidate]
    ) -> tuple[int | None, dict[int, PersonneConnue]]:
        """Nouvelle demande d'un foyer connu : même caisse, même matricule, et au moins une personne commune."""
        for dossier in self.par_matricule.get(self._cle_matricule(self._attributs(recu)), ()):
            liens = self._liens(candidates, dossier)
            if liens:
                return dossier.foyer, liens
        return None, {}

    def _liens(self, candidates: list[Candidate], dossier: DossierConnu) -> dict[int, PersonneConnue]:
        liens = reconnaitre_dans_le_dossier(candidates, self._sous_tous_visages(self.membres[dossier.foyer]))
        return {rang: self.personnes[identifiant] for rang, identifiant in liens.items()}

    @staticmethod
    def _cle_matricule(attributs: Fait) -> tuple[str, str, str]:
        return attributs[2], attributs[3], attributs[0] or attributs[1]

    @staticmethod
    def _attributs(recu: FoyerRecu) -> Fait:
        msa = settings.CLE_MAITRE.indexer(recu.matricule_msa).hex() if recu.matricule_msa else ""
        return (
            recu.matricule, msa, recu.caisse_regime, recu.caisse_numero, recu.partenaire, recu.date_demande,
            recu.date_demande_rmi, recu.instruction_rmi,
        )  # fmt: skip

    def _mettre_a_jour_dossier(self, recu: FoyerRecu, dossier: DossierConnu, nouveau: bool) -> bool:
        if nouveau:
            return True
        attributs = self._attributs(recu)
        msa = recu.matricule_msa
        self.attributs_dossier.append((
            recu.empreinte, recu.matricule, settings.CLE_MAITRE.chiffrer(msa) if msa else None,
            settings.CLE_MAITRE.indexer(msa) if msa else None, recu.caisse_regime, recu.caisse_numero,
            recu.partenaire, recu.date_demande, None if recu.date_demande_rmi == NUL else recu.date_demande_rmi,
            recu.instruction_rmi, dossier.identifiant,
        ))  # fmt: skip
        return attributs != dossier.attributs

    # --- Les personnes du foyer -------------------------------------------------------------------

    def _associer_personnes(
        self,
        recu: FoyerRecu,
        candidates: list[Candidate],
        liens: dict[int, PersonneConnue],
        dossier: DossierConnu,
        ancien: bool,
    ) -> list[int | None]:
        """Identifiant de chaque personne reçue ; `None` pour une personne répétée dans le même foyer."""
        prises = {personne.identifiant for personne in liens.values()}
        identifiants: list[int | None] = []
        vues: dict[Fait, int] = {_cle_etat_civil(candidates[rang]): lien.identifiant for rang, lien in liens.items()}
        territoire = self._territoire(recu)
        for rang, candidate in enumerate(candidates):
            cle = _cle_etat_civil(candidate)
            if cle in vues and liens.get(rang) is None:
                self.i.signaler(
                    "personne_en_double", "la même personne figure deux fois dans le foyer : elle n'est prise qu'une fois",
                    dossier=dossier.identifiant, personne=vues[cle], ligne=recu.ligne,
                )  # fmt: skip
                identifiants.append(None)
                continue
            connue = liens.get(rang)
            if connue is None:
                trouvee, nir_pris = reconnaitre_ailleurs(candidate, self._homonymes(candidate), prises, candidates)
                connue = None if trouvee is None else self.personnes[trouvee]
                if nir_pris:
                    self.i.signaler(
                        "nir_partage", "une autre personne porte déjà ce NIR avec un état civil différent",
                        dossier=dossier.identifiant, ligne=recu.ligne,
                    )  # fmt: skip
            if connue is None:
                connue = self._creer_personne(candidate, territoire)
            elif connue.identifiant in self.neuves:
                self._territoire_de_personne(connue, territoire, ancien)
            elif (suivante := self._revue_le(connue, dossier, ancien)) is not None:
                self._identite_ancienne(connue, candidate, suivante)
            else:
                self._identite_nouvelle(connue, candidate)
                self._territoire_de_personne(connue, territoire, ancien)
            prises.add(connue.identifiant)
            vues[cle] = connue.identifiant
            self.membres[dossier.foyer].add(connue.identifiant)
            identifiants.append(connue.identifiant)
        return identifiants

    def _homonymes(self, candidate: Candidate) -> list[PersonneConnue]:
        trouves = set(self.par_naissance.get((candidate.date_naissance, candidate.cle_nom), ()))
        if candidate.nir_empreinte is not None:
            trouves |= self.par_nir.get(candidate.nir_empreinte, set())
        return self._sous_tous_visages(trouves)

    def _creer_personne(self, c: Candidate, territoire: int | None) -> PersonneConnue:
        identifiant = self.i.reserver("personnes_personne")
        etat_civil = c.recue.identite.colonnes()
        nir = c.recue.nir
        self.neuves[identifiant] = [
            str(identifiant), *etat_civil, hexa(c.nir_chiffre), hexa(c.nir_empreinte),
            nir.type if nir else "", self.i.date, c.recue.identifiant_france_travail, c.cle_recherche, c.cle_nom,
            c.cle_prenom, c.cle_prenoms, NUL if territoire is None else str(territoire),
        ]  # fmt: skip
        connue = PersonneConnue(
            identifiant, etat_civil, c.nir_empreinte, nir.type if nir else "", c.cle_nom, c.cle_prenom, c.cle_prenoms,
            c.date_naissance, c.sexe, self.i.date, c.recue.identifiant_france_travail, territoire, None,
        )  # fmt: skip
        self._connaitre(connue)
        self.i.bilan.personnes_creees.append(identifiant)
        return connue

    def _identite_nouvelle(self, connue: PersonneConnue, c: Candidate) -> None:
        """Le flux le plus récent dit l'identité ; l'ancienne est gardée avec sa période."""
        if (
            c.recue.identifiant_france_travail
            and c.recue.identifiant_france_travail != connue.identifiant_france_travail
        ):
            self.france_travail.append((c.recue.identifiant_france_travail, connue.identifiant))
        etat_civil = c.recue.identite.colonnes()
        nir = c.recue.nir
        if c.nir_empreinte is None and connue.nir_empreinte is not None:
            nir = None  # un NIR faux ou illisible ne remplace pas un NIR sûr
        meme_nir = nir is None or (c.nir_empreinte == connue.nir_empreinte and nir.type == connue.type_nir)
        if connue.etat_civil == etat_civil and meme_nir:
            return
        if any(
            visage.etat_civil == etat_civil and c.nir_empreinte in (None, visage.nir_empreinte)
            for visage in self.visages.get(connue.identifiant, ())
        ):
            return  # l'identité d'un dossier réuni à celui-ci : un agent a déjà choisi laquelle est la bonne
        if self._nir_change(connue, c):
            self.i.signaler("nir_modifie", "la caisse a changé le NIR de cette personne", personne=connue.identifiant)
        self.identites.append((
            (
                *(None if v == NUL else v for v in etat_civil),  # type: ignore[arg-type]
                *((c.nir_chiffre, c.nir_empreinte, nir.type) if nir is not None else (None, None, None)),
                self.i.date, c.cle_recherche, c.cle_nom, c.cle_prenom, c.cle_prenoms,
            ),
            connue.identifiant,
        ))  # fmt: skip
        self.i.bilan.personnes_mises_a_jour.add(connue.identifiant)

    @staticmethod
    def _nir_change(connue: PersonneConnue, c: Candidate) -> bool:
        return (
            connue.nir_empreinte is not None and c.nir_empreinte is not None and connue.nir_empreinte != c.nir_empreinte
        )

    def _revue_le(self, connue: PersonneConnue, dossier: DossierConnu, ancien: bool) -> str | None:
        """Date du flux suivant où l'on a revu cette personne, dans ce dossier ou dans un autre."""
        if ancien:
            return _suivante(dossier, self.i.ordre)
        if not self.i.tardif:
            return None
        ligne = self._requete(
            "select min(p.date_reference)::text from personnes_rattachement r "
            "join droits_dossierrsa d on d.foyer_id = r.foyer_id join droits_reception p on p.dossier_id = d.id "
            "where r.personne_id = %s and r.periode @> p.date_reference and (p.date_reference, p.emis_le) > (%s, %s)",
            [connue.identifiant, self.i.ordre[0], self.i.ordre[1] + "Z"],
        ).fetchone()
        return ligne[0] if ligne else None

    def _identite_ancienne(self, connue: PersonneConnue, c: Candidate, suivante: str) -> None:
        etat_civil = c.recue.identite.colonnes()
        if etat_civil != connue.etat_civil:
            self.identites_anciennes.append((etat_civil, f.periode(self.i.date, suivante), connue.identifiant))

    def _territoire(self, recu: FoyerRecu) -> int | None:
        """Territoire de l'adresse de rang 1, par le code INSEE seul."""
        for adresse in recu.adresses:
            if adresse[0] == "1":
                commune = self.i.communes.get(adresse[11])
                return commune[1] if commune else None
        return None

    def _territoire_de_personne(self, connue: PersonneConnue, territoire: int | None, ancien: bool) -> None:
        if ancien or connue.territoire == territoire:
            return
        connue.territoire = territoire
        if connue.identifiant in self.neuves:
            self.neuves[connue.identifiant][-1] = NUL if territoire is None else str(territoire)
        else:
            self.i.territoires_changes[connue.identifiant] = territoire

    # --- Les faits --------------------------------------------------------------------------------

    def _ecrire_faits(
        self, recu: FoyerRecu, dossier: DossierConnu, identifiants: list[int | None], *, ancien: bool
    ) -> bool:
        change = False
        for table, recus in self._faits(recu, identifiants):
            cle = dossier.foyer if table.proprietaire == "foyer_id" else dossier.identifiant
            connus = self.connus[table.nom].get(cle, ())
            if table is f.RATTACHEMENTS or table is f.SOUMISSIONS:
                connus = self._sous_identite_vivante(connus)
            if ancien:
                ecart = f.completer(connus, recus, le=self.i.date, suivante=_suivante(dossier, self.i.ordre))
            else:
                # Un lot qui mêle dossiers anciens et récents a chargé toute l'histoire : seul l'en-cours se compare.
                ecart = f.comparer([c for c in connus if c.fin == f.SANS_FIN], recus)
            if not ecart:
                continue
            change = True
            lignes = self.lignes[table.nom]
            debut = f"{cle}\t"
            for fait in ecart.a_ouvrir:
                lignes.append(f"{debut}{chr(9).join(fait)}\t[{self.i.date},)")
            for fait, de, a in ecart.a_inserer:
                lignes.append(f"{debut}{chr(9).join(fait)}\t{f.periode(de, a)}")
            self.a_fermer[table.nom] += ecart.a_fermer
            self.a_redater[table.nom] += [(i, f.periode(de, a)) for i, de, a in ecart.a_redater]
            if table.colonnes[0] == "personne_id" and table not in (f.AVIS, f.BLOCS):
                self._personnes_touchees(connus, ecart, identifiants)
            if not ancien and table is f.RATTACHEMENTS:
                self._departs(connus, ecart, dossier)
        if not ancien:
            self._suivre_soumissions(recu, dossier, identifiants)
        self.evenements += [(dossier.identifiant, evenement) for evenement in recu.evenements]
        return change

    def _sous_identite_vivante(self, connus: Iterable[FaitConnu]) -> list[FaitConnu]:
        return [
            FaitConnu(
                c.identifiant, c.debut, c.fin, (str(self._vivante(int(c.valeurs[0])).identifiant), *c.valeurs[1:])
            )
            for c in connus
        ]

    def _personnes_touchees(self, connus: Iterable[FaitConnu], ecart: f.Ecart, identifiants: list[int | None]) -> None:
        """Parmi les personnes lues dans ce foyer ; qui n'y est plus est sorti, pas mis à jour."""
        par_ligne = {c.identifiant: c.valeurs[0] for c in connus}
        touchees = {fait[0] for fait in ecart.a_ouvrir} | {fait[0] for fait, _, _ in ecart.a_inserer}
        touchees |= {par_ligne[i] for i in ecart.a_fermer if i in par_ligne}
        self.i.bilan.personnes_mises_a_jour.update(p for p in identifiants if p is not None and str(p) in touchees)

    def _faits(self, recu: FoyerRecu, identifiants: list[int | None]) -> Iterator[tuple[TableFaits, list[Fait]]]:
        presentes = [
            (str(identifiant), personne)
            for identifiant, personne in zip(identifiants, recu.personnes, strict=True)
            if identifiant is not None
        ]
        yield f.RATTACHEMENTS, [(i, *p.rattachement) for i, p in presentes]
        yield f.ADRESSES, [self._adresse(adresse, recu) for adresse in recu.adresses]
        yield f.SITUATIONS, [recu.situation]
        yield f.MONTANTS, recu.montants
        yield f.NATURES, recu.natures
        yield f.SUSPENSIONS, recu.suspensions
        yield f.SOUMISSIONS, [(i, *p.soumission) for i, p in presentes if p.soumission is not None]
        yield f.RESSOURCES, [(i, *fait) for i, p in presentes for fait in p.ressources]
        yield f.ACTIVITES, [(i, *fait) for i, p in presentes for fait in p.activites]
        yield f.AVIS, [*((NUL, *fait) for fait in recu.avis), *((i, *fait) for i, p in presentes for fait in p.avis)]
        yield f.BLOCS, [*((NUL, *fait) for fait in recu.blocs), *((i, *fait) for i, p in presentes for fait in p.blocs)]

    def _adresse(self, adresse: Fait, recu: FoyerRecu) -> Fait:
        code, pays = adresse[11], adresse[3]
        commune = self.i.communes.get(code)
        if commune is None:
            if code or pays in ("FRA", ""):
                recu.anomalies.append(("commune_inconnue", f"le code INSEE « {code} » ({adresse[13]}) n'existe pas"))
            return (*adresse, NUL, NUL)
        return (*adresse, commune[0], NUL if commune[1] is None else str(commune[1]))

    # --- Soumission et état du droit --------------------------------------------------------------

    def _suivre_soumissions(self, recu: FoyerRecu, dossier: DossierConnu, identifiants: list[int | None]) -> None:
        """Retient, pour chaque adulte, s'il était et s'il est soumis, tous dossiers confondus."""
        ferme = recu.etat in FERMES
        for identifiant, personne in zip(identifiants, recu.personnes, strict=True):
            if identifiant is None or (personne.soumission is None and identifiant not in self.statuts):
                continue
            soumise = personne.soumission is not None and personne.soumission[0] == "true" and not ferme
            self._noter(identifiant, dossier.identifiant, soumise, Contexte(dossier.identifiant, ferme=ferme))

    def _noter(self, personne: int, dossier: int, soumise: bool, contexte: Contexte) -> None:
        statuts = self.statuts[personne]
        self.i.avant.setdefault(personne, any(statuts.values()))
        statuts[dossier] = soumise
        self.i.apres[personne] = any(statuts.values())
        # Soumise dans un dossier, pas dans l'autre : c'est celui où elle l'est qui compte.
        if soumise or not self.i.apres[personne]:
            self.i.contextes[personne] = contexte

    def _departs(self, connus: Iterable[FaitConnu], ecart: f.Ecart, dossier: DossierConnu) -> None:
        """Une personne qui n'est plus dans le foyer n'y est plus soumise."""
        revenues = {fait[0] for fait in ecart.a_ouvrir}
        fermes = set(ecart.a_fermer)
        for connu in connus:
            personne = int(connu.valeurs[0])
            if (
                connu.identifiant in fermes
                and connu.valeurs[0] not in revenues
                and dossier.identifiant in self.statuts[personne]
            ):
                self._noter(personne, dossier.identifiant, False, Contexte(dossier.identifiant, partie=True))

    def _suivre_etat(self, recu: FoyerRecu, dossier: DossierConnu) -> None:
        avant, apres, bilan, cle = dossier.etat, recu.etat, self.i.bilan, dossier.identifiant
        if apres in OUVERTS and avant not in OUVERTS:
            bilan.ouverts.append(cle)
        if apres in ("3", "4") and avant != apres:
            bilan.suspendus.append(cle)
        if apres in ("5", "6") and avant not in ("5", "6"):
            bilan.clos.append(cle)
        if apres == "1" and avant != "1":
            bilan.refuses.append(cle)
        connues = self.connus[f.SITUATIONS.nom].get(cle, [])
        mutations = next((c.valeurs for c in connues if c.fin == ""), ("",) * len(f.SITUATIONS.colonnes))
        if recu.situation[18] and recu.situation[18:21] != mutations[18:21]:
            bilan.arrives.append(cle)
        if recu.situation[21] and recu.situation[21:23] != mutations[21:23]:
            bilan.partis.append(cle)
        territoire = self._territoire(recu)
        self.territoires_foyer.append((territoire, dossier.foyer))
        if territoire is None and any(
            adresse[0] == "1" and adresse[11] in self.i.communes for adresse in recu.adresses
        ):
            recu.anomalies.append(("hors_departement", "l'adresse du foyer est hors du département"))

    # --- Écriture ---------------------------------------------------------------------------------

    def _ecrire(self) -> None:
        self._copier("personnes_foyer", ("id", "territoire_id"))
        self.lignes["personnes_personne"] = ["\t".join(ligne) for ligne in self.neuves.values()]
        self._copier("personnes_personne", COLONNES_PERSONNE)
        self._copier("droits_dossierrsa", COLONNES_DOSSIER)
        self._mettre_a_jour_identites()
        # Fermer d'abord : un fait en cours doit céder la place avant que le suivant ne s'ouvre.
        for table in f.TABLES:
            if self.a_fermer[table.nom]:
                self._requete(
                    f"update {table.nom} set periode = daterange(lower(periode), %s) where id = any(%s)",
                    [self.i.date, self.a_fermer[table.nom]],
                )
            for identifiant, periode in self.a_redater[table.nom]:
                self._requete(f"update {table.nom} set periode = %s::daterange where id = %s", [periode, identifiant])
        for table in f.TABLES:
            self._copier(table.nom, (table.proprietaire, *table.colonnes, "periode"))
        self._copier("droits_reception", ("dossier_id", "date_reference", "emis_le"))
        self._ecrire_evenements()
        with self.i.connexion.cursor() as curseur:
            if self.attributs_dossier:
                curseur.executemany(
                    "update droits_dossierrsa set empreinte = %s, matricule = %s, matricule_chiffre = %s, "
                    "matricule_empreinte = %s, caisse_regime = %s, caisse_numero = %s, partenaire = %s, "
                    "date_demande = %s, date_demande_rmi = %s, instruction_rmi = %s where id = %s",
                    self.attributs_dossier,
                )
            if self.france_travail:
                curseur.executemany(
                    "update personnes_personne set identifiant_france_travail = %s where id = %s", self.france_travail
                )
            if any(dossier for liste in self.par_numero.values() for dossier in liste if dossier.receptions):
                curseur.execute(
                    "update personnes_foyer set territoire_id = n.territoire from unnest(%s::bigint[], %s::bigint[]) "
                    "as n(territoire, foyer) where id = n.foyer and territoire_id is distinct from n.territoire",
                    [[t for t, _ in self.territoires_foyer], [foyer for _, foyer in self.territoires_foyer]],
                )
            if self.i.territoires_changes:
                changes = self.i.territoires_changes
                curseur.execute(
                    "update personnes_personne set territoire_id = n.territoire from unnest(%s::bigint[], %s::bigint[]) "
                    "as n(territoire, personne) where id = n.personne and territoire_id is distinct from n.territoire",
                    [list(changes.values()), list(changes)],
                )

    def _copier(self, table: str, colonnes: tuple[str, ...]) -> None:
        copier(self.i.connexion, table, colonnes, self.lignes.pop(table, []))

    def _mettre_a_jour_identites(self) -> None:
        colonnes = ", ".join(COLONNES_ETAT_CIVIL)
        avec_prefixe = ", ".join(f"i.{colonne}" for colonne in COLONNES_ETAT_CIVIL)
        types = [f"%s::{TYPES_ETAT_CIVIL.get(colonne, 'text')}" for colonne in COLONNES_ETAT_CIVIL]
        with self.i.connexion.cursor() as curseur:
            if self.identites:
                curseur.execute(
                    f"insert into personnes_identiteanterieure ({colonnes}, nir_chiffre, nir_empreinte, type_nir, "
                    f"personne_id, periode) select {colonnes}, nir_chiffre, nir_empreinte, type_nir, id, "
                    "daterange(least(identite_depuis, %s::date), %s) from personnes_personne where id = any(%s)",
                    [self.i.date, self.i.date, [identifiant for _, identifiant in self.identites]],
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
                valeurs = [None if valeur == NUL else valeur for valeur in etat_civil]
                curseur.execute(
                    f"insert into personnes_identiteanterieure ({colonnes}, type_nir, personne_id, periode) "
                    f"select t.*, '', %s, %s::daterange from (values ({', '.join(types)})) as t({colonnes}) "
                    "where not exists (select 1 from personnes_identiteanterieure i where i.personne_id = %s "
                    f"and i.periode @> %s::date and row(t.*) is not distinct from row({avec_prefixe}))",
                    [identifiant, periode, *valeurs, identifiant, self.i.date],
                )

    def _ecrire_evenements(self) -> None:
        if not self.evenements:
            return
        with self.i.connexion.cursor() as curseur:
            curseur.executemany(
                "insert into droits_evenement (dossier_id, liquide_le, heure, fait_generateur, recu_le) "
                "values (%s, %s, %s, %s, %s) on conflict do nothing",
                [
                    (dossier, le, None if heure == NUL else heure, fait, self.i.date)
                    for dossier, (le, heure, fait) in self.evenements
                ],
            )


def _cle_etat_civil(candidate: Candidate) -> Fait:
    return (candidate.cle_nom, candidate.cle_prenoms, candidate.date_naissance, candidate.sexe)


def _suivante(dossier: DossierConnu, ordre: Ordre) -> str:
    """Date de la réception qui suit `ordre` ; la même date si un flux du jour a été émis plus tard."""
    return min(reception[0] for reception in dossier.receptions if reception > ordre)


def _json_trie(texte: str) -> str:
    return json.dumps(json.loads(texte), ensure_ascii=False, sort_keys=True)
