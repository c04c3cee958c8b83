"""Le dossier d'une personne et son foyer : l'étrangère a le même droit que l'orienteur, sur un autre territoire."""

from __future__ import annotations

from typing import Any

from jalon.documents.models import Canal, Document, Envoi
from tests.acces import objets
from tests.acces.regles import acces
from tests.distribution import Distribution


def lettre_de_la_personne(distribution: Distribution) -> dict[str, Any]:
    ouverte = objets.personne(distribution)
    lettre = Document.objects.create(
        nature="convocation_reunion", titre="Convocation", taille=4, sha256="0" * 64, personne=ouverte["public_id"]
    )
    Envoi.objects.create(
        canal=Canal.COURRIER, document=lettre, destinataire="12 rue des Lilas", personne=ouverte["public_id"]
    )
    return {**ouverte, "lettre": lettre.public_id}


objets.FABRIQUES["lettre_de_la_personne"] = lettre_de_la_personne

OUVRE = {"operateur": 404, "partenaire": 404, "orienteur": 200, "etrangere": 404, "siege": 200}

ROUTES = {
    "personne": acces(objet="personne", **OUVRE),
    "personne_droits": acces(objet="personne", **OUVRE),
    "personne_orientations": acces(objet="personne", **OUVRE),
    "personne_courriers": acces(objet="personne", **OUVRE),
    # Un retour sans motif se refuse à qui ouvre le dossier.
    "courrier_retour": acces(
        methode="post",
        objet="lettre_de_la_personne",
        operateur=404,
        partenaire=404,
        orienteur=409,
        etrangere=404,
        siege=409,
    ),
    "personne_identite": acces(objet="personne", **OUVRE),
    "personne_lectures": acces(objet="personne", **OUVRE),
    # Ouvrir le dossier ne suffit pas : le rôle doit voir le NIR.
    "personne_numero": acces(methode="post", objet="personne", siege=200),
    "foyer": acces(objet="foyer", **OUVRE),
}
