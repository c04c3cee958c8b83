"""Le dossier d'une personne et son foyer : l'étrangère a le même droit que l'orienteur, sur un autre territoire."""

from __future__ import annotations

from tests.acces.regles import acces

OUVRE = {"operateur": 404, "partenaire": 404, "orienteur": 200, "etrangere": 404, "siege": 200}

ROUTES = {
    "personne": acces(objet="personne", **OUVRE),
    "personne_droits": acces(objet="personne", **OUVRE),
    "personne_orientations": acces(objet="personne", **OUVRE),
    "personne_identite": acces(objet="personne", **OUVRE),
    "personne_lectures": acces(objet="personne", **OUVRE),
    # Ouvrir le dossier ne suffit pas : le rôle doit voir le NIR.
    "personne_numero": acces(methode="post", objet="personne", siege=200),
    "foyer": acces(objet="foyer", **OUVRE),
}
