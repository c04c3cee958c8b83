"""Les papiers d'une séance : convocation, agenda, ordre du jour, procès-verbal avec et sans les noms."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.utils import timezone

from jalon.agents.models import Affectation, Agent
from jalon.agents.perimetre import Perimetre
from jalon.documents.caracteres import imprimable
from jalon.documents.composition import Composeur
from jalon.documents.ecriture import date_en_lettres, heure_en_lettres
from jalon.documents.models import Canal, Document, Envoi
from jalon.documents.pdf import rendre_pdf, rendre_tranche
from jalon.documents.services import enregistrer_document, lire_document
from jalon.instances.composition import membres_en_cours
from jalon.instances.models import (
    DeportMembre,
    DossierSeance,
    EtatDossierSeance,
    EtatSeance,
    MembreInstance,
    NatureInstance,
    PointSeance,
    PresenceSeance,
    Seance,
)
from jalon.instances.quorum import Quorum
from jalon.instances.selectors import Bilan, bilan, lire_ordre_du_jour, points_de, s_ecarte_de_l_avis
from jalon.organismes.models import Organisme
from jalon.personnes.fusion import effets_complets
from jalon.personnes.models import Sexe
from jalon.referentiels.parametres import profil
from jalon.socle.errors import HorsPerimetreError
from jalon.socle.textes import nom_propre

GABARIT = "pv_seance"
DUREE = timedelta(hours=3)
"""Durée réservée dans l'agenda des membres ; la séance dure ce qu'elle dure."""
COULEUR_SANS_PROFIL = "#333333"


# --- Convoquer


def texte_convocation(seance: Seance, membre: MembreInstance, lien: str) -> tuple[str, str]:
    """Objet et texte du courriel ; il ne nomme personne."""
    quand = (
        f"{date_en_lettres(seance.date, avec_jour=True)} à {heure_en_lettres(seance.heure.hour, seance.heure.minute)}"
    )
    generale = seance.instance.type.nature == NatureInstance.GENERALE
    nombre = len(points_de(seance)) if generale else seance.dossiers.filter(etat=EtatDossierSeance.INSCRIT).count()
    lignes = [
        f"Bonjour {membre.nom},",
        "",
        f"Vous êtes convoqué à la séance n° {seance.numero} : {seance.instance}.",
        f"Le {quand}, {seance.lieu}.",
        f"{nombre} points sont à l'ordre du jour, joint."
        if generale
        else f"{nombre} dossiers sont à l'ordre du jour, joint sans les noms.",
    ]
    if membre.agent_id is not None and lien and not generale:
        lignes += ["", "Les dossiers se lisent dans Jalon, jusqu'à la clôture de la séance :", lien]
    if membre.supplee is not None:
        lignes += ["", f"Vous êtes suppléant de {membre.supplee.nom} : venez s'il vous le demande."]
    else:
        lignes += ["", "Empêché ? Prévenez le secrétariat et votre suppléant."]
    if seance.secretaire is not None:
        lignes += ["", f"{seance.secretaire}, secrétariat de la séance"]
    return f"Séance du {seance.date:%d/%m/%Y} : {seance.instance}"[:200], "\n".join(lignes)


def calendrier_ics(seance: Seance) -> bytes:
    """Rendez-vous d'agenda (iCalendar) ; il ne nomme personne et s'annule avec la séance.

    L'annulation garde l'identifiant de la convocation, d'un rang au-dessus : l'agenda du membre retire le rendez-vous de
    lui-même (RFC 5546 § 3.2.5).
    """
    debut = timezone.make_aware(datetime.combine(seance.date, seance.heure)).astimezone(UTC)
    annulee = seance.etat == EtatSeance.ANNULEE
    courriel = _courriel_du_secretariat(seance)
    lignes = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Jalon//Instances//FR",
        f"METHOD:{'CANCEL' if annulee else 'PUBLISH'}",
        "BEGIN:VEVENT", f"UID:{seance.public_id}@jalon", f"SEQUENCE:{int(annulee)}",
        f"DTSTAMP:{_instant(timezone.now())}", *([f"ORGANIZER:mailto:{courriel}"] if courriel else []),
        f"DTSTART:{_instant(debut)}", f"DTEND:{_instant(debut + DUREE)}",
        f"SUMMARY:{_echapper(f'Séance n° {seance.numero}, {seance.instance}')}", f"LOCATION:{_echapper(seance.lieu)}",
        f"STATUS:{'CANCELLED' if annulee else 'CONFIRMED'}",
        "END:VEVENT", "END:VCALENDAR",
    ]  # fmt: skip
    return ("\r\n".join(morceau for ligne in lignes for morceau in _plier(ligne)) + "\r\n").encode()


def _courriel_du_secretariat(seance: Seance) -> str:
    """Courriel du service où travaille le secrétariat, à la date de la séance ; vide si l'annuaire n'en a pas."""
    services = Affectation.objects.filter(agent=seance.secretaire_id, periode__contains=seance.date)
    trouve = services.exclude(organisme__courriel="").order_by("pk").values_list("organisme__courriel", flat=True)
    return trouve.first() or ""


def adresses_a_prevenir(seance: Seance) -> list[str]:
    """Où annoncer que la séance n'aura pas lieu : à qui a reçu la convocation, même si son mandat a pris fin depuis, et
    à qui siège aujourd'hui.
    """
    convoques: list[str] = []
    if seance.ordre_du_jour is not None:
        with effets_complets():  # un envoi se voit de qui l'a demandé ; qui annule n'est pas toujours qui a convoqué
            ecrits = Envoi.objects.filter(canal=Canal.COURRIEL, document__public_id=seance.ordre_du_jour)
            convoques = list(ecrits.order_by("pk").values_list("destinataire", flat=True))
    siegent = [membre.courriel for membre in membres_en_cours(seance.instance, seance.date) if membre.courriel]
    return list({adresse.casefold(): adresse for adresse in [*convoques, *siegent]}.values())


def _instant(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _echapper(texte: str) -> str:
    """Les signes que le format réserve (RFC 5545 § 3.3.11)."""
    for signe in ("\\", ";", ","):
        texte = texte.replace(signe, f"\\{signe}")
    return " ".join(texte.split())


def _plier(ligne: str) -> list[str]:
    """Une ligne ne dépasse pas 75 octets (RFC 5545 § 3.1) ; la suite commence par une espace."""
    morceaux, courant = [], ""
    for signe in ligne:
        if len((courant + signe).encode()) > 73:
            morceaux.append(courant)
            courant = " "
        courant += signe
    return [*morceaux, courant]


# --- Ordre du jour et procès-verbal


def enregistrer_ordre_du_jour(seance: Seance, *, acteur: Agent, perimetre: Perimetre) -> Document:
    """Ordre du jour joint aux convocations, sans les noms."""
    charge = _papier(seance, "Ordre du jour") | {"identite": _identite(seance), "sections": [_contenu(seance)]}
    return enregistrer_document(
        rendre_pdf(GABARIT, _imprimables(charge)), acteur=acteur, nature="ordre-du-jour",
        titre=f"Ordre du jour, {seance.instance}, {seance.date:%d/%m/%Y}", organisme=_organisme(perimetre),
    )  # fmt: skip


def _contenu(seance: Seance) -> dict[str, Any]:
    if seance.instance.type.nature == NatureInstance.GENERALE:
        points = points_de(seance)
        return {
            "titre": f"{len(points)} points",
            "colonnes": ["N°", "Point", "De quoi il s'agit"],
            "rangees": [[str(p.rang), f"{p.theme} : {p.intitule}", p.expose] for p in points],
        }
    dossiers = lire_ordre_du_jour(seance.dossiers.filter(etat=EtatDossierSeance.INSCRIT))
    heures = any(d.passage_a is not None for d in dossiers)
    return {
        "titre": f"{len(dossiers)} dossiers",
        "colonnes": ["N°", "Thème", "Pièces", "Passage"] if heures else ["N°", "Thème", "Pièces"],
        "rangees": [[str(d.rang), d.theme.libelle, _pieces(d), *([_passage(d)] if heures else [])] for d in dossiers],
    }


def _passage(dossier: DossierSeance) -> str:
    heure = dossier.passage_a
    return _heure(heure.hour, heure.minute) if heure is not None else ""


def enregistrer_agenda(seance: Seance, *, acteur: Agent, perimetre: Perimetre) -> Document:
    """Rendez-vous d'agenda joint aux convocations, ou son annulation ; il ne nomme personne."""
    return enregistrer_document(
        calendrier_ics(seance), acteur=acteur, nature="agenda-seance", type_mime="text/calendar",
        titre=f"Séance du {seance.date:%d/%m/%Y}{' annulée' if seance.etat == EtatSeance.ANNULEE else ''}",
        organisme=_organisme(perimetre),
    )  # fmt: skip


def convocations_pdf(seance: Seance, membres: Sequence[MembreInstance], *, jour: date) -> bytes:
    """Convocations à imprimer, une page par membre sans courriel : ce que dit le courriel, et l'ordre du jour."""
    composeur = Composeur()
    charges = []
    for membre in membres:
        objet, texte = texte_convocation(seance, membre, "")
        destinataire = [membre.nom, *([str(membre.organisme)] if membre.organisme is not None else [])]
        paragraphes = [ligne for ligne in texte.split("\n") if ligne]
        charges.append(composeur.lettre_libre(objet, paragraphes, jour=jour, destinataire=destinataire))
    return rendre_tranche(composeur.papier, charges)[1]


def enregistrer_pv(
    seance: Seance,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    lues: Sequence[PresenceSeance],
    quorum: Quorum,
    dossiers: Sequence[DossierSeance],
    points: Sequence[PointSeance] = (),
    motif_levee: str = "",
) -> tuple[Document, Document]:
    """Fige le procès-verbal avec les noms, et sa version sans les noms. `motif_levee` : levée sans décision, pourquoi."""
    deports = list(
        DeportMembre.objects.filter(dossier__seance=seance)
        .select_related("membre__agent", "membre__qualite", "dossier__personne")
        .order_by("dossier__rang", "pk")
    )
    rendus = []
    for anonyme in (False, True):
        charge = composer_pv(
            seance,
            lues=lues,
            quorum=quorum,
            dossiers=dossiers,
            deports=deports,
            points=points,
            motif_levee=motif_levee,
            anonyme=anonyme,
        )
        rendus.append(
            enregistrer_document(
                rendre_pdf(GABARIT, _imprimables(charge)), acteur=acteur,
                nature="pv-sans-noms" if anonyme else "pv",
                titre=f"Procès-verbal n° {seance.numero}{' sans les noms' if anonyme else ''}, {seance.instance}",
                organisme=_organisme(perimetre),
            )
        )  # fmt: skip
    return rendus[0], rendus[1]


def composer_pv(
    seance: Seance,
    *,
    lues: Sequence[PresenceSeance],
    quorum: Quorum,
    dossiers: Sequence[DossierSeance],
    deports: Sequence[DeportMembre],
    points: Sequence[PointSeance] = (),
    motif_levee: str = "",
    anonyme: bool,
) -> dict[str, Any]:
    """Données du procès-verbal. Sans les noms : ni nom de personne ou de membre, ni heure, ni structure d'accueil, ni ce
    que la séance a écrit librement d'une personne.
    """
    resume = bilan(dossiers)
    titre = "Procès-verbal sans les noms" if anonyme else "Procès-verbal"
    sections: list[dict[str, Any]] = [
        {
            "titre": "Présences", "texte": quorum.phrase,
            "colonnes": ["Qualité", "Présence"] if anonyme else ["Qualité", "Membre", "Présence"],
            "rangees": [_presence(p, anonyme) for p in lues],
        },
    ]  # fmt: skip
    if seance.instance.type.nature == NatureInstance.GENERALE:
        sections += _releve(points, anonyme=anonyme)
    else:
        sections.append(
            {"titre": "Ce que la séance a retenu", "colonnes": ["Issue", "Nombre"], "rangees": _chiffres(resume)}
            if seance.instance.type.nature == NatureInstance.AVIS
            else {
                "titre": "Ce que la séance a décidé", "colonnes": ["Décision", "Nombre"],
                "rangees": _chiffres(resume) + _chiffres_orientation(resume),
            }
        )  # fmt: skip
    qui = "Thème" if anonyme else "Personne"
    decides = [d for d in dossiers if d.etat == EtatDossierSeance.APPLIQUE]
    choisis = [d for d in decides if d.nature == NatureInstance.ORIENTATION]
    avises = [d for d in decides if d.nature == NatureInstance.AVIS]
    if choisis:
        colonnes = ["N°", qui, "Décision", "Avis"]
        sections.append(
            {"titre": "Décisions", "colonnes": colonnes, "rangees": [_decision(d, anonyme) for d in choisis]}
        )
    if avises:
        colonnes = ["N°", qui, "Avis", "Vote"]
        sections.append({"titre": "Avis", "colonnes": colonnes, "rangees": [_avis(d, anonyme) for d in avises]})
    entendus = [d for d in dossiers if d.passage_a is not None or d.entendue_le is not None]
    if entendus:
        rangees = [_audition(d, anonyme) for d in entendus]
        sections.append({"titre": "Auditions", "colonnes": ["N°", qui, "Audition"], "rangees": rangees})
    for nom, liste in (("Dossiers ajournés", resume.ajournes), ("Dossiers à revoir", resume.a_revoir)):
        if liste:
            colonnes = ["N°", "Thème"] if anonyme else ["N°", "Personne", "Pourquoi"]
            rangees = [[str(d.rang), d.theme.libelle] if anonyme else [str(d.rang), _qui(d), d.motif] for d in liste]
            sections.append({"titre": nom, "colonnes": colonnes, "rangees": rangees})
    if deports:
        rangees = [
            [str(d.dossier.rang), d.membre.qualite.libelle] if anonyme
            else [str(d.dossier.rang), f"{d.membre.nom}, {d.membre.qualite.libelle}", d.motif]
            for d in deports
        ]  # fmt: skip
        colonnes = ["N° du dossier", "Membre"] if anonyme else ["N° du dossier", "Membre", "Motif"]
        sections.append({"titre": "Membres qui se sont retirés", "colonnes": colonnes, "rangees": rangees})
    identite = _identite_sans_noms(seance) if anonyme else _identite(seance)
    identite += _autres_presidences(seance, dossiers, anonyme)
    if motif_levee:
        identite.append(["Levée sans décision", "Le motif est au procès-verbal" if anonyme else motif_levee])
    return _papier(seance, titre) | {"identite": identite, "sections": sections}


def _papier(seance: Seance, titre: str) -> dict[str, Any]:
    pose = profil()
    return {
        "titre": f"{titre} de la séance n° {seance.numero}",
        "sous_titre": f"{seance.instance}, {date_en_lettres(seance.date, avec_jour=True)}",
        "departement": pose.nom if pose is not None else "",
        "couleur": pose.couleur if pose is not None else COULEUR_SANS_PROFIL,
        "pied": f"{seance.instance} · séance n° {seance.numero} du {seance.date:%d/%m/%Y}",
    }


def _identite(seance: Seance) -> list[list[str]]:
    lignes = [["Lieu", seance.lieu], ["Convoquée pour", _heure(seance.heure.hour, seance.heure.minute)]]
    if seance.ouverte_le is not None:
        lignes.append(["Ouverte à", _moment(seance.ouverte_le)])
    if seance.close_le is not None:
        lignes.append(["Close à", _moment(seance.close_le)])
    if seance.president is not None:
        lignes.append(["Présidée par", f"{seance.president.nom}, {seance.president.qualite.libelle}"])
    if seance.secretaire is not None:
        lignes.append(["Secrétariat", str(seance.secretaire)])
    if seance.motif_urgence:
        lignes.append(["Convoquée en urgence", seance.motif_urgence])
    return lignes


def _autres_presidences(seance: Seance, dossiers: Sequence[DossierSeance], anonyme: bool) -> list[list[str]]:
    """Qui d'autre a présidé, et pour quels dossiers : retrait ou départ de la présidence."""
    par_membre: dict[MembreInstance, list[str]] = {}
    for dossier in dossiers:
        if dossier.preside_par is not None and dossier.preside_par_id != seance.president_id:
            par_membre.setdefault(dossier.preside_par, []).append(str(dossier.rang))
    return [
        [
            f"Présidence, dossier{'s' if len(rangs) > 1 else ''} n° {', '.join(rangs)}",
            membre.qualite.libelle if anonyme else f"{membre.nom}, {membre.qualite.libelle}",
        ]
        for membre, rangs in par_membre.items()
    ]


def _identite_sans_noms(seance: Seance) -> list[list[str]]:
    """Le lieu et la qualité qui préside ; d'une convocation en urgence, le fait sans ce qui en est écrit."""
    lignes = [["Lieu", seance.lieu]]
    if seance.president is not None:
        lignes.append(["Présidée par", seance.president.qualite.libelle])
    if seance.motif_urgence:
        lignes.append(["Convoquée en urgence", "Oui"])
    return lignes


def _moment(instant: datetime) -> str:
    local = timezone.localtime(instant)
    return _heure(local.hour, local.minute)


def _heure(heure: int, minute: int) -> str:
    return heure_en_lettres(heure, minute)


def _presence(presence: PresenceSeance, anonyme: bool) -> list[str]:
    """Qui était là. Sans les noms, la seule qualité : nommer qui représente les bénéficiaires dirait son RSA."""
    membre = presence.membre
    if anonyme:
        return [membre.qualite.libelle, presence.get_etat_display()]
    parti = f"puis parti à {_moment(presence.parti_le)}" if presence.parti_le is not None else ""
    nom = f"{membre.nom}, {membre.organisme}" if membre.organisme is not None else membre.nom
    etat = presence.get_etat_display()
    if presence.represente_par is not None:
        etat = f"Représenté par {presence.represente_par.nom}{', ' if parti else ''}{parti}"
    elif parti:
        etat = f"Présent, {parti}"
    return [membre.qualite.libelle, nom, etat]


def _chiffres(resume: Bilan) -> list[list[str]]:
    lignes = [[libelle, str(nombre)] for _, libelle, nombre in resume.par_type]
    if resume.maintenus:
        lignes.append(["Orientations maintenues", str(resume.maintenus)])
    return [*lignes, ["Ajournés", str(len(resume.ajournes))], ["À revoir", str(len(resume.a_revoir))]]


def _chiffres_orientation(resume: Bilan) -> list[list[str]]:
    return [
        ["Décisions qui s'écartent de l'avis calculé", str(len(resume.ecarts))],
        ["Référents au-delà de leur charge, avec motif", str(len(resume.depassements))],
    ]


def _qui(dossier: DossierSeance) -> str:
    personne = dossier.personne
    accord = {Sexe.FEMME.value: "née", Sexe.HOMME.value: "né"}.get(personne.sexe, "né(e)")
    return f"{nom_propre(personne.prenom)} {nom_propre(personne.nom)}, {accord} le {personne.date_naissance:%d/%m/%Y}"


def _decision(dossier: DossierSeance, anonyme: bool) -> list[str]:
    choix = dossier.choix
    if choix.maintien:
        decision = "Orientation maintenue" if anonyme else f"Orientation maintenue : {choix.precision}"
    else:
        parties = [str(choix.type) if anonyme else f"{choix.type} : {choix.organisme}"]
        if choix.referent is not None and not anonyme:
            parties.append(f"référent {choix.referent}")
        if choix.motif is not None:
            parties.append(f"motif : {choix.motif.libelle.lower()}")
        if choix.proposition is not None and s_ecarte_de_l_avis(dossier):
            pourquoi = f" ({choix.motif_ecart})" if choix.motif_ecart and not anonyme else ""
            parties.append(f"s'écarte de l'avis calculé, {choix.proposition.type}{pourquoi}")
        decision = " ; ".join(parties)
    return [
        str(dossier.rang), dossier.theme.libelle if anonyme else _qui(dossier), decision, dossier.get_avis_display(),
    ]  # fmt: skip


def _avis(dossier: DossierSeance, anonyme: bool) -> list[str]:
    """Un avis rendu : son sens, la sanction proposée ; son texte parle d'une personne, il n'est pas dans l'anonyme."""
    avis = dossier.avis_rendu
    parties = [f"{dossier.theme} : {avis.get_sens_display().lower()}"]
    if avis.regle is not None:
        parties.append(f"propose {avis.sanction.lower()} ({avis.regle.article})")
    if avis.texte and not anonyme:
        parties.append(avis.texte)
    vote = dossier.get_avis_display()
    if avis.voix_pour is not None:
        vote = f"{vote} ({avis.voix_pour} pour, {avis.voix_contre} contre)"
    return [str(dossier.rang), dossier.theme.libelle if anonyme else _qui(dossier), " ; ".join(parties), vote]


def _audition(dossier: DossierSeance, anonyme: bool) -> list[str]:
    parties = []
    if dossier.passage_a is not None and not anonyme:
        parties.append(f"convoquée à {_heure(dossier.passage_a.hour, dossier.passage_a.minute)}")
    if dossier.entendue_le is None:
        parties.append("n'est pas venue" if dossier.convoquee_le else "non entendue")
    elif dossier.assistee_par:
        parties.append("entendue, assistée" if anonyme else f"entendue, assistée par {dossier.assistee_par}")
    else:
        parties.append("entendue")
    phrase = ", ".join(parties)
    return [str(dossier.rang), dossier.theme.libelle if anonyme else _qui(dossier), phrase[:1].upper() + phrase[1:]]


def _releve(points: Sequence[PointSeance], *, anonyme: bool) -> list[dict[str, Any]]:
    """Relevé de décisions d'une instance générale : ce qui est décidé, qui le porte, pour quand."""
    colonnes = ["N°", "Point", "Décision", "Pour le"] if anonyme else ["N°", "Point", "Décision", "Qui", "Pour le"]
    rangees = []
    for point in points:
        echeance = f"{point.echeance:%d/%m/%Y}" if point.echeance else ""
        decision = point.decision or "Pas de décision"
        debut = [str(point.rang), f"{point.theme} : {point.intitule}", decision]
        rangees.append([*debut, echeance] if anonyme else [*debut, point.responsable, echeance])
    return [{"titre": "Relevé de décisions", "colonnes": colonnes, "rangees": rangees}] if rangees else []


def _pieces(dossier: DossierSeance) -> str:
    return ", ".join(
        piece["libelle"]
        if piece["reference"] or piece["code"] == "demande"
        else f"{piece['libelle']} : {piece.get('sans', 'manque')}"
        for piece in dossier.pieces
    )


def _imprimables(valeur: Any) -> Any:
    """Tout texte venu du dehors, ramené aux signes que la police connaît."""
    if isinstance(valeur, str):
        return imprimable(valeur)
    if isinstance(valeur, dict):
        return {cle: _imprimables(element) for cle, element in valeur.items()}
    return [_imprimables(element) for element in valeur]


def _organisme(perimetre: Perimetre) -> Any:
    """Service qui garde le papier : celui de qui le produit."""
    if not perimetre.affectations:
        return None
    return Organisme.objects.values_list("public_id", flat=True).get(pk=perimetre.affectations[0].organisme_id)


def lire_papier(reference: Any) -> tuple[Document, bytes]:
    """Un papier de séance, une fois la séance obtenue par son chargeur : il se lit même d'un autre service.

    Lève `HorsPerimetreError` s'il n'existe pas.
    """
    with effets_complets():
        document = Document.objects.filter(public_id=reference).first() if reference else None
        octets = lire_document(document) if document is not None else b""
    if document is None:
        raise HorsPerimetreError("Ce document n'existe pas encore : il se produit à la convocation ou à la clôture.")
    return document, octets
