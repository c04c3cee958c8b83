"""Ce qu'un flux entraîne une fois ses faits écrits : file d'orientation, tâches, maintiens, doublons, absents."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import Any

from psycopg import Connection
from rapidfuzz.distance import JaroWinkler

from jalon.accompagnements.models import EtatMaintien
from jalon.droits.models import EtatDossier
from jalon.echanges.flux_caf.copie import copier
from jalon.echanges.flux_caf.integration import Contexte, Integration
from jalon.echanges.flux_caf.lignes import NUL
from jalon.orientations.models import MotifEntree, MotifSortie
from jalon.personnes.models import EtatTache, TypeTache

Ajouter = Callable[[date, str], date]
"""Ajoute à une date le délai d'un paramètre, en vigueur à cette date."""


@dataclass(slots=True)
class Suites:
    """Personnes entrées et sorties des droits et devoirs, dossiers absents, rapprochements proposés."""

    entrees: list[int] = field(default_factory=list)
    sorties: list[int] = field(default_factory=list)
    absents: list[int] = field(default_factory=list)
    doutes: int = 0
    total_soumises: int = 0


def appliquer(integration: Integration, connexion: Connection[Any], ajouter: Ajouter, seuil_doute: float) -> Suites:
    """Fait entrer dans la file et en sortir, ouvre tâches et maintiens, propose les rapprochements."""
    suites = Suites()
    le = date.fromisoformat(integration.date)
    for personne, apres in integration.apres.items():
        if apres and not integration.avant[personne]:
            suites.entrees.append(personne)
        elif integration.avant[personne] and not apres:
            suites.sorties.append(personne)
    if suites.entrees:
        _faire_entrer(connexion, suites.entrees, integration, le, ajouter)
    if suites.sorties:
        _faire_sortir(connexion, suites.sorties, integration.contextes, le, ajouter)
    if integration.territoires_changes:
        _suivre_demenagements(connexion, list(integration.territoires_changes))
    suites.doutes = proposer_rapprochements(connexion, integration, seuil_doute)
    suites.total_soumises = compter_soumises(connexion)
    return suites


def compter_soumises(connexion: Connection[Any]) -> int:
    """Personnes distinctes aujourd'hui soumises aux droits et devoirs, dans un dossier qui n'est pas fermé."""
    ligne = connexion.execute(
        "select count(distinct s.personne_id) from droits_soumission s "
        "join droits_situation t on t.dossier_id = s.dossier_id and upper_inf(t.periode) and not isempty(t.periode) "
        "where s.soumise and upper_inf(s.periode) and not isempty(s.periode) and t.etat <> all(%s)",
        [sorted(str(etat) for etat in EtatDossier.fermes())],
    ).fetchone()
    return int(ligne[0]) if ligne else 0


def _par_paquets(cles: list[int], taille: int = 5_000) -> Iterable[list[int]]:
    reste = iter(cles)
    while paquet := list(islice(reste, taille)):
        yield paquet


def _faire_entrer(
    connexion: Connection[Any], entrees: list[int], integration: Integration, le: date, ajouter: Ajouter
) -> None:
    """Nouvel entrant, passage sous le seuil ou retour : la personne attend une orientation (R26, F011).

    Le service instructeur de son territoire reçoit la demande de recueil, due sous deux mois (R05).
    """
    neuves = set(integration.bilan.personnes_creees)
    echeance, echeance_recueil = ajouter(le, "orientation.delai_decision"), ajouter(le, "instruction.delai_complement")
    services = dict(
        connexion.execute("select territoire_id, organisme_id from organismes_serviceinstructeur").fetchall()
    )
    for paquet in _par_paquets(entrees):
        territoires = dict(
            connexion.execute(
                "select id, territoire_id from personnes_personne where id = any(%s)", [paquet]
            ).fetchall()
        )
        connues = [personne for personne in paquet if personne not in neuves]
        motifs = _motifs_entree(connexion, connues, le) if connues else {}
        en_attente = _cles(
            connexion, "select personne_id from orientations_attenteorientation "
            "where sortie_le is null and personne_id = any(%s)", connues,
        )  # fmt: skip
        deja_demandes = _cles(
            connexion, "select personne_id from personnes_tache "
            f"where etat = '{EtatTache.A_FAIRE}' and type = '{TypeTache.RECUEIL}' and personne_id = any(%s)", connues,
        )  # fmt: skip
        attentes, taches = [], []
        for personne in paquet:
            territoire = territoires.get(personne)
            service = services.get(territoire)
            lieu = f"{NUL if territoire is None else territoire}\t{NUL if service is None else service}"
            if personne not in en_attente:
                motif = motifs.get(personne, MotifEntree.NOUVEL_ENTRANT)
                attentes.append(
                    f"{personne}\t{integration.contextes[personne].dossier}\t{motif}\t{lieu}\t{le}\t{echeance}\t"
                )
            if personne not in deja_demandes:
                taches.append(f"{TypeTache.RECUEIL}\t{personne}\t{lieu}\t{EtatTache.A_FAIRE}\t{echeance_recueil}\t{le}")
        copier(
            connexion, "orientations_attenteorientation",
            ("personne_id", "dossier_id", "motif", "territoire_id", "service_id", "entree_le", "echeance",
             "motif_sortie"), attentes,
        )  # fmt: skip
        copier(
            connexion, "personnes_tache",
            ("type", "personne_id", "territoire_id", "organisme_id", "etat", "echeance", "ouverte_le"), taches,
        )  # fmt: skip
        connexion.execute(
            "update accompagnements_maintien set etat = %s, clos_le = %s where personne_id = any(%s) and etat = any(%s)",
            [EtatMaintien.REPASSEE, le, paquet, [EtatMaintien.EN_COURS, EtatMaintien.FIN_PROPOSEE]],
        )
        connexion.execute(
            "update personnes_tache set etat = %s, close_le = %s where personne_id = any(%s) and type = %s and etat = %s",
            [EtatTache.SANS_OBJET, le, paquet, TypeTache.FIN_ACCOMPAGNEMENT, EtatTache.A_FAIRE],
        )


def _cles(connexion: Connection[Any], requete: str, personnes: list[int]) -> set[int]:
    return {ligne[0] for ligne in connexion.execute(requete, [personnes])} if personnes else set()


def _motifs_entree(connexion: Connection[Any], personnes: list[int], le: date) -> dict[int, str]:
    """Connue et non soumise juste avant, dans un droit ouvert : sous le seuil. Déjà soumise plus tôt : retour."""
    motifs: dict[int, str] = {}
    for personne, sous_le_seuil, deja_soumise in connexion.execute(
        "select s.personne_id, "
        "bool_or(not s.soumise and upper(s.periode) = %s and exists (select 1 from droits_situation t "
        "where t.dossier_id = s.dossier_id and t.periode @> (%s::date - 1) and t.etat <> all(%s))), "
        "bool_or(s.soumise and not isempty(s.periode) and lower(s.periode) < %s) "
        "from droits_soumission s where s.personne_id = any(%s) group by s.personne_id",
        [le, le, sorted(str(etat) for etat in EtatDossier.fermes()), le, personnes],
    ):
        if sous_le_seuil:
            motifs[personne] = MotifEntree.SOUS_LE_SEUIL
        elif deja_soumise:
            motifs[personne] = MotifEntree.RETOUR
    return motifs


def _faire_sortir(
    connexion: Connection[Any], sorties: list[int], contextes: dict[int, Contexte], le: date, ajouter: Ajouter
) -> None:
    """La personne n'attend plus d'orientation ; au-dessus du seuil, l'accompagnement reste dû six mois (R27)."""
    echeance = ajouter(le, "accompagnement.maintien_apres_franchissement")
    for paquet in _par_paquets(sorties):
        motifs = [_motif_sortie(contextes[personne]) for personne in paquet]
        connexion.execute(
            "update orientations_attenteorientation a set sortie_le = %s, motif_sortie = n.motif "
            "from unnest(%s::bigint[], %s::text[]) as n(personne, motif) "
            "where a.personne_id = n.personne and a.sortie_le is null",
            [le, paquet, motifs],
        )
        connexion.execute(
            "update personnes_tache set etat = %s, close_le = %s where personne_id = any(%s) and type = %s and etat = %s",
            [EtatTache.SANS_OBJET, le, paquet, TypeTache.RECUEIL, EtatTache.A_FAIRE],
        )
        deja = _cles(
            connexion, "select personne_id from accompagnements_maintien "
            f"where etat in ('{EtatMaintien.EN_COURS}', '{EtatMaintien.FIN_PROPOSEE}') and personne_id = any(%s)", paquet,
        )  # fmt: skip
        maintenues = [
            p for p, motif in zip(paquet, motifs, strict=True) if motif == MotifSortie.PLUS_SOUMISE and p not in deja
        ]
        copier(
            connexion, "accompagnements_maintien", ("personne_id", "debut", "echeance", "etat"),
            [f"{personne}\t{le}\t{echeance}\t{EtatMaintien.EN_COURS}" for personne in maintenues],
        )  # fmt: skip


def _motif_sortie(contexte: Contexte) -> str:
    if contexte.partie:
        return MotifSortie.PARTIE
    return MotifSortie.DROIT_CLOS if contexte.ferme else MotifSortie.PLUS_SOUMISE


def _suivre_demenagements(connexion: Connection[Any], personnes: list[int]) -> None:
    """L'attente et la tâche suivent la personne dans son nouveau territoire, chez son nouveau service."""
    connexion.execute(
        "update orientations_attenteorientation a set territoire_id = p.territoire_id, agent_id = null, "
        "service_id = s.organisme_id from personnes_personne p "
        "left join organismes_serviceinstructeur s on s.territoire_id = p.territoire_id "
        "where a.personne_id = p.id and a.sortie_le is null and p.id = any(%s) "
        "and a.territoire_id is distinct from p.territoire_id",
        [personnes],
    )
    connexion.execute(
        "update personnes_tache a set territoire_id = p.territoire_id, agent_id = null, "
        "organisme_id = case when a.type = %s then s.organisme_id else a.organisme_id end from personnes_personne p "
        "left join organismes_serviceinstructeur s on s.territoire_id = p.territoire_id "
        "where a.personne_id = p.id and a.etat = %s and p.id = any(%s) "
        "and a.territoire_id is distinct from p.territoire_id",
        [TypeTache.RECUEIL, EtatTache.A_FAIRE, personnes],
    )
    connexion.execute(
        "update accompagnements_accompagnement a set territoire_id = p.territoire_id from personnes_personne p "
        "where a.personne_id = p.id and p.id = any(%s) and upper_inf(a.periode)",
        [personnes],
    )


# --- Rapprochements douteux -----------------------------------------------------------------------

PAIRES = """
with neuves as (
    select id, nir_empreinte, date_naissance, cle_nom, cle_prenom
    from personnes_personne where id = any(%(neuves)s) and fusionnee_dans_id is null
), paires as (
    select n.id as nouvelle, p.id as ancienne from neuves n
    join personnes_personne p on p.date_naissance = n.date_naissance and p.cle_nom = n.cle_nom and p.id < n.id
    union
    select n.id, p.id from neuves n
    join personnes_personne p on p.date_naissance = n.date_naissance and p.cle_prenom = n.cle_prenom and p.id < n.id
    union
    select n.id, p.id from neuves n
    join personnes_personne p on p.date_naissance = n.date_naissance and p.cle_nom = n.cle_prenom
        and p.cle_prenom = n.cle_nom and p.id < n.id
    union
    select n.id, p.id from neuves n join personnes_personne p on p.nir_empreinte = n.nir_empreinte and p.id < n.id
)
select n.id, p.id, n.cle_nom, p.cle_nom, n.cle_prenom, p.cle_prenom, n.date_naissance = p.date_naissance,
    n.sexe = p.sexe, n.nir_empreinte = p.nir_empreinte, n.nir_empreinte is not null and p.nir_empreinte is not null
from paires c
join personnes_personne n on n.id = c.nouvelle
join personnes_personne p on p.id = c.ancienne
where p.fusionnee_dans_id is null
    and not exists (
        select 1 from personnes_rattachement a join personnes_rattachement b on a.foyer_id = b.foyer_id
        where a.personne_id = n.id and b.personne_id = p.id and a.periode && b.periode
    )
    and not exists (
        select 1 from personnes_rapprochement r
        where (r.ancienne_id, r.nouvelle_id) in ((p.id, n.id), (n.id, p.id))
    )
"""
"""Paires à comparer : au moins deux traits communs, jamais réunies dans un même foyer (jumeaux, conjoints).

L'ordre des deux se vérifie dans chaque branche : sans cela, chacune rendrait d'abord chaque personne avec elle-même.
"""


def proposer_rapprochements(connexion: Connection[Any], integration: Integration, seuil: float) -> int:
    """Propose à un agent les personnes nouvelles qui ressemblent à une personne connue (seuil sur 100)."""
    propositions: list[tuple[int, int, int, str, str]] = []
    for paquet in _par_paquets(sorted(integration.bilan.personnes_creees), 200_000):
        for ligne in connexion.execute(PAIRES, {"neuves": paquet}).fetchall():
            nouvelle, ancienne, *traits = ligne
            score, motif = ressemblance(*traits)
            if score >= seuil:
                propositions.append((ancienne, nouvelle, score, motif, integration.date))
                integration.signaler("doublon_possible", motif, personne=nouvelle)
    copier(
        connexion, "personnes_rapprochement",
        ("ancienne_id", "nouvelle_id", "score", "motif", "date_flux", "etat"),
        ["\t".join(map(str, (*proposition, "a_examiner"))) for proposition in propositions],
    )  # fmt: skip
    return len(propositions)


def ressemblance(
    nom: str, autre_nom: str, prenom: str, autre_prenom: str,
    meme_date: bool, meme_sexe: bool, meme_nir: bool | None, deux_nir: bool,
) -> tuple[int, str]:  # fmt: skip
    """Note de 0 à 100 la ressemblance de deux états civils, et la dit en une phrase."""
    if meme_nir:
        return 95, "Même NIR, état civil différent"
    if meme_date and nom == autre_prenom and prenom == autre_nom:
        return 92, "Nom et prénom inversés, même date de naissance"
    noms, prenoms = JaroWinkler.similarity(nom, autre_nom), JaroWinkler.similarity(prenom, autre_prenom)
    note = 40 * noms + 40 * prenoms + (15 if meme_date else 0) + (5 if meme_sexe else 0)
    if deux_nir:
        note -= 5
    if noms == 1 and prenoms == 1:
        motif = "Même nom, même prénom, même date de naissance" + (", NIR différents" if deux_nir else "")
    elif noms == 1:
        motif = "Même nom et même date de naissance, prénom proche"
    elif prenoms == 1:
        motif = "Même prénom et même date de naissance, nom proche"
    else:
        motif = "Nom et prénom proches, même date de naissance"
    return round(note), motif
