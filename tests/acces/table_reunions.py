"""Les réunions d'information, les absences, les contacts, et les pages d'un lien personnel."""

from __future__ import annotations

from typing import Any

from jalon.agents.perimetre import Perimetre
from jalon.personnes.liens import UsageLien, creer_lien
from jalon.rendezvous.justificatifs import declarer_absence, joindre_preuve
from tests.acces.objets import FABRIQUES
from tests.acces.regles import acces, publique
from tests.distribution import Distribution
from tests.fabriques import une_allocataire
from tests.rendezvous.aides import inviter, motif, une_reunion

PDF = b"%PDF-1.7 essai"


def reunion(distribution: Distribution) -> dict[str, Any]:
    return {"public_id": une_reunion(distribution).public_id}


def invitation(distribution: Distribution) -> dict[str, Any]:
    (une,) = inviter(distribution, une_reunion(distribution), une_allocataire(territoire=distribution.territoire))
    return {"public_id": une.public_id}


def justificatif(distribution: Distribution) -> dict[str, Any]:
    (une,) = inviter(distribution, une_reunion(distribution), une_allocataire(territoire=distribution.territoire))
    acteur = distribution.orienteur
    return {
        "public_id": declarer_absence(
            une, motif=motif("travail"), acteur=acteur, perimetre=Perimetre.de(acteur)
        ).public_id
    }


def preuve(distribution: Distribution) -> dict[str, Any]:
    (une,) = inviter(distribution, une_reunion(distribution), une_allocataire(territoire=distribution.territoire))
    acteur = {"acteur": distribution.orienteur, "perimetre": Perimetre.de(distribution.orienteur)}
    absence = declarer_absence(une, motif=motif("travail"), **acteur)
    return {"public_id": joindre_preuve(absence, contenu=PDF, **acteur).public_id}


def lien_ouvert(distribution: Distribution) -> dict[str, Any]:
    (une,) = inviter(distribution, une_reunion(distribution), une_allocataire(territoire=distribution.territoire))
    _, jeton = creer_lien(une.personne, acteur=distribution.orienteur, usage=UsageLien.INVITATION, objet=une.public_id)
    return {"jeton": jeton}


FABRIQUES.update({f.__name__: f for f in (reunion, invitation, justificatif, preuve, lien_ouvert)})

GERE = {"orienteur": 200, "etrangere": 404, "siege": 200}
AGIT = {"orienteur": 302, "etrangere": 404, "siege": 302}

ROUTES = {
    "reunions": acces(orienteur=200, etrangere=200, siege=200, administrateur=403),
    "reunion_planifier": acces(orienteur=200, etrangere=200, siege=200),
    "reunions_reconduire": acces(methode="post", orienteur=302, etrangere=302, siege=302),
    "reunions_chiffres": acces(orienteur=200, etrangere=200, siege=200),
    "reunions_comptees": acces(orienteur=200, etrangere=200, siege=200),
    "reunions_absences": acces(orienteur=200, etrangere=200, siege=200),
    "absence_accepter": acces(methode="post", objet="justificatif", **AGIT),
    "absence_refuser": acces(methode="post", objet="justificatif", **AGIT),
    "absence_joindre": acces(methode="post", objet="justificatif", **AGIT),
    "absence_preuve": acces(objet="preuve", **GERE),
    "reunion": acces(objet="reunion", **GERE),
    "reunion_modifier": acces(objet="reunion", **GERE),
    "reunion_annuler": acces(methode="post", objet="reunion", **AGIT),
    "reunion_inviter": acces(objet="reunion", **GERE),
    "reunion_convoquer": acces(methode="post", objet="reunion", **AGIT),
    # Aucune lettre n'a été produite : introuvable pour tous.
    "reunion_lettres": acces(objet="reunion", orienteur=404, etrangere=404, siege=404),
    "reunion_feuille": acces(objet="reunion", **GERE),
    "reunion_feuille_imprimer": acces(objet="reunion", **GERE),
    "reunion_ajouter": acces(methode="post", objet="reunion", **AGIT),
    "reunion_clore": acces(methode="post", objet="reunion", **AGIT),
    "reunion_rouvrir": acces(methode="post", objet="reunion", **AGIT),
    "invitation_presence": acces(methode="post", objet="invitation", **AGIT),
    "invitation_retirer": acces(methode="post", objet="invitation", **AGIT),
    "invitation_entretien": acces(methode="post", objet="invitation", **AGIT),
    "invitation_lien": acces(methode="post", objet="invitation", **GERE),
    "invitation_questionnaire": acces(objet="invitation", **GERE),
    "invitation_rendez_vous": acces(objet="invitation", **GERE),
    "contact_noter": acces(objet="personne", partenaire=404, **GERE),
    "lien": publique(objet="lien_ouvert"),
    "lien_questionnaire": publique(objet="lien_ouvert"),
    "lien_absence": publique(objet="lien_ouvert"),
    "lien_agenda": publique(objet="lien_ouvert"),
}
