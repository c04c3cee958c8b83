"""Le chemin en huit étapes, les pastilles et « ce qui vient ensuite » : seulement ce que Jalon sait, jamais supposé."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from types import SimpleNamespace
from urllib.parse import urlencode

from django.urls import reverse

from jalon.accompagnements.models import EtatMaintien
from jalon.agents.perimetre import Perimetre
from jalon.droits.models import EtatDossier
from jalon.personnes.models import EtatTache, Sexe, TypeTache
from jalon.referentiels.parametres import mot, nombre
from jalon.web.dossiers.frise import nom_de
from jalon.web.dossiers.selectors import DossierPersonne
from jalon.web.socle.menu import url_ou_rien
from jalon.web.templatetags.jalon import date_courte, jour_mois, jours, mot_contracte, mot_defini

FAIT, COURANT, A_VENIR = "fait", "courant", "a_venir"


@dataclass(frozen=True, slots=True)
class Etape:
    texte: str
    etat: str = A_VENIR
    detail: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Pastille:
    ton: str
    icone: str
    texte: str


@dataclass(frozen=True, slots=True)
class Suite:
    """Le prochain acte : qui, quoi, avant quand, et combien du délai est passé."""

    titre: str
    texte: str
    ton: str = "bleu"
    jours: int = 0
    total: int = 0
    retard: int = 0
    url: str = ""
    url_texte: str = ""


def _majuscule(texte: str) -> str:
    return texte[:1].upper() + texte[1:]


def _nom(cle: str) -> str:
    libelle = mot(cle)
    return _majuscule(libelle.court or libelle.singulier)


def chemin(dossier: DossierPersonne, jour: date) -> list[Etape]:
    """Les huit étapes ; celles que Jalon ne suit pas encore restent « à venir »."""
    e = "" if dossier.personne.sexe == Sexe.HOMME else "e"
    actions = _majuscule(mot("action").pluriel)
    return [
        _droit_ouvert(dossier),
        Etape(f"Informé{e}"),
        _diagnostic(dossier),
        _orientation(dossier, jour, f"Orienté{e}"),
        _referent(dossier),
        Etape(_nom("contrat")),
        Etape(actions if len(actions) < 12 else "Actions"),
        _sortie(dossier),
    ]


def _droit_ouvert(dossier: DossierPersonne) -> Etape:
    rsa = dossier.dossier
    if rsa is None:
        return Etape("Droit ouvert")
    debuts = [n.debut for n in dossier.natures if n.dossier_id == rsa.id and n.debut is not None]
    demande = f"demande du {date_courte(rsa.date_demande)}"
    if dossier.etat in EtatDossier.ouverts() | {EtatDossier.CLOS, EtatDossier.CLOS_ANTERIEUR}:
        return Etape("Droit ouvert", FAIT, [date_courte(min(debuts)) if debuts else demande])
    if dossier.etat == EtatDossier.REFUSE:
        return Etape("Droit refusé", A_VENIR, [demande])
    return Etape("Droit ouvert", COURANT, [demande])


def _diagnostic(dossier: DossierPersonne) -> Etape:
    recueils = [t for t in dossier.taches if t.type == TypeTache.RECUEIL]
    fait = next((t for t in recueils if t.etat == EtatTache.FAITE), None)
    if fait is not None:
        return Etape(_nom("diagnostic"), FAIT, [date_courte(fait.close_le)])
    attendu = next((t for t in recueils if t.etat == EtatTache.A_FAIRE), None)
    if attendu is None:
        return Etape(_nom("diagnostic"))
    avant = ["à faire", f"avant le {jour_mois(attendu.echeance)}"] if attendu.echeance else ["à faire"]
    return Etape(_nom("diagnostic"), COURANT, avant)


def _orientation(dossier: DossierPersonne, jour: date, texte: str) -> Etape:
    attente = dossier.attente
    if attente is None:
        return Etape(texte)
    total, passes = (attente.echeance - attente.entree_le).days, (jour - attente.entree_le).days
    return Etape(texte, COURANT, [f"{passes} j sur {total}", f"avant le {jour_mois(attente.echeance)}"])


def _referent(dossier: DossierPersonne) -> Etape:
    suivi = dossier.accompagnement
    texte = _nom("referent")
    if suivi is None or suivi.agent_nom is None:
        # Un organisme qui accompagne n'est pas un référent désigné : Jalon ne l'affirme pas.
        return Etape(texte, A_VENIR, [f"suivi par {suivi.organisme_libelle}"] if suivi else [])
    return Etape(texte, FAIT, [date_courte(suivi.periode.lower), nom_de(suivi.agent_prenom, suivi.agent_nom)])


def _sortie(dossier: DossierPersonne) -> Etape:
    situation = dossier.situation
    if situation is not None and situation.etat in {EtatDossier.CLOS, EtatDossier.CLOS_ANTERIEUR}:
        le = situation.cloture_le or situation.cloture_anterieure_le or situation.periode.lower
        return Etape("Sortie", FAIT, [f"droit clos le {date_courte(le)}"])
    return Etape("Sortie")


def pastilles(dossier: DossierPersonne, jour: date) -> list[Pastille]:
    """Ce qu'il faut savoir d'un coup d'œil, l'état du droit mis à part."""
    e = "" if dossier.personne.sexe == Sexe.HOMME else "e"
    champ = mot("droits_et_devoirs")
    rendues = []
    if dossier.soumise_depuis is not None:
        rendues.append(
            Pastille(
                "bleu",
                "flag",
                f"{_majuscule(champ.court or champ.singulier)} depuis le {date_courte(dossier.soumise_depuis)}",
            )
        )
    elif dossier.soumission is not None:
        rendues.append(Pastille("gris", "flag-off", f"Non soumis{e} {mot_contracte('droits_et_devoirs', 'à')}"))
    if dossier.attente is not None:
        retard = (jour - dossier.attente.echeance).days
        if retard > 0:
            rendues.append(Pastille("rouge", "alert-triangle", f"Orientation en retard de {jours(retard)}"))
        else:
            proche = (
                jour + timedelta(days=int(nombre("orientation.alerte_avant_echeance", jour))) > dossier.attente.echeance
            )
            attend = f"Attend une orientation depuis {jours((jour - dossier.attente.entree_le).days)}"
            rendues.append(Pastille("ambre" if proche else "bleu", "route", attend))
    if dossier.maintien is not None:
        ton = "ambre" if dossier.maintien.etat == EtatMaintien.FIN_PROPOSEE else "bleu"
        rendues.append(
            Pastille(ton, "shield-check", f"Accompagnement dû jusqu’au {date_courte(dossier.maintien.echeance)}")
        )
    if dossier.accompagnement is not None:
        suivi = dossier.accompagnement
        qui = ", ".join(filter(None, (nom_de(suivi.agent_prenom, suivi.agent_nom), suivi.organisme_libelle)))
        rendues.append(Pastille("gris", "user-heart", f"Accompagné{e} par {qui}"))
    return rendues


def suite(dossier: DossierPersonne, perimetre: Perimetre, jour: date) -> Suite:
    """Le prochain acte attendu du service ; un retard est dit imputable au service, jamais à la personne."""
    if dossier.attente is not None:
        return _suite_orientation(dossier, perimetre, jour)
    attendues = [t for t in dossier.taches if t.etat == EtatTache.A_FAIRE]
    if attendues:
        return _suite_tache(min(attendues, key=lambda t: t.echeance or date.max), perimetre, jour)
    if dossier.maintien is not None:
        return Suite(
            f"L’accompagnement est dû jusqu’au {date_courte(dossier.maintien.echeance)}.",
            "La personne est passée au-dessus du seuil. Jalon proposera la fin à cette date.",
        )
    if dossier.etat in EtatDossier.fermes():
        return Suite(
            "Rien n’est attendu du service.",
            "Le droit est fermé : un nouveau fichier de la caisse le rouvrirait ici.",
            "gris",
        )
    if dossier.soumise_depuis is None:
        return Suite(
            "Rien n’est attendu du service.",
            f"La personne n’est pas soumise {mot_contracte('droits_et_devoirs', 'à')}.",
            "gris",
        )
    return Suite("Rien n’est en attente.", "La suite du parcours paraîtra ici.", "vert")


def _suite_orientation(dossier: DossierPersonne, perimetre: Perimetre, jour: date) -> Suite:
    attente = dossier.attente
    assert attente is not None
    passes, total = (jour - attente.entree_le).days, (attente.echeance - attente.entree_le).days
    retard = max(0, (jour - attente.echeance).days)
    qui = nom_de(attente.agent_prenom, attente.agent_nom) or attente.service_libelle
    confiee = f"Confié à {qui}. " if qui else "Personne n’en est encore chargé. "
    alerte = int(nombre("orientation.alerte_avant_echeance", jour))
    if retard:
        texte = f"{confiee}Délai dépassé de {jours(retard)} : le retard est imputable au service."
    else:
        avant = date_courte(attente.echeance)
        texte = f"{confiee}Avant le {avant} ; passé cette date, le retard serait imputable au service."
    url = url_ou_rien("file_orientation") if perimetre.peut("file_orientation.consulter") else ""
    filtre = urlencode({"q": f"{dossier.personne.nom} {dossier.personne.prenom}"})
    return Suite(
        f"Le service doit décider de {mot_defini('orientation')}.", texte,
        "rouge" if retard else "ambre" if total - passes < alerte else "bleu", passes, total, retard,
        f"{url}?{filtre}" if url else "", f"Voir dans la {mot('file_orientation').singulier}",
    )  # fmt: skip


def _suite_tache(tache: SimpleNamespace, perimetre: Perimetre, jour: date) -> Suite:
    recueil = f"Le service doit faire {mot_defini('diagnostic', 'court')}."
    titre = (
        recueil if tache.type == TypeTache.RECUEIL else f"Le service doit agir : {TypeTache(tache.type).label.lower()}."
    )
    qui = nom_de(tache.agent_prenom, tache.agent_nom) or tache.organisme_libelle or ""
    passes = total = retard = 0
    quand = "Sans date limite."
    if tache.echeance is not None:
        passes, total = (jour - tache.ouverte_le).days, (tache.echeance - tache.ouverte_le).days
        retard = max(0, (jour - tache.echeance).days)
        quand = f"Avant le {date_courte(tache.echeance)}."
    url = reverse("taches") if perimetre.peut("taches.traiter") and url_ou_rien("taches") else ""
    return Suite(
        titre, f"{f'Confié à {qui}. ' if qui else ''}{quand}{' Le retard est imputable au service.' if retard else ''}",
        "rouge" if retard else "bleu", passes, total, retard, url, "Voir les tâches",
    )  # fmt: skip
