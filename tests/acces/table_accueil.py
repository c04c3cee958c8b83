"""L'accueil, la recherche, le socle des écrans."""

from __future__ import annotations

from tests.acces.regles import acces, connectes, publique

ROUTES = {
    "accueil": connectes(),
    "equipe": acces(orienteur=200, etrangere=200, siege=200),
    "rendez_vous_a_suivre": acces(partenaire=200),
    "recherche": acces(partenaire=200, orienteur=200, etrangere=200, siege=200),
    # Chercher par le NIR demande de le voir : la recherche ne suffit pas.
    "recherche_nir": acces(methode="post", donnees={"numero": "2850462123456"}, siege=200),
    "theme": publique(),
    "galerie": acces(siege=200, administrateur=200),
}
