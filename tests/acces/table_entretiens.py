"""L'entretien et les notes : qui écrit le suivi d'une personne qu'il voit ; qui la voit lit ses notes."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from jalon.rendezvous.models import NoteEntretien, ObjetRendezVous, RendezVous
from tests.acces.objets import FABRIQUES
from tests.acces.regles import acces
from tests.accompagnements.aides import organisme_de
from tests.distribution import Distribution
from tests.fabriques import une_allocataire


def un_entretien(distribution: Distribution) -> dict[str, Any]:
    personne = une_allocataire(territoire=distribution.territoire, en_attente=True)
    pris = RendezVous.objects.create(
        personne=personne, objet=ObjetRendezVous.ENTRETIEN, organisme=organisme_de(distribution.orienteur),
        agent=distribution.orienteur, lieu="Maison du Département", debut=timezone.now(),
    )  # fmt: skip
    return {"public_id": pris.public_id}


def une_note(distribution: Distribution) -> dict[str, Any]:
    personne = une_allocataire(territoire=distribution.territoire, en_attente=True)
    note = NoteEntretien.objects.create(
        personne=personne, date=timezone.localdate(), faits="Un fait.", auteur=distribution.orienteur
    )
    return {"public_id": note.public_id}


FABRIQUES.update({f.__name__: f for f in (un_entretien, une_note)})

LIT = {"operateur": 404, "partenaire": 404, "orienteur": 200, "etrangere": 404, "siege": 200}
ECRIT = {"partenaire": 404, "orienteur": 200, "etrangere": 404}

ROUTES = {
    "entretien": acces(objet="un_entretien", **ECRIT),
    "entretien_garder": acces(objet="un_entretien", methode="post", **ECRIT),
    "entretien_libre": acces(objet="personne", **ECRIT),
    "entretien_libre_garder": acces(objet="personne", methode="post", **ECRIT),
    "notes": acces(objet="personne", **LIT),
    "note": acces(objet="une_note", **LIT),
    # Aucun objet : le texte envoyé est relu et n'est gardé nulle part.
    "lexique": acces(methode="post", operateur=200, partenaire=200, orienteur=200, etrangere=200, siege=200),
}
