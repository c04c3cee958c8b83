"""« Ce qui s'est passé » : faits reçus de la caisse et actes du service, du plus récent au plus ancien (F008)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from types import SimpleNamespace

from django.urls import reverse
from django.utils import timezone

from jalon.accompagnements.models import EtatMaintien
from jalon.droits.models import CibleSuspension, EtatDossier
from jalon.orientations.models import MotifEntree, MotifSortie
from jalon.personnes.models import EtatTache, TypeTache
from jalon.referentiels.nomenclatures import libelle
from jalon.referentiels.parametres import mot
from jalon.socle.textes import nom_propre
from jalon.web.dossiers.selectors import DossierPersonne
from jalon.web.templatetags.jalon import date_courte, mot_contracte, mot_defini, nature_droit

MONTRES = 60


@dataclass(frozen=True, slots=True)
class Fait:
    """Une ligne de la frise."""

    date: date
    titre: str
    detail: str = ""
    icone: str = "database-import"
    ton: str = "gris"
    url: str = ""
    url_texte: str = ""


def frise(dossier: DossierPersonne) -> list[Fait]:
    """Tous les faits connus. Les dates sont celles du fait quand la caisse les donne, sinon celle du flux."""
    faits: list[Fait] = []
    for source in (
        _demandes, _etats, _mutations, _natures, _suspensions, _soumissions, _composition, _adresses, _evenements,
        _attentes, _taches, _maintiens, _accompagnements, _fusions, _actes,
    ):  # fmt: skip
        faits += source(dossier)
    return sorted(faits, key=lambda fait: fait.date, reverse=True)


def nom_de(prenom: str | None, nom: str | None) -> str:
    return f"{nom_propre(prenom or '')} {nom_propre(nom or '')}".strip()


def caisse(dossier: SimpleNamespace) -> str:
    return f"la {dossier.caisse_regime}" if dossier.caisse_regime in ("CAF", "MSA") else "la caisse"


def _court(cle: str) -> str:
    libelle_mot = mot(cle)
    return libelle_mot.court or libelle_mot.singulier


def _par_dossier(dossier: DossierPersonne, nom: str) -> Iterator[tuple[SimpleNamespace, list[SimpleNamespace]]]:
    """Faits non vides de chaque dossier, dans l'ordre des flux."""
    lignes = getattr(dossier, nom)
    for rsa in dossier.dossiers:
        faits = [f for f in lignes if f.dossier_id == rsa.id and not f.periode.isempty]
        yield rsa, sorted(faits, key=lambda f: f.periode.lower)


def _premier_flux(dossier: DossierPersonne, rsa: SimpleNamespace) -> date | None:
    """Premier flux qui porte ce dossier : ce qu'il dit est une situation de départ, pas un changement."""
    return min(
        (s.periode.lower for s in dossier.situations if s.dossier_id == rsa.id and not s.periode.isempty), default=None
    )


def _demandes(dossier: DossierPersonne) -> Iterator[Fait]:
    for rsa in dossier.dossiers:
        demande = mot("demande_allocation").singulier
        yield Fait(
            rsa.date_demande,
            f"{demande[:1].upper()}{demande[1:]}",
            f"n° {rsa.numero_demande}, auprès de {caisse(rsa)}",
            "file-plus",
        )


def _etats(dossier: DossierPersonne) -> Iterator[Fait]:
    for rsa, situations in _par_dossier(dossier, "situations"):
        avant = ""
        for situation in situations:
            if situation.etat != avant:
                yield _etat(rsa, situation)
            avant = situation.etat


def _etat(rsa: SimpleNamespace, situation: SimpleNamespace) -> Fait:
    etat = situation.etat
    texte = EtatDossier(etat).label if etat in EtatDossier.values else f"état du droit « {etat} »"
    motif, le = "", situation.periode.lower
    if etat == EtatDossier.REFUSE:
        motif, le = _libelle("MOTIREFURSA", situation.refus_motif), situation.refus_le or le
    elif etat == EtatDossier.CLOS:
        motif, le = _libelle("MOTICLORSA", situation.cloture_motif), situation.cloture_le or le
    elif etat == EtatDossier.CLOS_ANTERIEUR:
        motif = _libelle("MOTICLORSA", situation.cloture_anterieure_motif or situation.cloture_motif)
        le = situation.cloture_anterieure_le or situation.cloture_le or le
    ton, dessin = {
        EtatDossier.OUVERT: ("vert", "circle-check"),
        EtatDossier.SUSPENDU: ("ambre", "player-pause"),
        EtatDossier.VERSEMENT_SUSPENDU: ("ambre", "player-pause"),
        EtatDossier.REFUSE: ("rouge", "circle-x"),
    }.get(etat, ("gris", "lock" if etat in EtatDossier.fermes() else "database-import"))  # type: ignore[call-overload]
    detail = f"{motif} · " if motif else ""
    return Fait(le, texte, f"{detail}fichier de {caisse(rsa)} du {date_courte(situation.periode.lower)}", dessin, ton)


def _mutations(dossier: DossierPersonne) -> Iterator[Fait]:
    vues: set[tuple[int, str, date]] = set()
    for rsa, situations in _par_dossier(dossier, "situations"):
        for s in situations:
            for titre, autre, le in (
                ("Arrivée d’une autre caisse", s.cedant, s.arrive_le),
                ("Départ vers une autre caisse", s.prenant, s.parti_le),
            ):
                if le is not None and (rsa.id, titre, le) not in vues:
                    vues.add((rsa.id, titre, le))
                    yield Fait(le, titre, autre, "transfer")


def _natures(dossier: DossierPersonne) -> Iterator[Fait]:
    for rsa, natures in _par_dossier(dossier, "natures"):
        premier, vues = _premier_flux(dossier, rsa), set[str]()
        for nature in natures:
            if nature.nature not in vues and premier is not None and nature.periode.lower > premier:
                yield Fait(
                    nature.debut or nature.periode.lower,
                    "La nature du droit change",
                    nature_droit(nature.nature),
                    "coin-euro",
                )
            vues.add(nature.nature)


def _suspensions(dossier: DossierPersonne) -> Iterator[Fait]:
    for _, suspensions in _par_dossier(dossier, "suspensions"):
        groupes: dict[tuple[str, str, date | None], list[SimpleNamespace]] = {}
        for suspension in suspensions:
            groupes.setdefault((suspension.cible, suspension.motif, suspension.debut), []).append(suspension)
        for (cible, motif, debut), lignes in groupes.items():
            texte = _libelle("MOTISUSDRORSA" if cible == CibleSuspension.DROIT else "MOTISUSVERSRSA", motif)
            yield Fait(debut or lignes[0].periode.lower, CibleSuspension(cible).label, texte, "player-pause", "ambre")
            if lignes[-1].periode.upper is not None:
                yield Fait(lignes[-1].periode.upper, "Fin de la suspension", texte, "player-play", "vert")


def _soumissions(dossier: DossierPersonne) -> Iterator[Fait]:
    for rsa, soumissions in _par_dossier(dossier, "soumissions"):
        avant: bool | None = None
        for soumission in soumissions:
            le, source = soumission.periode.lower, f"fichier de {caisse(rsa)}"
            if soumission.soumise and not avant:
                yield Fait(le, f"Entre dans {mot_defini('droits_et_devoirs')}", source, "flag", "bleu")
            elif avant and not soumission.soumise:
                yield Fait(le, f"Sort {mot_contracte('droits_et_devoirs')}", source, "flag-off")
            avant = soumission.soumise


def _composition(dossier: DossierPersonne) -> Iterator[Fait]:
    """Arrivées et départs du foyer pendant que la personne y est ; la composition de départ n'en est pas."""
    for place in dossier.rattachements:
        if place.periode.isempty:
            continue
        membres = [m for m in dossier.membres if m.foyer_id == place.foyer_id and not m.periode.isempty]
        origine = min((m.periode.lower for m in membres), default=None)
        for membre in membres:
            elle_meme = membre.personne_id == dossier.personne.pk
            nom = nom_de(membre.personne_prenom, membre.personne_nom)
            url = "" if elle_meme else reverse("personne", args=[membre.personne_public_id])
            arrive, part = membre.periode.lower, membre.periode.upper
            suite = any(m.personne_id == membre.personne_id and m.periode.lower == part for m in membres)
            precede = any(m.personne_id == membre.personne_id and m.periode.upper == arrive for m in membres)
            if arrive != origine and not precede and (elle_meme or arrive in place.periode):
                yield Fait(
                    membre.date_debut or arrive,
                    f"{nom} rejoint le foyer",
                    "",
                    "user-plus",
                    "gris",
                    url,
                    "ouvrir son dossier" if url else "",
                )
            if part is not None and not suite and (elle_meme or part in place.periode or part == place.periode.upper):
                yield Fait(
                    membre.date_fin or part,
                    f"{nom} quitte le foyer",
                    "",
                    "user-minus",
                    "gris",
                    url,
                    "ouvrir son dossier" if url else "",
                )


def _adresses(dossier: DossierPersonne) -> Iterator[Fait]:
    for foyer in {r.foyer_id for r in dossier.rattachements}:
        courantes = sorted(
            (a for a in dossier.adresses if a.foyer_id == foyer and a.rang == 1 and not a.periode.isempty),
            key=lambda a: a.periode.lower,
        )
        for avant, apres in zip(courantes, courantes[1:], strict=False):
            if (avant.nom_commune, avant.voie, avant.numero) == (apres.nom_commune, apres.voie, apres.numero):
                continue
            commune, le = nom_propre(apres.nom_commune), apres.depuis or apres.periode.lower
            if avant.nom_commune == apres.nom_commune:
                yield Fait(le, f"Change d’adresse à {commune}", "", "home-move")
            else:
                yield Fait(le, f"Déménage à {commune}", f"avant : {nom_propre(avant.nom_commune)}", "home-move")


def _evenements(dossier: DossierPersonne) -> Iterator[Fait]:
    for evenement in dossier.evenements:
        texte = _libelle("FG", evenement.fait_generateur)
        yield Fait(evenement.liquide_le, f"Droit recalculé : {texte}", "", "calculator")


def _attentes(dossier: DossierPersonne) -> Iterator[Fait]:
    file = mot("file_orientation").singulier
    for attente in dossier.attentes:
        detail = f"{MotifEntree(attente.motif).label} · à orienter avant le {date_courte(attente.echeance)}"
        yield Fait(attente.entree_le, f"Entre dans la {file}", detail, "route", "bleu")
        if attente.sortie_le is not None:
            yield Fait(attente.sortie_le, f"Sort de la {file}", MotifSortie(attente.motif_sortie).label, "logout")


def _taches(dossier: DossierPersonne) -> Iterator[Fait]:
    recueil = _court("diagnostic")
    for tache in dossier.taches:
        nom = f"Demande de {recueil}" if tache.type == TypeTache.RECUEIL else TypeTache(tache.type).label
        a_qui = nom_de(tache.agent_prenom, tache.agent_nom) or tache.organisme_libelle or ""
        avant = f"avant le {date_courte(tache.echeance)}" if tache.echeance else ""
        yield Fait(tache.ouverte_le, nom, " · ".join(filter(None, (a_qui, avant))), "checklist")
        if tache.close_le is not None and tache.etat == EtatTache.SANS_OBJET:
            yield Fait(tache.close_le, f"{nom} : sans objet", "", "x")


def _maintiens(dossier: DossierPersonne) -> Iterator[Fait]:
    for maintien in dossier.maintiens:
        yield Fait(
            maintien.debut,
            "Passe au-dessus du seuil",
            f"accompagnement dû jusqu’au {date_courte(maintien.echeance)}",
            "trending-up",
            "bleu",
        )
        if maintien.clos_le is not None:
            yield Fait(
                maintien.clos_le, f"Fin du maintien : {EtatMaintien(maintien.etat).label.lower()}", "", "flag-off"
            )


def _accompagnements(dossier: DossierPersonne) -> Iterator[Fait]:
    for suivi in dossier.accompagnements:
        if suivi.periode.isempty or suivi.periode.lower is None:
            continue
        yield Fait(
            suivi.periode.lower,
            f"Accompagnement par {suivi.organisme_libelle}",
            nom_de(suivi.agent_prenom, suivi.agent_nom),
            "user-heart",
            "vert",
        )
        if suivi.periode.upper is not None and suivi.periode.upper <= timezone.localdate():
            yield Fait(suivi.periode.upper, f"Fin de l’accompagnement par {suivi.organisme_libelle}", "", "user-off")


def _fusions(dossier: DossierPersonne) -> Iterator[Fait]:
    for fusion in dossier.fusions:
        nom = nom_de(fusion.absorbee_prenom, fusion.absorbee_nom)
        yield Fait(
            timezone.localtime(fusion.faite_le).date(),
            "Deux dossiers réunis",
            f"{nom} : c’est la même personne",
            "arrows-join",
        )
        if fusion.defaite_le is not None:
            yield Fait(timezone.localtime(fusion.defaite_le).date(), "Réunion de dossiers défaite", nom, "arrows-split")


def _actes(dossier: DossierPersonne) -> Iterable[Fait]:
    for acte in dossier.actes:
        if acte.code in ("personnes.personne.fusionnee", "personnes.fusion.annulee"):
            continue  # Déjà dit par les fusions.
        par = " · ".join(filter(None, (nom_de(acte.acteur_prenom, acte.acteur_nom), acte.organisme, acte.motif)))
        yield Fait(timezone.localtime(acte.accompli_le).date(), acte.resume, par, "signature", "vert")


def _libelle(liste: str, code: str) -> str:
    if not code:
        return ""
    return libelle(liste, code) or f"code {code}"
