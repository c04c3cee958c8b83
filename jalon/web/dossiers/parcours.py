"""Le chemin en huit étapes, les pastilles et « ce qui vient ensuite » : seulement ce que Jalon sait, jamais supposé."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from types import SimpleNamespace
from urllib.parse import urlencode

from django.urls import reverse

from jalon.accompagnements.models import EtatMaintien
from jalon.agents.perimetre import Perimetre
from jalon.contrats.enums import EtatContrat
from jalon.droits.models import EtatDossier
from jalon.personnes.models import EtatTache, Sexe, TypeTache
from jalon.referentiels.parametres import ajouter_mois, mot, nombre
from jalon.rendezvous.models import EtatInvitation
from jalon.web.dossiers.contrat import bloc, dernier_jour
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
        _information(dossier, f"Informé{e}"),
        _diagnostic(dossier),
        _orientation(dossier, jour, f"Orienté{e}"),
        _referent(dossier),
        _contrat(dossier, jour),
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


def _information(dossier: DossierPersonne, texte: str) -> Etape:
    """La réunion à laquelle la personne est venue ; sinon celle où elle est attendue, ou ce qui s'est passé."""
    presence = next((i for i in dossier.invitations if i.etat == EtatInvitation.PRESENTE), None)
    if presence is not None:
        return Etape(
            texte, FAIT, [date_courte(presence.reunion_date), "présente" if texte.endswith("e") else "présent"]
        )
    if not dossier.invitations:
        return Etape(texte)
    derniere = dossier.invitations[0]
    return Etape(
        texte, COURANT, [EtatInvitation(derniere.etat).label.lower(), f"réunion du {jour_mois(derniere.reunion_date)}"]
    )


def _diagnostic(dossier: DossierPersonne) -> Etape:
    lignes = [
        *(f"{_nom('diagnostic').lower()} le {jour_mois(r.date_recueil)}" for r in dossier.recueils),
        *(f"{_nom('echelle').lower()} le {jour_mois(p.date_passation)}" for p in dossier.passations),
    ]
    if lignes:
        return Etape(_nom("diagnostic"), FAIT, lignes)
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
    if attente is not None:
        total, passes = (attente.echeance - attente.entree_le).days, (jour - attente.entree_le).days
        return Etape(texte, COURANT, [f"{passes} j sur {total}", f"avant le {jour_mois(attente.echeance)}"])
    decision = dossier.decision
    if decision is None:
        return Etape(texte)
    lignes = [decision.type_libelle, date_courte(decision.decidee_le)]
    close = next((a for a in dossier.attentes if a.id == decision.attente_id), None)
    if close is not None:
        pris, permis = (decision.decidee_le - close.entree_le).days, (close.echeance - close.entree_le).days
        retard = (decision.decidee_le - close.echeance).days
        lignes.append(f"retard du service : {jours(retard)}" if retard > 0 else f"en {pris} j sur {permis}")
    return Etape(texte, FAIT, lignes)


def _referent(dossier: DossierPersonne) -> Etape:
    """Le référent désigné ; à défaut, l'organisme qui doit le nommer. Un simple suivi n'est pas un référent."""
    texte, designation = _nom("referent"), dossier.designation
    if designation is not None:
        nom = nom_de(designation.agent_prenom, designation.agent_nom) or designation.nom_externe
        return Etape(texte, FAIT, [nom, f"depuis le {jour_mois(designation.periode.lower)}"])
    if dossier.decision is not None and dossier.attente is None:
        return Etape(texte, COURANT, [f"à nommer par {dossier.decision.organisme_libelle}"])
    suivi = dossier.accompagnement
    return Etape(texte, A_VENIR, [f"suivi par {suivi.organisme_libelle}"] if suivi else [])


def echeance_contrat(dossier: DossierPersonne) -> date | None:
    """Jour avant lequel le contrat est dû : le délai du type court de la réception certaine de la lettre."""
    decision, lettre = dossier.decision, dossier.notification
    if decision is None or lettre is None or lettre.recue_le is None:
        return None
    return ajouter_mois(lettre.recue_le, decision.type_delai_contrat)


def _contrat(dossier: DossierPersonne, jour: date) -> Etape:
    """En vigueur : jusqu'à quand ; en préparation : où il en est ; sinon, avant quand il est dû."""
    texte, echeance = _nom("contrat"), echeance_contrat(dossier)
    vivant, prepare = dossier.contrat_vivant, dossier.contrat_prepare
    if vivant is not None:
        return Etape(texte, FAIT, [vivant.type_libelle, f"jusqu’au {jour_mois(dernier_jour(vivant))}"])
    if prepare is not None:
        avant = [f"avant le {jour_mois(echeance)}"] if echeance is not None and prepare.signe_le is None else []
        return Etape(texte, COURANT, [EtatContrat(prepare.etat).label.lower(), *avant])
    if echeance is None:
        return Etape(texte)
    return Etape(texte, COURANT, ["à conclure", f"avant le {jour_mois(echeance)}"])


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
    rendues = [Pastille("gris", "user", public.public_libelle) for public in dossier.publics_courants]
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
    if dossier.decision is not None and dossier.attente is None:
        rendues.append(Pastille("bleu", "route", dossier.decision.type_libelle))
    if dossier.maintien is not None:
        ton = "ambre" if dossier.maintien.etat == EtatMaintien.FIN_PROPOSEE else "bleu"
        rendues.append(
            Pastille(ton, "shield-check", f"Accompagnement dû jusqu’au {date_courte(dossier.maintien.echeance)}")
        )
    designation = dossier.designation
    if designation is not None:
        nom = nom_de(designation.agent_prenom, designation.agent_nom) or designation.nom_externe
        rendues.append(Pastille("gris", "user-heart", f"{_nom('referent')} : {nom}, {designation.organisme_libelle}"))
    elif dossier.accompagnement is not None:
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
    apres = _suite_decision(dossier, perimetre, jour)
    if apres is not None:
        return apres
    if dossier.contrat_prepare is not None:
        return suite_contrat(dossier, perimetre, jour)
    if dossier.demande_due is not None:
        return _suite_demande(dossier.demande_due, perimetre, jour)
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
    url, url_texte = "", f"Voir dans la {mot('file_orientation').singulier}"
    if perimetre.peut("orientation.decider"):
        url = reverse("orientation_decider", args=[dossier.personne.public_id])
        url_texte = "Voir l’avis et décider"
    elif perimetre.peut("file_orientation.consulter"):
        filtre = urlencode({"q": f"{dossier.personne.nom} {dossier.personne.prenom}"})
        url = f"{reverse('file_orientation')}?{filtre}"
    return Suite(
        f"Le service doit décider de {mot_defini('orientation')}.", texte,
        "rouge" if retard else "ambre" if total - passes < alerte else "bleu", passes, total, retard,
        url, url_texte,
    )  # fmt: skip


def _suite_decision(dossier: DossierPersonne, perimetre: Perimetre, jour: date) -> Suite | None:
    """Après la décision : nommer le référent, puis produire la lettre, puis en prouver la réception, puis le contrat."""
    decision, lettre = dossier.decision, dossier.notification
    if decision is None:
        return None
    lien = (reverse("personne_orientations", args=[dossier.personne.public_id]), "Voir la décision")
    if perimetre.peut("notification.produire"):
        lien = (reverse("notification", args=[decision.public_id]), "Ouvrir la lettre")
    if lettre is None:
        return Suite(
            f"Le service doit produire {mot_defini('notification_orientation')}.",
            f"Décidé le {date_courte(decision.decidee_le)}. Sans lettre reçue, aucun délai ne court contre la personne.",
            "ambre", url=lien[0], url_texte=lien[1],
        )  # fmt: skip
    if dossier.designation is None:
        peut = perimetre.peut("referent.designer")
        return Suite(
            f"{decision.organisme_libelle} doit nommer {mot_defini('referent')}.",
            "La personne doit savoir qui appeler.", "ambre",
            url=reverse("personne_referents", args=[dossier.personne.public_id]) if peut else "",
            url_texte=f"Nommer {mot_defini('referent')}",
        )  # fmt: skip
    if lettre.recue_le is None:
        return Suite(
            "Le service doit prouver que la lettre est reçue.",
            f"Produite le {date_courte(lettre.produite_le)}. Le délai du contrat court de la réception certaine.",
            "bleu", url=lien[0], url_texte=lien[1],
        )  # fmt: skip
    echeance = echeance_contrat(dossier)
    assert echeance is not None
    if dossier.contrat_vivant is not None or dossier.contrat_prepare is not None:
        return suite_contrat(dossier, perimetre, jour)
    total, passes = (echeance - lettre.recue_le).days, (jour - lettre.recue_le).days
    return Suite(
        f"Conclure {mot_defini(decision.type_contrat)}.",
        f"Lettre reçue le {date_courte(lettre.recue_le)} : à conclure avant le {date_courte(echeance)}.",
        "rouge" if passes > total else "bleu", passes, total, max(0, passes - total),
        reverse("contrat_ouvrir", args=[dossier.personne.public_id]) if perimetre.peut("contrat.rediger") else "",
        f"Ouvrir {mot_defini(decision.type_contrat)}",
    )  # fmt: skip


def suite_contrat(dossier: DossierPersonne, perimetre: Perimetre, jour: date) -> Suite:
    """L'acte qu'attend le contrat en préparation ; en vigueur, jusqu'à quand il court."""
    lu = dossier.contrat_prepare or dossier.contrat_vivant
    assert lu is not None
    lignes = bloc(lu, perimetre, jour)
    if not lignes.attend:
        return Suite(
            f"{lu.type_libelle} est en vigueur.", lignes.dates, "vert", url=lignes.url, url_texte=lignes.url_texte
        )
    passes = total = retard = 0
    if lu.signe_le is not None and lu.etat in EtatContrat.a_valider():
        limite = ajouter_mois(lu.signe_le, lu.type_delai_validation)
        passes, total = (jour - lu.signe_le).days, (limite - lu.signe_le).days
        retard = max(0, passes - total)
    texte = f"{lignes.dates}{' Le retard est imputable au service.' if retard else ''}"
    return Suite(
        f"{lu.type_libelle} : {lignes.attend[:1].lower()}{lignes.attend[1:]}", texte, "rouge" if retard else "bleu",
        passes, total, retard, lignes.url, lignes.url_texte,
    )  # fmt: skip


def _suite_demande(demande: SimpleNamespace, perimetre: Perimetre, jour: date) -> Suite:
    passes, total = (jour - demande.depot_le).days, (demande.echeance - demande.depot_le).days
    retard = max(0, (jour - demande.echeance).days)
    texte = f"Demande déposée le {date_courte(demande.depot_le)} auprès de {demande.organisme_libelle}. "
    texte += (
        f"Délai dépassé de {jours(retard)} : le retard est imputable au service."
        if retard
        else f"À faire avant le {date_courte(demande.echeance)}."
    )
    url = reverse("instruction", args=[demande.public_id]) if perimetre.peut("instruction.saisir") else ""
    return Suite(
        "Le service doit informer la personne et recueillir ses données.", texte, "rouge" if retard else "bleu",
        passes, total, retard, url, "Ouvrir la demande",
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


@dataclass(frozen=True, slots=True)
class Delai:
    """Un délai du service ou de la loi, et où il en est."""

    texte: str
    jours: int
    total: int
    retard: int
    fini: str = ""
    """Ce qui l'a arrêté, et quand ; vide s'il court."""


def delais(dossier: DossierPersonne, jour: date) -> list[Delai]:
    """Délais du service et délais de la loi qui ont couru ou courent pour cette personne (R05, R26, R48)."""
    rendus = [
        _delai("Compléter l’instruction", demande.depot_le, demande.echeance, demande.complement_le, jour, "complétée")
        for demande in dossier.demandes[:1]
    ]
    attente = dossier.attente or next(
        (a for a in dossier.attentes if dossier.decision is not None and a.id == dossier.decision.attente_id), None
    )
    if attente is not None:
        decision = dossier.decision if dossier.attente is None else None
        fin = decision.decidee_le if decision is not None else None
        rendus.append(_delai("Décider de l’orientation", attente.entree_le, attente.echeance, fin, jour, "décidée"))
    echeance = echeance_contrat(dossier)
    if echeance is not None and dossier.notification is not None and dossier.decision is not None:
        nom = mot(dossier.decision.type_contrat).singulier
        conclu = dossier.contrat_vivant or dossier.contrat_prepare
        signe = conclu.signe_le if conclu is not None else None
        rendus.append(_delai(f"Conclure : {nom}", dossier.notification.recue_le, echeance, signe, jour, "signé"))
    attendu = dossier.contrat_prepare
    if attendu is not None and attendu.signe_le is not None:
        limite = ajouter_mois(attendu.signe_le, attendu.type_delai_validation)
        rendus.append(_delai("Valider le contrat signé", attendu.signe_le, limite, None, jour, ""))
    return rendus


def _delai(texte: str, du: date, au: date, fin: date | None, jour: date, verbe: str) -> Delai:
    arret = fin or jour
    fini = f"{verbe} le {date_courte(fin)}" if fin is not None else ""
    return Delai(texte, max(0, (arret - du).days), (au - du).days, max(0, (arret - au).days), fini)
